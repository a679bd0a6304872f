"""The processes of a host as /proc shows them, and signals that reach exactly the one that was meant."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from core.errors import InvalidError, NeverError
from core.host_change import ProcessSignal
from core.skill import HostError
from core.world import Process

_SIGNALS = {name: getattr(signal, f"SIG{name}") for name in ("TERM", "HUP", "USR1", "USR2", "KILL")}
_PAGE = os.sysconf("SC_PAGE_SIZE")
_LONGEST_ARGUMENT = 4096
_LARGEST = 64 << 10
"""Bytes of one file: the kernel gives as much of a command line at once as is asked for."""


def processes() -> tuple[Process, ...]:
    """Every process, by pid; one that ends while it is read is left out."""
    pids = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208 - names are all that is needed
    return tuple(process for process in map(process_of, pids) if process is not None)


def process_of(pid: int) -> Process | None:
    """One process, None if there is none with this pid."""
    folder = f"/proc/{pid}"
    try:
        stat = _content(f"{folder}/stat").decode("utf-8", "replace")
        argv = _content(f"{folder}/cmdline")
        uid = Path(folder).stat().st_uid
    except (FileNotFoundError, ProcessLookupError):
        return None
    name, _, rest = stat.partition("(")[2].rpartition(") ")
    fields = rest.split()
    arguments = tuple(part.decode("utf-8", "replace")[:_LONGEST_ARGUMENT] for part in argv.split(b"\0")[:256] if part)
    return Process(
        pid=pid,
        started=int(fields[19]),
        parent=int(fields[1]),
        name=name,
        argv=arguments,
        state=fields[0],
        uid=uid,
        rss=int(fields[21]) * _PAGE,
        threads=int(fields[17]),
    )


def _is_ours(process: Process | None) -> bool:
    """A part of Nightshift: the watchdog that holds an armed undo, the children that look and act, another replica."""
    words = process.argv if process is not None else ()
    module = words[words.index("-m") + 1 :][:1] if "-m" in words else ()
    return any(
        name == "bot" or name.startswith(("bot.", "adapters.host.", "adapters.probe.", "adapters.sandbox."))
        for name in module
    )


def _content(path: str) -> bytes:
    """A file of /proc in one read, which is half of what a host with many processes costs."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(handle, _LARGEST)
    finally:
        os.close(handle)


def started(pid: int) -> int | None:
    """Start time in clock ticks since boot; None if there is no such process, or only its zombie."""
    process = process_of(pid)
    return None if process is None or process.state in {"Z", "X"} else process.started


def send_signal(change: ProcessSignal) -> None:
    """Signals through a pidfd that is checked after it was opened, so that a recycled pid is never hit."""
    number = _SIGNALS.get(change.name)
    if number is None:
        raise InvalidError(f"{change.name!r} is not a signal that may be sent; one of: {', '.join(_SIGNALS)}")
    if change.pid <= 0:
        raise InvalidError(f"{change.pid} is not the pid of one process")
    if change.pid in {1, os.getpid(), os.getppid()} or _is_ours(process_of(change.pid)):
        raise NeverError(f"a signal to process {change.pid}", "it is the first process, or Nightshift's own")
    try:
        handle = os.pidfd_open(change.pid)
    except ProcessLookupError as error:
        raise HostError("changed", f"process {change.pid} is gone") from error
    try:
        if started(change.pid) != change.started:
            raise HostError("changed", f"process {change.pid} is another one now")
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError as error:
        raise HostError("changed", f"process {change.pid} is gone") from error
    except PermissionError as error:
        raise HostError("denied", f"process {change.pid} belongs to another user") from error
    finally:
        os.close(handle)
