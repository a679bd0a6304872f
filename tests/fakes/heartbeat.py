"""Fake Heartbeat: how often it was called."""

from __future__ import annotations

from datetime import datetime

from core.errors import UnavailableError
from tests.fakes.clock import FakeClock


class FakeHeartbeat:
    """Somebody who waits for us; `is_down` makes them deaf."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.beats: list[datetime] = []
        self.is_down = False

    def beat(self) -> None:
        """See `core.people_ports.Heartbeat`."""
        if self.is_down:
            raise UnavailableError("the heartbeat URL does not answer")
        self.beats.append(self._clock.now())
