"""Probe of a host that is entered: the same readers, run by a kept child over there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.alert import Signal
from core.errors import UnavailableError
from core.ports import Clock
from core.world import Measurement

MODULE = "adapters.probe.serve"
"""What the kept child runs."""
SECONDS = 9.5

Ask = Callable[[dict[str, Any], float], Any]


class ServedProbe:
    """Probe port over whoever carries the question there: `KeptChildren(enter, served.MODULE).ask`."""

    def __init__(self, ask: Ask, clock: Clock) -> None:
        self._ask, self._clock = ask, clock

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        answer = self._ask({"operation": "measure", "arguments": {"signal": str(signal)}}, SECONDS)
        try:
            value, detail = float(answer["value"]), str(answer["detail"])
        except (KeyError, TypeError, ValueError) as error:
            raise UnavailableError(f"{host} gave no measurement of {signal}") from error
        return Measurement(host, signal, value, self._clock.now(), detail)
