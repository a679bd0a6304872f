"""Fake Outbox over a shelf."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from core.card import Card, OutboxItem, outdated
from tests.fakes.shelf import Shelf

SILENT = timedelta(minutes=2)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


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
        self._give_up(channel, now)
        unsent = self._waiting(channel)
        held: set[str] = set()
        taken: list[OutboxItem] = []
        for item in unsent:
            held |= {item.card.thread} if now < item.due <= now + timedelta(minutes=6) else set()
            taken += [item] if item.card.thread not in held else []
        handed = tuple(replace(i, tries=i.tries + 1, due=now + timedelta(seconds=60)) for i in taken[:limit])
        self._shelf.outbox.update({item.id: item for item in handed})
        return handed

    def sent(self, item: int, now: datetime) -> None:
        """See `core.ports.Outbox`."""
        self._shelf.sent.add(item)
        self._shelf.took[self._shelf.outbox[item].channel] = now

    def retry(self, item: int, due: datetime) -> None:
        """See `core.ports.Outbox`."""
        self._shelf.outbox[item] = replace(self._shelf.outbox[item], due=due)

    def cut_off(self, now: datetime) -> datetime | None:
        """See `core.ports.Outbox`."""
        silent = [self._silent_since(channel, now) for channel in self._shelf.channels]
        since = [one for one in silent if one is not None]
        return max(since) if since and len(since) == len(silent) else None

    def _silent_since(self, channel: str, now: datetime) -> datetime | None:
        failing = [item.id for item in self._waiting(channel) if item.tries >= 2]
        if not failing:
            return None
        since = max(min(self._shelf.posted[one] for one in failing), self._shelf.took.get(channel, LONG_AGO))
        return since if since + SILENT <= now else None

    def _give_up(self, channel: str, now: datetime) -> None:
        if self._silent_since(channel, now) is None:
            return
        for old, kept in outdated(self._waiting(channel)).items():
            left, gone = self._shelf.outbox[kept], self._shelf.outbox[old]
            self._shelf.outbox[kept] = replace(left, tries=max(left.tries, gone.tries))
            self._shelf.posted[kept] = min(self._shelf.posted[kept], self._shelf.posted[old])
            self._shelf.sent.add(old)

    def _waiting(self, channel: str) -> list[OutboxItem]:
        return [i for i in self._shelf.outbox.values() if i.channel == channel and i.id not in self._shelf.sent]
