"""Many checks measured side by side, so that a slow one delays none of the others."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from core.check import Check
from core.errors import NightshiftError, UnavailableError
from core.ports import Probe
from core.world import Measurement

Result = Measurement | NightshiftError

SECONDS = 10.0
"""How long one sweep waits; what has not come by then counts as not measured."""


class Sweep:
    """A bounded pool over one probe. A measurement that overran is not started again until it has come back."""

    def __init__(self, probe: Probe, workers: int = 8) -> None:
        self._probe = probe
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="probe")
        self._late: dict[str, Future[Measurement]] = {}

    def measure(self, checks: Sequence[Check], seconds: float = SECONDS) -> dict[str, Result]:
        """One result per check key, in at most `seconds`."""
        self._late = {key: future for key, future in self._late.items() if not future.done()}
        started = {
            check.key: self._pool.submit(self._probe.measure, check.host, check.signal)
            for check in checks
            if check.key not in self._late
        }
        wait(started.values(), seconds)
        for key, future in started.items():
            if not future.done() and not future.cancel():
                self._late[key] = future
        return {check.key: self._result(check, started.get(check.key)) for check in checks}

    def close(self) -> None:
        """Starts nothing more and waits for nobody."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    @staticmethod
    def _result(check: Check, future: Future[Measurement] | None) -> Result:
        if future is None or future.cancelled() or not future.done():
            return UnavailableError(f"measuring {check.signal} takes too long")
        error = future.exception()
        if error is None:
            return future.result()
        if isinstance(error, NightshiftError):
            return error
        raise error
