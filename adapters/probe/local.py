"""Which signal is read by whom, on whatever ground; and the probe of the machine, or the namespaces, that it runs in."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from functools import partial

from adapters.probe.backup import backup_age
from adapters.probe.certificate import days_left
from adapters.probe.connection import host_and_port
from adapters.probe.containers import container_down
from adapters.probe.dns import DnsProbe
from adapters.probe.ground import Ground, one_line
from adapters.probe.http import page_failed
from adapters.probe.postgres import PostgresProbe
from adapters.probe.process_list import ProcessList
from adapters.probe.process_watch import ProcessWatch
from adapters.probe.redis import RedisProbe
from adapters.probe.routes import link_down, route_missing
from adapters.probe.system import Reading, SystemProbe
from core.alert import Signal
from core.errors import UnavailableError, UnknownError
from core.ports import Clock
from core.world import Measurement


class Readers:
    """Every signal there is, read from the facts of one machine. What compares two looks is remembered here."""

    def __init__(self, ground: Ground, now: Callable[[], datetime]) -> None:
        self._ground, self._now = ground, now
        self.processes = ProcessList(ground)
        system, watch = SystemProbe(ground, self.processes), ProcessWatch(self.processes)
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
            "http.failed": partial(page_failed, ground),
            "dns.failed": DnsProbe(ground).failed,
            "tls.expires_days": self._days_left,
            "route.missing": partial(route_missing, ground),
            "link.down": partial(link_down, ground),
            "postgres.failed": PostgresProbe(ground.exchange).failed,
            "container.down": partial(container_down, ground.container),
            "redis.failed": RedisProbe(ground.exchange).failed,
            "backup.age_hours": lambda folder: backup_age(ground.newest, folder, now().timestamp()),
        }

    @property
    def signals(self) -> tuple[str, ...]:
        """What can be measured, as kind.metric."""
        return tuple(sorted(self._readers))

    def read(self, signal: Signal) -> Reading:
        """The bare value. Raises UnavailableError, UnknownError, InvalidError."""
        reader = self._readers.get(signal.name)
        if reader is None:
            raise UnknownError("signal", str(signal), self.signals)
        try:
            reading = reader(signal.object)
        except OSError as error:
            raise UnavailableError(f"cannot measure {signal}: {error.strerror or error}") from error
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise UnavailableError(f"cannot measure {signal}: what was told makes no sense") from error
        if not math.isfinite(reading.value):
            raise UnavailableError(f"{signal} gave no number")
        return Reading(reading.value, one_line(reading.detail))

    def _tcp_failed(self, place: str) -> Reading:
        why_not = self._ground.connect(*host_and_port(place))
        return Reading(1, why_not) if why_not else Reading(0, f"{place} accepts connections")

    def _days_left(self, place: str) -> Reading:
        return days_left(self._ground, place, self._now())


class LocalProbe:
    """Probe port of this machine."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._readers = Readers(Ground(), clock.now)

    @property
    def signals(self) -> tuple[str, ...]:
        """What can be measured, as kind.metric."""
        return self._readers.signals

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        reading = self.read(signal)
        return Measurement(host, signal, reading.value, self._clock.now(), reading.detail)

    def read(self, signal: Signal) -> Reading:
        """The bare value."""
        return self._readers.read(signal)

    def pids(self, name: str) -> tuple[int, ...]:
        """Live processes under a name."""
        return self._readers.processes.pids(name)
