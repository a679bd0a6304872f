"""What a broker asks a host to change, what came of it, and what the host takes back by itself."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class FileWrite:
    """Replace a plain file atomically. An old one keeps owner and mode; a new one gets `mode`, and `uid` and `gid` where they are known."""

    path: str
    data: bytes
    mode: int = 0o644
    uid: int = -1
    gid: int = -1


@dataclass(frozen=True, slots=True)
class FileDelete:
    """Delete one plain file."""

    path: str


@dataclass(frozen=True, slots=True)
class FileMove:
    """Rename one plain file on its file system, never over another."""

    path: str
    to: str


@dataclass(frozen=True, slots=True)
class FileTruncate:
    """Empty one plain file, or a deleted one through `/proc/PID/fd/N`."""

    path: str


@dataclass(frozen=True, slots=True)
class ProcessSignal:
    """Send a signal to exactly (pid, started)."""

    pid: int
    started: int
    name: str


Change: TypeAlias = FileWrite | FileDelete | FileMove | FileTruncate | ProcessSignal


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did: bytes freed or written, and the former bytes where they were at most 1 MiB (for the undo record)."""

    bytes: int
    before: builtins.bytes | None = None
    before_mode: int = 0o644
    after_sha256: str = ""


@dataclass(frozen=True, slots=True)
class BackStep:
    """One step of an undo that a host does by itself: it takes back the effect `action` of the journal.

    `look` is run when it is armed and again before it is done: where it says the same, there is nothing to take back.
    """

    action: int
    act: tuple[str, ...] | FileWrite | FileDelete
    look: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fired:
    """An undo that a host has done by itself: the actions that are back as they were, and those that could not be."""

    run: str
    back: tuple[int, ...]
    left: tuple[int, ...] = ()
