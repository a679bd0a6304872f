"""Fake Storms over a shelf."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from core.card import Card
from core.errors import UnknownError
from core.incident import Incident
from core.storm import Storm
from tests.fakes.shelf import Shelf


class FakeStorms:
    """Storms over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def running(self) -> tuple[Storm, ...]:
        """See `core.people_ports.Storms`."""
        return tuple(storm for storm in self._shelf.storms.values() if storm.ended is None)

    def load(self, id: str) -> Storm:
        """See `core.people_ports.Storms`."""
        if id not in self._shelf.storms:
            raise UnknownError("storm", id[:80])
        return self._shelf.storms[id]

    def incidents(self, id: str) -> tuple[Incident, ...]:
        """See `core.people_ports.Storms`."""
        mine = [one for one in self._shelf.incidents.values() if one.storm == id]
        return tuple(self._shelf.incident(one.id) for one in sorted(mine, key=lambda one: (one.opened, one.id)))

    def change(self, id: str, change: Callable[[Storm], Storm], cards: Sequence[Card], now: datetime) -> Storm:
        """See `core.people_ports.Storms`."""
        del now
        before = self.load(id)
        after = change(before)
        if after != before:
            self._shelf.storms[id] = after
            self._shelf.post(tuple(cards))
        return after
