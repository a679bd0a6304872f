"""Fake PageLog over a shelf."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from core.errors import UnknownError
from core.page import Page
from tests.fakes.shelf import Shelf


class FakePageLog:
    """PageLog over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def put(self, page: Page) -> Page:
        """See `core.people_ports.PageLog`."""
        if page.id not in self._shelf.pages:
            self._shelf.pages[page.id] = page
            self._shelf.note("page", page.incident, {"person": page.person, "reason": page.reason}, page.due)
        return self._shelf.pages[page.id]

    def change(self, id: str, change: Callable[[Page], Page]) -> Page:
        """See `core.people_ports.PageLog`."""
        if id not in self._shelf.pages:
            raise UnknownError("page", id)
        self._shelf.pages[id] = change(self._shelf.pages[id])
        return self._shelf.pages[id]

    def open(self) -> tuple[Page, ...]:
        """See `core.people_ports.PageLog`."""
        return self._sorted(page for page in self._shelf.pages.values() if page.acknowledged is None)

    def of(self, incident: str) -> tuple[Page, ...]:
        """See `core.people_ports.PageLog`."""
        return self._sorted(page for page in self._shelf.pages.values() if page.incident == incident)

    def since(self, moment: datetime) -> tuple[Page, ...]:
        """See `core.people_ports.PageLog`."""
        return self._sorted(page for page in self._shelf.pages.values() if page.due >= moment)

    @staticmethod
    def _sorted(pages: Iterable[Page]) -> tuple[Page, ...]:
        return tuple(sorted(pages, key=lambda page: (page.due, page.rung, page.id)))
