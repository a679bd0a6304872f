"""Fake Engine: plays legs in the caller's thread, and can kill and replay them before every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from core.errors import BusyError
from core.leg import Leg
from core.ports import Flow
from tests.fakes.flow import FakeFlow, HasShelf, Killed, no_breakpoint

LONGEST = timedelta(minutes=6)
"""No leg waits longer: one that does was written before the clock was set back."""


class FakeEngine:
    """Engine that plays legs in the caller's thread. With `replays_each_step` a leg is killed before every step and replayed."""

    def __init__(
        self,
        store: HasShelf,
        plays: Mapping[str, Callable[[str, Flow], None]],
        replays_each_step: bool = False,
        breakpoint: Callable[[str, str], None] = no_breakpoint,
    ) -> None:
        self._store, self._plays, self._breakpoint = store, plays, breakpoint
        self._replays = replays_each_step
        self.journals = store.shelf.journals

    def launch(self) -> None:
        """See `core.ports.Engine`."""

    def sweep(self, now: datetime) -> int:
        """See `core.ports.Engine`; here it also plays them to their end."""
        shelf = self._store.shelf
        due = [leg for leg in shelf.legs.values() if leg.id not in shelf.ended and not now < leg.due <= now + LONGEST]
        for leg in sorted(due, key=lambda leg: leg.due):
            self._play(leg)
        return len(due)

    def wait_idle(self, seconds: float) -> bool:
        """See `core.ports.Engine`; a leg that waits for its time counts as idle."""
        del seconds
        while self.sweep(self._store.shelf.clock.now()):
            continue
        return True

    def close(self) -> None:
        """See `core.ports.Engine`."""

    def _play(self, leg: Leg) -> None:
        journal = self.journals.setdefault(leg.id, [])
        while not self._came_to_an_end(leg, journal):
            continue
        self._store.shelf.ended.add(leg.id)

    def _came_to_an_end(self, leg: Leg, journal: list[tuple[str, str]]) -> bool:
        known = len(journal)

        def stop(step: str, where: str) -> None:
            self._breakpoint(step, where)
            if self._replays and where == "before" and len(journal) > known:
                raise Killed

        try:
            self._plays[leg.leg](leg.subject, FakeFlow(self._store, leg.id, journal, stop))
        except BusyError:
            later = replace(leg, id=f"{leg.id}#", due=self._store.shelf.clock.now() + timedelta(seconds=1))
            self._store.shelf.legs[later.id] = later
        except Killed:
            if not self._replays or len(journal) == known:
                raise
            return False
        return True
