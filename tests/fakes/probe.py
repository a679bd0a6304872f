"""Fake Probe: says what a test told it to, in order, and goes on saying the last."""

from __future__ import annotations

from core.alert import Signal
from core.errors import NightshiftError, UnknownError
from core.ports import Clock
from core.world import Measurement


class FakeProbe:
    """Probe of hosts whose signals were set; `asked` lists what was measured, as (host, signal)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._values: dict[tuple[str, str], list[float | NightshiftError]] = {}
        self.detail = ""
        self.asked: list[tuple[str, str]] = []

    def set(self, host: str, signal: str, *values: float | NightshiftError) -> None:
        """What the next measurements give; an error is raised."""
        self._values[host, signal] = list(values)

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        self.asked.append((host, str(signal)))
        values = self._values.get((host, str(signal)))
        if not values:
            raise UnknownError("signal", str(signal), tuple(name for _, name in self._values))
        value = values.pop(0) if len(values) > 1 else values[0]
        if isinstance(value, NightshiftError):
            raise value
        return Measurement(host, signal, value, self._clock.now(), self.detail)
