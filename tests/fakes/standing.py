"""Fake Standing: one kind of what people laid down, in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar, cast

from core.errors import TamperedError, UnknownError
from core.laid_down import LaidDown
from tests.fakes.shelf import Shelf

S = TypeVar("S", bound=LaidDown)


KEPT = timedelta(days=90)


class FakeStanding(Generic[S]):
    """Standing over a list; `kind` as in the audit trail, and in `Shelf.broken` where a test has changed the list."""

    def __init__(self, shelf: Shelf, kind: str) -> None:
        self._shelf, self._kind = shelf, kind
        self._items = cast("dict[str, S]", shelf.standing.setdefault(kind, {}))

    def all(self) -> tuple[S, ...]:
        """See `core.people_ports.Standing`."""
        if f"list of every {self._kind}" in self._shelf.broken:
            raise TamperedError(f"the list of every {self._kind} does not verify")
        return tuple(self._items.values())

    def put(self, item: S, by: str, now: datetime) -> S:
        """See `core.people_ports.Standing`."""
        self.all()
        if item.id not in self._items:
            self._forget(now)
            self._items[item.id] = item
            self._shelf.note(self._kind, item.id, {"said_by": by}, now)
        return self._items[item.id]

    def _forget(self, now: datetime) -> None:
        for one in [one for one in self._items.values() if one.ends is not None and one.ends + KEPT <= now]:
            del self._items[one.id]

    def change(self, id: str, change: Callable[[S], S], by: str, now: datetime) -> S:
        """See `core.people_ports.Standing`."""
        self.all()
        if id not in self._items:
            raise UnknownError(self._kind, id)
        after = change(self._items[id])
        if after != self._items[id]:
            self._items[id] = after
            self._shelf.note(self._kind, id, {"said_by": by}, now)
        return after
