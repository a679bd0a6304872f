"""Fake Memory over a shelf."""

from __future__ import annotations

from dataclasses import replace

from core.episode import Episode, Recall
from core.incident import Ending
from tests.fakes.shelf import Shelf

_FAILED = {Ending.WORSE, Ending.STILL_BAD, Ending.FAILED, Ending.HANDED_OVER, Ending.UNDONE, Ending.WRONG}


class FakeMemory:
    """Memory over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def recall(self, fingerprint: str, group: str) -> tuple[Recall, ...]:
        """See `core.ports.Memory`."""
        known = [e for e in self._shelf.episodes.values() if (e.fingerprint, e.group) == (fingerprint, group)]
        recalls: dict[tuple[str, str], Recall] = {}
        for episode in sorted(known, key=lambda e: (e.at, e.id)):
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

    def episodes(self, group: str, skill: str, sha256: str) -> tuple[Episode, ...]:
        """See `core.ports.Memory`."""
        known = (e for e in self._shelf.episodes.values() if (e.group, e.skill, e.sha256) == (group, skill, sha256))
        ended = [episode for episode in known if episode.ending is not None]
        return tuple(sorted(ended, key=lambda e: (e.at, e.id), reverse=True)[:100])

    def search(self, text: str, limit: int) -> tuple[Episode, ...]:
        """See `core.ports.Memory`."""
        words = text.lower().split()
        found = [e for e in self._shelf.episodes.values() if all(word in e.text.lower() for word in words)]
        return tuple(sorted(found, key=lambda e: (-e.at.timestamp(), e.id))[:limit])
