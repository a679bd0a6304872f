"""The ground of a host that has no Python of its own, a container mostly: facts that its hands read, as those who only look.

What would have to be tried over the network from there cannot be told; whether something listens there can.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

from adapters.probe.ground import Ground, Tell
from adapters.probe.local import Readers
from adapters.probe.raw_system import CannotTell
from core.alert import Signal
from core.errors import NeverError, UnavailableError
from core.ports import Clock, Host
from core.skill import HostError
from core.world import Measurement

_MOST_TEXT = 1 << 20
_MOST_FILES = 100_000
_STAT_FOLDERS = ("/usr/bin", "/bin")
_LISTENS = "0A"
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_TICKS = 100
"""Clock ticks a second in /proc, the same on every Linux."""
_ERRNO = {"missing": errno.ENOENT, "denied": errno.EACCES, "timeout": errno.ETIMEDOUT}


class HandsProbe:
    """Probe port of one host by its Host port alone."""

    def __init__(self, host: Host, clock: Clock) -> None:
        self._clock = clock
        self._readers = Readers(Ground(told_by(host)), clock.now)

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        reading = self._readers.read(signal)
        return Measurement(host, signal, reading.value, self._clock.now(), reading.detail)


def told_by(host: Host) -> Tell:
    """Facts as its hands read them; UnavailableError where the host is gone."""
    facts = _Facts(host)
    known: dict[str, Callable[..., Any]] = {
        "space": facts.space,
        "text": facts.text,
        "cores": facts.cores,
        "processes": facts.processes,
        "open_files": facts.open_files,
        "connect": facts.connect,
    }

    def tell(name: str, arguments: dict[str, Any]) -> Any:
        if name not in known:
            raise CannotTell(f"{name} cannot be told where there is no Python")
        try:
            return known[name](**arguments)
        except HostError as error:
            words = str(error).removeprefix(f"{error.code}: ")
            raise OSError(_ERRNO.get(error.code, errno.EIO), words or error.code) from error
        except NeverError as error:
            raise CannotTell(str(error)) from error

    return tell


class _Facts:
    def __init__(self, host: Host) -> None:
        self._host = host

    def space(self, path: str) -> list[int]:
        argv = (self._stat(), "-f", "-c", "%S %b %f %a %c %d", "--", path)
        done = self._host.run(argv, 5.0, lambda _pid, _start: None)
        if done.status != 0:
            raise CannotTell(f"cannot measure {path}: {(done.err.strip().splitlines() or ['stat fails'])[-1][:200]}")
        return [int(word) for word in done.out.split()]

    def text(self, path: str) -> list[Any]:
        content = self._host.read(path.replace("/proc/self/net/", "/proc/net/"), _MOST_TEXT)
        return [content.data.decode("utf-8", "replace"), content.info.mtime]

    def cores(self) -> int:
        return sum(line.startswith("processor") for line in self._lines("/proc/cpuinfo"))

    def processes(self) -> list[Any]:
        booted = next((line.split()[1] for line in self._lines("/proc/stat") if line.startswith("btime ")), "")
        rows = [
            [one.pid, one.parent, one.name, list(one.argv[:4]), one.started, one.state == "Z"]
            for one in self._host.processes()
        ]
        return [_TICKS, float(booted), rows]

    def open_files(self, pid: int) -> list[Any]:
        return [len(self._host.list(f"/proc/{pid}/fd", _MOST_FILES)), self.text(f"/proc/{pid}/limits")[0]]

    def connect(self, host: str, port: int) -> str:
        """Whether something listens, where that is asked of the host itself."""
        if host not in _HERE:
            raise CannotTell("there is no Python over there to try it with")
        listening = [*self._lines("/proc/net/tcp")[1:], *self._lines("/proc/net/tcp6")[1:]]
        ports = {int(fields[1].rpartition(":")[2], 16) for line in listening if (fields := line.split())[3] == _LISTENS}
        return "" if port in ports else f"refused: nothing listens on {host}:{port}"

    def _lines(self, path: str) -> list[str]:
        return str(self.text(path)[0]).splitlines()

    def _stat(self) -> str:
        for folder in _STAT_FOLDERS:
            try:
                self._host.read(f"{folder}/stat", 0)
            except HostError:
                continue
            return f"{folder}/stat"
        raise UnavailableError("there is no program stat over there")
