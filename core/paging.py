"""Sending pages: a row first, then the call, then its receipt; a page may come twice, and is never lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from core.card import Card, CardKind
from core.errors import UnknownError
from core.page import Page, Receipt
from core.people_ports import PageLog, Pager
from core.ports import Clock, Outbox

STALE = timedelta(hours=12)
"""What was due longer ago is not sent any more; the next one is."""


class Paging:
    """Sends what is due. It may wait for a pager for 20 s a page, so it has a thread of its own."""

    def __init__(
        self, pages: PageLog, pager: Pager, outbox: Outbox, clock: Clock, link: str, failed: Callable[[Page], str]
    ) -> None:
        self._pages, self._pager, self._outbox, self._clock = pages, pager, outbox, clock
        self._link, self._failed = link, failed

    def send_due(self) -> int:
        """How many were tried."""
        now = self._clock.now()
        return sum(self._send(page) for page in self._pages.since(now - STALE) if page.is_to_send(now))

    def _send(self, page: Page) -> bool:
        begun = self._begin(page.id)
        if begun is None:
            return False
        receipt = replace(self._call(begun), at=self._clock.now())
        told = self._pages.change(begun.id, lambda stands: replace(stands, receipt=receipt))
        if not receipt.ok:
            card = Card(f"{told.id}:failed", CardKind.NOTE, told.incident, told.incident, self._failed(told))
            self._outbox.post(card, receipt.at)
        return True

    def _begin(self, id: str) -> Page | None:
        """None where somebody else sends it just now, or somebody has answered meanwhile."""
        now = self._clock.now()
        begun: list[Page] = []

        def begin(stands: Page) -> Page:
            if not stands.is_to_send(now):
                return stands
            begun.append(replace(stands, tries=stands.tries + 1, tried=now))
            return begun[-1]

        self._pages.change(id, begin)
        return begun[-1] if begun else None

    def _call(self, page: Page) -> Receipt:
        try:
            return self._pager.page(page.person, page.line, self._link)
        except UnknownError as error:
            return Receipt(ok=False, detail=error.message, at=self._clock.now())
