"""What was seen on a host and when: measurements, facts, processes, files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from core.alert import Signal

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def size_of(value: object) -> int:
    """Roughly the characters of a value as JSON."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(name) + size_of(item) for name, item in value.items())
    if isinstance(value, list | tuple):
        return sum(map(size_of, value))
    return 8


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value of one signal on one host, in the unit of the metric; `detail` is one line for a person."""

    host: str
    signal: Signal
    value: float
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FileInfo:
    """One directory entry as lstat sees it; size in bytes, times in seconds since 1970, `kind` is file, dir, link or other.

    `target` is the text of a link, never followed. Only in `/proc/PID/fd`, whose links the kernel makes, `size` and `links` are those
    of the open file: a deleted one has a target that ends in ` (deleted)` and 0 links.
    """

    path: str
    kind: str
    size: int
    mtime: float
    mode: int
    uid: int
    links: int = 1
    target: str = ""
    gid: int = -1


@dataclass(frozen=True, slots=True)
class FileContent:
    """What was read of a file: up to the limit, never more; `sha256` is of the bytes in `data`."""

    info: FileInfo
    data: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Process:
    """One process; (pid, started) names it for good, a pid alone does not. `started` is in clock ticks since boot."""

    pid: int
    started: int
    parent: int
    name: str
    argv: tuple[str, ...]
    state: str
    uid: int
    rss: int
    threads: int = 1


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command ended; output is capped at 64 KiB each and decoded with replacement."""

    status: int
    out: str
    err: str
    timed_out: bool = False


MOST_LEVELS = 32


def is_deep(value: Json) -> bool:
    """True where values are nested so deeply that walking through them could exhaust the stack; found without descending."""
    level: list[Json] = [value]
    for _ in range(MOST_LEVELS):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return False
    return True


def _inside(one: Json) -> Iterable[Json]:
    return one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
