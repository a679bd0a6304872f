"""Fake Outbox over a shelf."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from core.card import Card, OutboxItem
from tests.fakes.shelf import Shelf


class FakeOutbox:
    """Outbox over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def post(self, card: Card, now: datetime) -> None:
        """See `core.ports.Outbox`."""
        del now
        self._shelf.post((card,))

    def due(self, channel: str, limit: int, now: datetime) -> tuple[OutboxItem, ...]:
        """See `core.ports.Outbox`."""
        unsent = [i for i in self._shelf.outbox.values() if i.channel == channel and i.id not in self._shelf.sent]
        held: set[str] = set()
        taken: list[OutboxItem] = []
        for item in unsent:
            held |= {item.card.thread} if item.due > now else set()
            taken += [item] if item.card.thread not in held else []
        handed = tuple(replace(i, tries=i.tries + 1, due=now + timedelta(seconds=60)) for i in taken[:limit])
        self._shelf.outbox.update({item.id: item for item in handed})
        return handed

    def sent(self, item: int, now: datetime) -> None:
        """See `core.ports.Outbox`."""
        del now
        self._shelf.sent.add(item)

    def retry(self, item: int, due: datetime) -> None:
        """See `core.ports.Outbox`."""
        self._shelf.outbox[item] = replace(self._shelf.outbox[item], due=due)
