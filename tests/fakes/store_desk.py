"""In-memory fakes of the ports towards people and the watch: Memory, Outbox, Inbox, Ticks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from core.card import Card, OutboxItem
from core.episode import Episode, Recall
from core.incident import Ending
from core.ports import Message
from tests.fakes.shelf import Shelf

_FAILED = {Ending.WORSE, Ending.STILL_BAD, Ending.FAILED, Ending.HANDED_OVER}


class FakeMemory:
    """Memory over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def recall(self, fingerprint: str, group: str) -> tuple[Recall, ...]:
        """See `core.ports.Memory`."""
        known = [e for e in self._shelf.episodes.values() if (e.fingerprint, e.group) == (fingerprint, group)]
        recalls: dict[tuple[str, str], Recall] = {}
        for episode in sorted(known, key=lambda e: e.at):
            key = (episode.skill, episode.sha256)
            former = recalls.get(key, Recall(*key, verified=0, last=episode.at))
            verified = 0 if episode.ending in _FAILED else former.verified + (episode.ending is Ending.FIXED)
            picked = former.was_picked or episode.ending is None
            recalls[key] = replace(former, verified=verified, last=episode.at, was_picked=picked)
        best = sorted(recalls.values(), key=lambda r: (-r.verified, not r.was_picked, -r.last.timestamp(), r.skill))
        return tuple(best)

    def remember(self, episode: Episode) -> None:
        """See `core.ports.Memory`."""
        self._shelf.episodes.setdefault(episode.id, episode)

    def search(self, text: str, limit: int) -> tuple[Episode, ...]:
        """See `core.ports.Memory`."""
        words = text.lower().split()
        found = [e for e in self._shelf.episodes.values() if all(word in e.text.lower() for word in words)]
        return tuple(sorted(found, key=lambda e: (-e.at.timestamp(), e.id))[:limit])


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


class FakeInbox:
    """Inbox over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def put(self, message: Message) -> bool:
        """See `core.ports.Inbox`."""
        key = (message.channel, message.id)
        return self._shelf.inbox.setdefault(key, message) is message

    def next(self) -> Message | None:
        """See `core.ports.Inbox`."""
        waiting = (m for key, m in self._shelf.inbox.items() if key not in self._shelf.replies)
        return next((m for m in waiting if m.id not in self._shelf.broken), None)

    def done(self, message: Message, reply: str) -> None:
        """See `core.ports.Inbox`."""
        self._shelf.replies[message.channel, message.id] = reply

    def reply(self, channel: str, id: str) -> str | None:
        """See `core.ports.Inbox`."""
        return self._shelf.replies.get((channel, id))


class FakeTicks:
    """Ticks in memory."""

    def __init__(self) -> None:
        self._claimed: set[tuple[str, int]] = set()
        self._states: dict[str, str] = {}

    def claim(self, job: str, slot: int, now: datetime) -> bool:
        """See `core.ports.Ticks`."""
        del now
        is_new = (job, slot) not in self._claimed
        self._claimed.add((job, slot))
        return is_new

    def states(self) -> dict[str, str]:
        """See `core.ports.Ticks`."""
        return dict(self._states)

    def save(self, states: dict[str, str]) -> None:
        """See `core.ports.Ticks`."""
        self._states.update(states)
