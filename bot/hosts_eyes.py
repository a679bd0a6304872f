"""Eyes on one far host: by its Python, by plain commands where it has none, and never on this machine under another name."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from adapters.probe.far import FarProbe
from core.alert import Signal
from core.errors import NightshiftError
from core.ports import Probe
from core.world import Measurement

Result = Measurement | NightshiftError


class FarEyes:
    """Probe port of one far host. `plain` measures where `far` finds no Python, which `is_bare` tells and is found out once.

    `refuse` raises RefusedError where the host is this machine; it is asked until it has answered once.
    """

    def __init__(
        self,
        far: FarProbe,
        plain: Probe,
        is_bare: Callable[[NightshiftError], bool],
        refuse: Callable[[], None],
    ) -> None:
        self._far, self._plain, self._is_bare, self._refuse = far, plain, is_bare, refuse
        self._lock = threading.Lock()
        self._is_known = self._is_without_python = False

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        result = self.measure_all(host, (signal,))[signal]
        if isinstance(result, NightshiftError):
            raise result
        return result

    def measure_all(self, host: str, signals: Sequence[Signal]) -> dict[Signal, Result]:
        """All of them in as few rounds as there can be."""
        try:
            self._require_another_machine()
        except NightshiftError as error:
            return dict.fromkeys(signals, error)
        if self._is_without_python:
            return {signal: self._by_commands(host, signal) for signal in signals}
        found = self._far.measure_all(host, signals)
        self._is_without_python = any(self._is_bare(one) for one in found.values() if isinstance(one, NightshiftError))
        return self.measure_all(host, signals) if self._is_without_python else found

    def ask(self, question: dict[str, Any], seconds: float) -> Any:
        """Who is logged in over there and what changed: only Python tells that."""
        return self._far.ask(question, seconds)

    def _require_another_machine(self) -> None:
        with self._lock:
            if not self._is_known:
                self._refuse()
                self._is_known = True

    def _by_commands(self, host: str, signal: Signal) -> Result:
        try:
            return self._plain.measure(host, signal)
        except NightshiftError as error:
            return error
