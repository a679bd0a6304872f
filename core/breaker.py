"""A circuit breaker: after some failures in a row nothing is asked for a while, then one call tries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MOST_FAILURES = 3
SHUT_FOR = timedelta(seconds=60)
LASTING = timedelta(minutes=5)
"""How long nothing is asked where asking again cannot help, as with a wrong key: long enough to mend it."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of one service. `until`: nothing is asked before; None: calls go through. `trying`: one call is under way to see."""

    failures: int = 0
    until: datetime | None = None
    trying: datetime | None = None

    def lets_through(self, now: datetime) -> bool:
        """True where a call may begin now; while one tries, the others wait for what becomes of it, but never for ever."""
        if self.until is None or self.until - now > LASTING:  # later than it is ever set: the clock was set back
            return True
        is_tried = self.trying is not None and timedelta() <= now - self.trying < SHUT_FOR
        return now >= self.until and not is_tried

    def begun(self, now: datetime) -> Breaker:
        """A call begins."""
        return self if self.until is None else replace(self, trying=now)

    def failed(self, now: datetime, tries: int = 1, *, is_lasting: bool = False) -> Breaker:
        """A call had no answer, after so many tries."""
        failures = self.failures + tries
        if is_lasting:
            return Breaker(failures, now + LASTING)
        return Breaker(failures, now + SHUT_FOR if failures >= MOST_FAILURES else None)
