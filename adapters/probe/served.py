"""Probe of a host that is entered: the same readers, run by a kept child over there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from core.alert import Signal
from core.errors import UnavailableError
from core.ports import Clock
from core.world import Measurement

MODULE = "adapters.probe.serve"
"""What the kept child runs."""
SECONDS = 9.5
_COMPARED = frozenset({"process"})

Ask = Callable[[dict[str, Any], float], Any]


class ServedProbe:
    """Probe port over whoever carries the question there: `KeptChildren(enter, served.MODULE).ask`.

    `ask_steadily` is another such, asked one thing at a time, so that always the same child answers: it takes the signals
    that compare a look with the one before; without it restarts are counted too low.
    """

    def __init__(self, ask: Ask, clock: Clock, ask_steadily: Ask | None = None) -> None:
        self._ask, self._clock, self._ask_steadily = ask, clock, ask_steadily or ask
        self._lock = threading.Lock()

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        question = {"operation": "measure", "arguments": {"signal": str(signal)}}
        if signal.kind in _COMPARED:
            with self._lock:
                answer = self._ask_steadily(question, SECONDS)
        else:
            answer = self._ask(question, SECONDS)
        try:
            value, detail = float(answer["value"]), str(answer["detail"])
        except (KeyError, TypeError, ValueError) as error:
            raise UnavailableError(f"{host} gave no measurement of {signal}") from error
        return Measurement(host, signal, value, self._clock.now(), detail)
