"""Who is logged in on the machine, or in the namespaces, that this runs in: terminals that are held by a session of somebody else.

Also sent to far hosts as text: only the standard library of Python 3.7, and of ours only its siblings that are sent too.
"""

from __future__ import annotations

import os
import pwd
import time
from pathlib import Path
from typing import Any, NamedTuple

from adapters.probe import utmp
from adapters.probe.raw_system import CannotTell

Row = Any  # a list: old Pythons cannot write it down
"""User, terminal, origin, since (seconds since 1970 or None), idle (seconds or None)."""

_MOST_PROCESSES = 100_000
_NOBODY = 4294967295
"""A login uid that was never set."""
_PROMPTS = frozenset({"agetty", "getty", "mgetty", "mingetty", "fgetty", "login", "sulogin", "Xorg", "X", "Xwayland"})
"""They hold a terminal before anybody is there, or show one to whoever is counted by another line."""
_PTY_MAJORS = range(136, 144)


class _Process(NamedTuple):
    """What /proc/PID/stat says; `terminal` is a device number, 0 for none."""

    pid: int
    name: str
    parent: int
    session: int
    terminal: int

    @property
    def line(self) -> str:
        """The terminal as utmp calls it."""
        return _name(self.terminal)


class Logins:
    """Sessions with a terminal, from /proc; utmp adds where they came from, and those that only it knows.

    `proc` and `dev` as mounted here. What runs in a deeper pid namespace belongs to another host, a container, and is not looked at.
    """

    def __init__(
        self, proc: Path = Path("/proc"), dev: Path = Path("/dev"), places: tuple[Path, ...] = utmp.PLACES
    ) -> None:
        self._proc, self._dev, self._places = proc, dev, places

    def read(self) -> list[Row]:
        """Without the terminal that we run in ourselves; raises CannotTell where other people's processes cannot be seen."""
        if self._process(1) is None:
            raise CannotTell("other people's processes are hidden here (hidepid), so nobody can be seen")
        written = {entry.line: entry for entry in self._written()}
        ours, leaders = self._our_sessions(), self._leaders()
        there = [one for one in leaders if one.pid not in ours and not self._is_of_a_container(one.pid)]
        found = [self._login(one, written.get(one.line)) for one in there if not self._is_prompt(one)]
        # A line that /proc ties to nobody is believed while its process lives: a desktop, for one, has no terminal of its own.
        known = {login[1] for login in found} | {one.line for one in leaders if one.pid in ours}
        found += [
            [entry.user, entry.line, entry.origin, _moment(entry.since), self._idle(entry.line)]
            for entry in written.values()
            if entry.line not in known and (self._proc / str(entry.pid)).exists()
        ]
        return sorted(found, key=lambda login: (login[1], login[0]))

    def _written(self) -> tuple[utmp.Entry, ...]:
        try:
            return utmp.entries(self._places)
        except OSError:
            return ()  # what it would add is nice to have; /proc has shown who is there

    def _leaders(self) -> list[_Process]:
        """Every process that leads a session on a terminal: a shell, mostly."""
        numbers = [name for name in os.listdir(self._proc) if name.isdecimal()]  # noqa: PTH208 - names alone, quickly
        if len(numbers) > _MOST_PROCESSES:
            raise CannotTell(f"{len(numbers)} processes are more than can be looked at for people")
        read = (self._process(int(number)) for number in numbers)
        return [one for one in read if one is not None and one.terminal and one.session == one.pid]

    def _is_prompt(self, one: _Process) -> bool:
        """By its name, which anybody may give to their own: only the machine's count."""
        return one.name in _PROMPTS and self._owner(one.pid) == 0

    def _our_sessions(self) -> frozenset[int]:
        """Sessions of this process and of all it descends from; the names of terminals alone could be those of another namespace."""
        sessions, pid = set(), os.getpid()
        for _ in range(_MOST_PROCESSES):
            one = self._process(pid) if pid else None
            if one is None:
                break
            sessions.add(one.session)
            pid = one.parent
        return frozenset(sessions)

    def _process(self, pid: int) -> _Process | None:
        try:
            text = (self._proc / str(pid) / "stat").read_bytes().decode("utf-8", "replace")
        except OSError:
            return None  # it ended while it was looked at
        head, _, rest = text.rpartition(") ")
        fields = rest.split()
        return _Process(pid, head.partition("(")[2], int(fields[1]), int(fields[3]), int(fields[4]))

    def _is_of_a_container(self, pid: int) -> bool:
        for line in self._lines(pid, "status"):
            if line.startswith("NSpid:"):
                return len(line.split()) > 2
        return False

    def _login(self, one: _Process, entry: utmp.Entry | None) -> Row:
        line = one.line
        user = self._user(one.pid) or (entry.user if entry else "")
        if entry is None:
            return [user, line, "", None, self._idle(line)]
        return [user, line, entry.origin, _moment(entry.since), self._idle(line)]

    def _user(self, pid: int) -> str:
        """Who logged in, also after a sudo; where nothing keeps that, whose the process is."""
        login = " ".join(self._lines(pid, "loginuid"))
        if login.isdecimal() and int(login) != _NOBODY:
            return _named(int(login))
        owner = self._owner(pid)
        return "" if owner is None else _named(owner)

    def _owner(self, pid: int) -> int | None:
        owner = [line.split()[1] for line in self._lines(pid, "status") if line.startswith("Uid:")]
        return int(owner[0]) if owner else None

    def _lines(self, pid: int, file: str) -> list[str]:
        try:
            return (self._proc / str(pid) / file).read_bytes().decode("utf-8", "replace").splitlines()
        except OSError:
            return []

    def _idle(self, line: str) -> float | None:
        """Since the last key; the kernel notes reads of a terminal every 8 s."""
        if ".." in line or line.startswith(("/", ":")):
            return None
        try:
            read_at = (self._dev / line).stat().st_atime
        except OSError:
            return None
        return max(0.0, time.time() - read_at)


def _name(device: int) -> str:
    """`pts/3` or `tty1` of a device number as in proc(5)."""
    major, minor = device >> 8 & 0xFFF, device & 0xFF | device >> 12 & 0xFFF00
    if major in _PTY_MAJORS:
        return f"pts/{(major - _PTY_MAJORS.start) * 256 + minor}"
    if major == 4:
        return f"tty{minor}" if minor < 64 else f"ttyS{minor - 64}"
    return "console" if (major, minor) == (5, 1) else f"terminal {major}:{minor}"


def _named(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _moment(seconds: float) -> float | None:
    return seconds if 0 < seconds < 1 << 33 else None
