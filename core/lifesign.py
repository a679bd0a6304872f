"""The heartbeat: a dead machine cannot report itself, so it calls a URL every minute while its watch is alive (TRUST 7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from core.card import Card, CardKind
from core.errors import UnavailableError
from core.people_ports import Heartbeat
from core.ports import Clock, Outbox, Ticks

EVERY = 60.0
JOB = "heartbeat"


class Lifesign:
    """One beat a minute. `is_stuck` says what of the watch has stopped, '' while it is alive; `failed` makes the words of a dead URL."""

    def __init__(
        self, heartbeat: Heartbeat, ticks: Ticks, outbox: Outbox, clock: Clock, failed: Callable[[str], str]
    ) -> None:
        self._heartbeat, self._ticks, self._outbox, self._clock = heartbeat, ticks, outbox, clock
        self._failed = failed
        self._is_failing = False

    def beat(self, is_stuck: Callable[[], str]) -> bool:
        """True where one was sent. Claiming the minute is a commit: where nothing can be written, nothing is sent."""
        now = self._clock.now()
        if is_stuck() or not self._ticks.claim(JOB, int(now.timestamp() // EVERY), now):
            return False
        try:
            self._heartbeat.beat()
        except UnavailableError as error:
            self._say_once(error.message, now)
            return False
        self._is_failing = False
        return True

    def _say_once(self, why: str, now: datetime) -> None:
        if not self._is_failing:
            self._is_failing = True
            self._outbox.post(Card(f"{JOB}:{now.isoformat()}", CardKind.SELF, "", "", self._failed(why)), now)
