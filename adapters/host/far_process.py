"""Processes over there, and signals that reach the one that was meant. Sent to a far host as text; see far_helper."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import Any

from adapters.host.far_line import Refused, refuse
from adapters.host.far_walk import Walk


def do_processes(_walk: Walk) -> Any:
    """Every process, by pid; one that ends while it is read is left out."""
    found = []
    names = os.listdir("/proc")  # noqa: PTH208 - names are all that is needed
    for pid in sorted(int(name) for name in names if name.isdigit()):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found.append(process_of(pid))
    return found


def process_of(pid: int) -> Any:
    """In the order of the fields at home."""
    folder = f"/proc/{pid}"
    name, _, rest = content(folder + "/stat").decode("utf-8", "replace").partition("(")[2].rpartition(") ")
    argv = [part.decode("utf-8", "replace")[:4096] for part in content(folder + "/cmdline").split(b"\0")[:256] if part]
    fields, uid = rest.split(), os.stat(folder).st_uid  # noqa: PTH116 - half the cost on a host with many processes
    rss = int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return [pid, int(fields[19]), int(fields[1]), name, argv, fields[0], uid, rss, int(fields[17])]


def content(path: str) -> bytes:
    """A file of /proc in one read."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(handle, 65536)
    finally:
        os.close(handle)


def start_of(pid: int) -> int | None:
    """Start ticks; None if there is no such process, or only its zombie."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        fields = content(f"/proc/{pid}/stat").rpartition(b") ")[2].split()
        return None if fields[0] in (b"Z", b"X") else int(fields[19])
    return None


def do_signal(_walk: Walk, pid: int, started: int, name: str) -> Any:
    """Through a pidfd where there is one; else the start time is looked at right before."""
    if pid in (1, os.getpid(), os.getppid()):
        raise Refused("never", f"a signal to process {pid}", "it is the first process, or Nightshift's own")
    number = getattr(signal, f"SIG{name}")
    handle = open_process(pid)
    try:
        if start_of(pid) != started:
            refuse("changed", f"process {pid} is another one now, or gone")
        if handle is not None:
            signal.pidfd_send_signal(handle, number)
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        refuse("changed", f"process {pid} is gone")
    except PermissionError:
        refuse("denied", f"process {pid} belongs to another user")
    finally:
        if handle is not None:
            os.close(handle)
    return [0, None, 0o644]


def open_process(pid: int) -> int | None:
    """A pidfd, where Python and the kernel know it and the process is there."""
    if hasattr(os, "pidfd_open") and hasattr(signal, "pidfd_send_signal"):
        with contextlib.suppress(OSError):
            return os.pidfd_open(pid)
    return None
