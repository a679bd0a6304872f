"""A host that lives in the namespaces of one holder process on this machine, entered with nsenter."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from adapters.host.process_table import started
from adapters.host.served_host import ServedHost
from core.errors import UnavailableError

_KINDS = {"mnt": "--mount", "net": "--net", "pid": "--pid", "uts": "--uts", "ipc": "--ipc"}


@dataclass(frozen=True, slots=True)
class Holder:
    """The process whose namespaces are the host, by pid and start ticks; called, it says the words that enter there."""

    pid: int
    started: int

    def __call__(self) -> tuple[str, ...]:
        """The argv to put before a command; raises UnavailableError when the holder is gone, or another has its pid."""
        nsenter = shutil.which("nsenter")
        if nsenter is None:
            raise UnavailableError("nsenter is missing; install the package util-linux")
        flags = [flag for kind, flag in _KINDS.items() if self._differs(kind)]
        if self._differs("user"):
            flags += ["--user", "--preserve-credentials"]
        if started(self.pid) != self.started:
            raise UnavailableError(f"the process {self.pid} that holds this host is gone")
        return (nsenter, "--target", str(self.pid), *flags, "--")

    def _differs(self, kind: str) -> bool:
        try:
            return Path(f"/proc/{self.pid}/ns/{kind}").readlink() != Path(f"/proc/self/ns/{kind}").readlink()
        except OSError as error:
            raise UnavailableError(
                f"the process {self.pid} that holds this host cannot be looked at: {error.strerror}"
            ) from error


class NamespaceHost(ServedHost):
    """Host port in the holder's namespaces. The code and the interpreter must be visible there at the same paths."""

    def __init__(self, holder_pid: int, holder_started: int, protected: tuple[Path, ...] = ()) -> None:
        super().__init__(Holder(holder_pid, holder_started), protected)
