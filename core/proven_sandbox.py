"""The wall in front of the sandbox: no skill runs before its self-test has passed, and none when it has not."""

from __future__ import annotations

import threading
from collections.abc import Callable

from core.errors import UnavailableError
from core.guest import GuestResult, GuestRun
from core.ports import Sandbox
from core.world import Json


class ProvenSandbox:
    """Sandbox port over another one, tested once before its first run."""

    def __init__(self, inner: Sandbox) -> None:
        self._inner = inner
        self._testing = threading.Lock()
        self._reasons: tuple[str, ...] | None = None

    def run(self, run: GuestRun, answer: Callable[[str, dict[str, Json]], Json]) -> GuestResult:
        """See `core.ports.Sandbox`; raises UnavailableError where the self-test found a hole."""
        reasons = self.self_test()
        if reasons:
            raise UnavailableError(f"no skill runs, because the sandbox is not fit: {reasons[0]}")
        return self._inner.run(run, answer)

    def self_test(self) -> tuple[str, ...]:
        """See `core.ports.Sandbox`; the first result stands until this process ends."""
        with self._testing:
            if self._reasons is None:
                self._reasons = self._inner.self_test()
            return self._reasons

    def close(self) -> None:
        """See `core.ports.Sandbox`."""
        self._inner.close()
