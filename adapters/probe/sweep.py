"""Many checks measured side by side, so that a slow one delays none of the others; those of one far host travel together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from core.alert import Signal
from core.check import Check
from core.errors import NightshiftError, UnavailableError
from core.ports import Probe
from core.world import Measurement

Result = Measurement | NightshiftError

SECONDS = 10.0
"""How long one sweep waits; what has not come by then counts as not measured."""


MOST_WORKERS = 256
"""Threads that wait for far hosts, of which there may be hundreds that hang; there are only as many as are needed."""

Together = Callable[[str, Sequence[Signal]], Mapping[Signal, Result]]
"""Measures several signals of one host at once."""


class Sweep:
    """A bounded pool over one probe. A measurement that overran is not started again until it has come back.

    `together` are the hosts whose signals travel in one question: what hangs there holds up the others of that host, and none elsewhere.
    """

    def __init__(self, probe: Probe, workers: int = 8, together: Mapping[str, Together] | None = None) -> None:
        self._probe, self._together = probe, dict(together or {})
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="probe")
        self._far = ThreadPoolExecutor(MOST_WORKERS, thread_name_prefix="far-probe")
        self._late: dict[str, Future[Mapping[str, Result]]] = {}

    def measure(self, checks: Sequence[Check], seconds: float = SECONDS) -> dict[str, Result]:
        """One result per check key, in at most `seconds`."""
        self._late = {key: future for key, future in self._late.items() if not future.done()}
        started: dict[str, Future[Mapping[str, Result]]] = {}
        for key, some in self._bundles(checks).items():
            if key not in self._late:
                pool = self._far if some[0].host in self._together else self._pool
                started[key] = pool.submit(self._measured, some)
        wait(started.values(), seconds)
        for key, future in started.items():
            if not future.done() and not future.cancel():
                self._late[key] = future
        return {check.key: self._result(check, started.get(self._bundle_of(check))) for check in checks}

    def _bundles(self, checks: Sequence[Check]) -> dict[str, list[Check]]:
        bundles: dict[str, list[Check]] = {}
        for check in checks:
            bundles.setdefault(self._bundle_of(check), []).append(check)
        return bundles

    def _bundle_of(self, check: Check) -> str:
        return check.host if check.host in self._together else check.key

    def _measured(self, checks: Sequence[Check]) -> Mapping[str, Result]:
        host = checks[0].host
        if host in self._together:
            found = self._together[host](host, tuple(check.signal for check in checks))
            return {check.key: found[check.signal] for check in checks}
        return {checks[0].key: self._probe.measure(host, checks[0].signal)}

    def close(self) -> None:
        """Starts nothing more and waits for nobody."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._far.shutdown(wait=False, cancel_futures=True)

    @staticmethod
    def _result(check: Check, future: Future[Mapping[str, Result]] | None) -> Result:
        if future is None or future.cancelled() or not future.done():
            return UnavailableError(f"measuring {check.signal} takes too long")
        error = future.exception()
        if error is None:
            return future.result()[check.key]
        if isinstance(error, NightshiftError):
            return error
        raise error
