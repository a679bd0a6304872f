"""Which processes run under a name: by program, by script, or by pid file."""

from __future__ import annotations

import functools
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from core.errors import UnavailableError

_FRESH_SECONDS = 1.0
_COMM_LENGTH = 15
"""The kernel keeps this many characters of a name."""
_CLOCK_SLACK = 5.0
_PROC = "/proc"
_PART = 1 << 16
_TICKS = os.sysconf("SC_CLK_TCK")
_INTERPRETERS = ("python", "perl", "ruby", "node", "php", "bash", "sh")


@dataclass(frozen=True, slots=True)
class Running:
    """One live or zombie process; (pid, created) names it for good."""

    pid: int
    parent: int
    name: str
    words: tuple[str, ...]
    created: float
    is_zombie: bool


class ProcessList:
    """The process table, read at most once a second however many checks ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at = -_FRESH_SECONDS
        self._table: tuple[Running, ...] = ()

    def table(self) -> tuple[Running, ...]:
        """Every process."""
        with self._lock:
            if time.monotonic() - self._read_at >= _FRESH_SECONDS:
                self._table = _read()
                self._read_at = time.monotonic()
            return self._table

    def pids(self, name: str) -> tuple[int, ...]:
        """Live processes under a name."""
        return tuple(process.pid for process in self.named(name))

    def named(self, name: str) -> tuple[Running, ...]:
        """Live processes whose program or script has this name, or that this pid file (`/run/x.pid`) or `/run/NAME.pid` names."""
        alive = [process for process in self.table() if not process.is_zombie]
        if name.startswith("/"):
            return _named_by_file(Path(name), alive)
        found = tuple(process for process in alive if _is_called(process, name))
        return found or _named_by_file(Path("/run") / f"{name.replace('/', '_')}.pid", alive)


def _read() -> tuple[Running, ...]:
    """Two files of /proc a process; psutil opens more of them, and this is asked all the time."""
    numbers = sorted(int(name) for name in os.listdir(_PROC) if name.isdecimal())  # noqa: PTH208 - names alone, quickly
    return tuple(made for pid in numbers if (made := _running(pid)) is not None)


@functools.cache
def _booted() -> float:
    """Read once: it moves when the clock is set, and every process would look like another one."""
    return float(psutil.boot_time())


def _running(pid: int) -> Running | None:
    """None for one that ended while it was read."""
    try:
        head, _, rest = _bytes(pid, "stat").rpartition(b") ")
        fields = rest.split()
        is_zombie = fields[0] == b"Z"
        words = () if is_zombie else _words(os.fsdecode(_bytes(pid, "cmdline")))
    except (FileNotFoundError, ProcessLookupError):
        return None
    except OSError as error:
        raise UnavailableError(f"the process table cannot be read: {error}") from error
    name = os.fsdecode(head.partition(b"(")[2])
    program = words[0].rpartition("/")[2] if words else ""
    if len(name) >= _COMM_LENGTH and program.startswith(name):
        name = program
    return Running(pid, int(fields[1]), name, words, _booted() + int(fields[19]) / _TICKS, is_zombie)


def _bytes(pid: int, file: str) -> bytes:
    descriptor = os.open(f"{_PROC}/{pid}/{file}", os.O_RDONLY)
    try:
        parts = []
        while part := os.read(descriptor, _PART):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)


def _words(text: str) -> tuple[str, ...]:
    """The arguments; a process that renamed itself has one text with spaces instead."""
    if not text:
        return ()
    words = text.removesuffix("\0").split("\0") if text.endswith("\0") else [text]
    return tuple(words[0].split(" ") if len(words) == 1 else words)


def _is_called(process: Running, name: str) -> bool:
    words = [Path(word).name for word in process.words[:2]]
    if name == process.name or words[:1] == [name]:
        return True
    # A script counts as its interpreter runs it, so that `python3 /srv/shop` is up and `vim /srv/shop` is not.
    runs_script = process.name == name[:_COMM_LENGTH] or process.name.startswith(_INTERPRETERS)
    return runs_script and words[1:] == [name]


def _named_by_file(path: Path, alive: list[Running]) -> tuple[Running, ...]:
    try:
        text, written = path.read_text(encoding="ascii", errors="replace"), path.stat().st_mtime
    except OSError:
        return ()
    first = text.split()[0] if text.split() else ""
    # A process younger than the file that names it has only inherited the number.
    return tuple(p for p in alive if str(p.pid) == first and p.created <= written + _CLOCK_SLACK)
