"""Which probe measures which host."""

from __future__ import annotations

from collections.abc import Mapping

from core.alert import Signal
from core.errors import UnknownError
from core.ports import Probe
from core.world import Measurement


class ProbeDirectory:
    """Probe port over one probe per host."""

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        self._probes = dict(probes)

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`; UnknownError also for a host that nothing here measures."""
        probe = self._probes.get(host)
        if probe is None:
            raise UnknownError("host", host, tuple(self._probes))
        return probe.measure(host, signal)
