"""Bare facts of the machine this runs on: space, processes, open files, links. Also sent to far hosts as text (see `far_program`).

Only the standard library of Python 3.7, and of ours only its siblings `raw_*`: what runs over there may be old, and has nothing of ours.
Whatever is judged or put into words for a reading is done where it arrives, never here.
"""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PART = 1 << 16
_MOST_TEXT = 1 << 20
_MOST_WORDS = 4
_LONGEST_WORD = 300
_SIOCGIFADDR = 0x8915
_UP_AND_RUNNING = 0x41
_STAT_SECONDS = 5.0
_MOST_ENTRIES = 20000
_DEEPEST = 3


class CannotTell(Exception):  # noqa: N818 - a statement, not a fault of ours
    """Why there is no such fact now, in one line."""


class _Call(threading.Thread):
    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__(daemon=True, name="time-limited")
        self._call = call
        self.result: Any = None
        self.error: OSError | None = None

    def run(self) -> None:
        try:
            self.result = self._call()
        except OSError as error:
            self.error = error


_stuck: dict[str, threading.Thread] = {}


def bounded(key: str, seconds: float, call: Callable[[], Any]) -> Any:
    """The call's value or OSError; CannotTell when it hangs. It is never made a second time for the same key while the first is stuck.

    For calls into the kernel or libc that cannot be interrupted: a dead network file system, a name that nobody resolves.
    """
    if key in _stuck and _stuck[key].is_alive():
        raise CannotTell(f"{key} still hangs since an earlier measurement")
    thread = _Call(call)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        _stuck[key] = thread
        raise CannotTell(f"{key} did not come back within {seconds:g} s")
    _stuck.pop(key, None)
    if thread.error is not None:
        raise thread.error
    return thread.result


def space(path: str) -> list[int]:
    """Block size, blocks, free ones, those an ordinary user may have, inodes, free ones of the file system at a path."""
    info = bounded(f"the file system at {path}", _STAT_SECONDS, lambda: os.statvfs(path))
    return [info.f_frsize, info.f_blocks, info.f_bfree, info.f_bavail, info.f_files, info.f_ffree]


def text(path: str) -> list[Any]:
    """The first MiB of a file and when it was last written, in seconds since 1970."""
    with open(path, "rb") as file:  # noqa: PTH123 - by text, as it came
        return [file.read(_MOST_TEXT).decode("utf-8", "replace"), os.fstat(file.fileno()).st_mtime]


def cores() -> int:
    """How many processors there are."""
    return os.cpu_count() or 1


def processes() -> list[Any]:
    """Ticks a second, seconds since 1970 at boot, and of each process: pid, parent, name, first words, start in ticks, whether a zombie."""
    numbers = sorted(int(name) for name in os.listdir("/proc") if name.isdecimal())  # noqa: PTH208 - names alone, quickly
    rows = [row for row in map(_process, numbers) if row is not None]
    return [os.sysconf("SC_CLK_TCK"), _booted(), rows]


def open_files(pid: int) -> list[Any]:
    """How many files a process has open, and the text of its limits."""
    count = len(os.listdir(f"/proc/{int(pid)}/fd"))  # noqa: PTH208 - names alone, quickly
    return [count, text(f"/proc/{int(pid)}/limits")[0]]


def newest(folder: str) -> list[Any]:
    """When the newest plain file with something in it was written, its path and size; nothing where there is none."""
    return list(bounded(f"the files below {folder}", _STAT_SECONDS, lambda: _newest(folder)))


def links() -> list[Any]:
    """Name of each network interface, whether it is up and running, its IPv4 address or ''."""
    return [
        [name, _flags(name) & _UP_AND_RUNNING == _UP_AND_RUNNING, _address(name)] for _, name in socket.if_nameindex()
    ]


def identity() -> list[Any]:
    """Boot id and the number of the pid namespace: where both are another host's, it is that host."""
    return [text("/proc/sys/kernel/random/boot_id")[0].strip(), Path("/proc/self/ns/pid").stat().st_ino]


def _newest(folder: str) -> list[Any]:
    queue, seen = [(0, folder)], 0
    best: list[Any] = []
    while queue and seen < _MOST_ENTRIES:
        depth, here = queue.pop(0)
        for entry in os.scandir(here):
            seen += 1
            info = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(info.st_mode) and depth < _DEEPEST:
                queue.append((depth + 1, entry.path))
            elif stat.S_ISREG(info.st_mode) and info.st_size and (not best or info.st_mtime > best[0]):
                best = [info.st_mtime, entry.path, info.st_size]
    return best


def _process(pid: int) -> list[Any] | None:
    """None for one that ended while it was read."""
    try:
        head, _, rest = _bytes(f"/proc/{pid}/stat").rpartition(b") ")
        fields = rest.split()
        is_zombie = fields[0] == b"Z"
        words = [] if is_zombie else _words(_bytes(f"/proc/{pid}/cmdline"))
    except (FileNotFoundError, ProcessLookupError):
        return None
    name = head.partition(b"(")[2].decode("utf-8", "replace")
    return [pid, int(fields[1]), name, words, int(fields[19]), is_zombie]


def _words(line: bytes) -> list[str]:
    """The first arguments; a process that renamed itself has one text with spaces instead."""
    decoded = line.decode("utf-8", "replace")
    if not decoded:
        return []
    words = decoded[:-1].split("\0") if decoded.endswith("\0") else [decoded]
    words = words[0].split(" ") if len(words) == 1 else words
    return [word[:_LONGEST_WORD] for word in words[:_MOST_WORDS]]


def _bytes(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        parts: list[bytes] = []
        while True:
            part = os.read(descriptor, _PART)
            if not part:
                return b"".join(parts)
            parts.append(part)
    finally:
        os.close(descriptor)


def _booted() -> float:
    lines = _bytes("/proc/stat").decode("ascii", "replace").splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("btime ")))


def _flags(name: str) -> int:
    """IFF_UP and IFF_RUNNING, as the kernel says."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        answer = fcntl.ioctl(asked.fileno(), 0x8913, struct.pack("256s", name.encode()[:15]))
    return int(struct.unpack_from("H", answer, 16)[0])


def _address(name: str) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            answer = fcntl.ioctl(asked.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
        except OSError:
            return ""  # it has none
    return socket.inet_ntoa(answer[20:24])
