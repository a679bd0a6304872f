"""The file of who is logged in, utmp, as glibc writes it (utmp(5)); it may hold anything, be stale, or not be there.

Also sent to far hosts as text: only the standard library of Python 3.7.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import NamedTuple

PLACES = (Path("/run/utmp"), Path("/var/run/utmp"))

_MOST_BYTES = 1 << 20
"""2,700 sessions; more than a machine has terminals for."""
_USER_PROCESS = 7
_SHORT = struct.Struct("=hxxi32s4s32s256shhiii16s20s")
_LONG = struct.Struct("=hxxi32s4s32s256shhqqq16s20s4x")
_LONG_MACHINES = ("aarch64", "riscv64", "loongarch64")
"""64-bit machines that never had a 32-bit sibling keep 64-bit times in it."""


class Entry(NamedTuple):
    """One user's session as its program wrote it down; times in seconds since 1970."""

    pid: int
    line: str
    user: str
    origin: str
    since: float


def entries(places: tuple[Path, ...] = PLACES) -> tuple[Entry, ...]:
    """Every user session of the first of these files that is there; none where there is none, as on systems without utmp."""
    for place in places:
        try:
            with place.open("rb") as file:
                return parse(file.read(_MOST_BYTES))
        except FileNotFoundError:
            continue
    return ()


def parse(data: bytes, machine: str = "") -> tuple[Entry, ...]:
    """User sessions; a last record that is cut off, and whatever is none, is left out."""
    record = _LONG if (machine or os.uname().machine) in _LONG_MACHINES else _SHORT
    whole = len(data) - len(data) % record.size
    found = []
    for kind, pid, line, _, user, origin, _, _, _, seconds, *_ in record.iter_unpack(data[:whole]):
        if kind == _USER_PROCESS and pid > 0 and line.strip(b"\x00"):
            found.append(Entry(pid, _text(line), _text(user), _text(origin), float(max(0, seconds))))
    return tuple(found)


def _text(field: bytes) -> str:
    """Up to the first NUL; other people's programs wrote it."""
    return field.partition(b"\x00")[0].decode("utf-8", "replace")
