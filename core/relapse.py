"""A repair that did not last while its check was held as flapping: it is an incident again, so that the relapse is told (TRUST 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.detection import FLAP_WINDOW, Phase, from_json
from core.errors import InvalidError
from core.incident import Ending
from core.ports import Clock, History, IncidentLog, Ticks
from core.reopening import RESOLVED, Resolved

MOST_OPEN = 1000
"""Open incidents that are looked through."""


@dataclass(frozen=True, slots=True)
class Relapses:
    """A flapping check says nothing until it is steady; whoever closed its incident as fixed would not hear that it is bad again."""

    history: History
    ticks: Ticks
    log: IncidentLog
    clock: Clock

    def tick(self) -> None:
        """Marks such a check as closed while it may still be bad: two bad measurements later it is open again."""
        now = self.clock.now()
        newest = {f"{one.host}|{one.signal}": one for one in self.history.reports(now - timedelta(seconds=FLAP_WINDOW))}
        fixed = {key: one for key, one in newest.items() if one.ending is Ending.FIXED}
        stored = self.ticks.states() if fixed else {}
        flapping = [key for key in fixed if _is_flapping(stored.get(key, "")) and not stored.get(RESOLVED + key)]
        if not flapping:
            return
        known = {f"{one.host}|{one.signal}" for one in self.log.incidents(only_open=True, limit=MOST_OPEN)}
        marks = {
            RESOLVED + key: Resolved(fixed[key].incident, now.timestamp()).to_json()
            for key in flapping
            if key not in known
        }
        if marks:
            self.ticks.save(marks)


def _is_flapping(text: str) -> bool:
    try:
        return from_json(text).phase is Phase.FLAPPING
    except InvalidError:
        return False
