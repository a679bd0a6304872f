"""Probe of the machine, or the namespaces, that it runs in: which signal is read by whom."""

from __future__ import annotations

import math
from collections.abc import Callable

from adapters.probe.certificate import CertificateProbe
from adapters.probe.connection import Connector, UnreachableError, host_and_port
from adapters.probe.dns import DnsProbe
from adapters.probe.http import HttpProbe
from adapters.probe.process_list import ProcessList
from adapters.probe.process_watch import ProcessWatch
from adapters.probe.routes import link_down, route_missing
from adapters.probe.system import Reading, SystemProbe
from adapters.probe.time_limit import TimeLimit
from core.alert import Signal
from core.errors import UnavailableError, UnknownError
from core.ports import Clock
from core.world import Measurement


class LocalProbe:
    """Probe port of this machine."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        limit, processes = TimeLimit(), ProcessList()
        self._connector = Connector(limit)
        system, watch = SystemProbe(limit, processes), ProcessWatch(processes)
        self._readers: dict[str, Callable[[str], Reading]] = {
            "disk.used_percent": system.disk_used,
            "disk.inodes_percent": system.inodes_used,
            "memory.used_percent": system.memory_used,
            "load.per_core": system.load_per_core,
            "fd.used_percent": system.files_used,
            "process.down": watch.down,
            "process.restarts": watch.restarts,
            "process.zombies": watch.zombies,
            "tcp.failed": self._tcp_failed,
            "http.failed": HttpProbe(self._connector).failed,
            "dns.failed": DnsProbe().failed,
            "tls.expires_days": self._days_left,
            "route.missing": route_missing,
            "link.down": link_down,
        }

    @property
    def signals(self) -> tuple[str, ...]:
        """What can be measured, as kind.metric."""
        return tuple(sorted(self._readers))

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        reading = self.read(signal)
        return Measurement(host, signal, reading.value, self._clock.now(), reading.detail)

    def read(self, signal: Signal) -> Reading:
        """The bare value."""
        reader = self._readers.get(signal.name)
        if reader is None:
            raise UnknownError("signal", str(signal), self.signals)
        try:
            reading = reader(signal.object)
        except OSError as error:
            raise UnavailableError(f"cannot measure {signal}: {error.strerror or error}") from error
        if not math.isfinite(reading.value):
            raise UnavailableError(f"{signal} gave no number")
        return reading

    def _tcp_failed(self, place: str) -> Reading:
        host, port = host_and_port(place)
        try:
            self._connector.connect(host, port).close()
        except UnreachableError as error:
            return Reading(1, error.message)
        return Reading(0, f"{place} accepts connections")

    def _days_left(self, place: str) -> Reading:
        return CertificateProbe(self._connector).days_left(place, self._clock.now())
