"""What changed lately on the machine, or in the namespaces, that this runs in: names and times; only package logs are opened.

Also sent to far hosts as text: only the standard library of Python 3.7, and of ours only its siblings that are sent too.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from adapters.probe.raw_system import CannotTell

MOST = 20
MOST_OF_A_KIND = 10
"""An upgrade touches hundreds of files; the others of the 20 are kept for what else happened."""
MOST_ENTRIES = 50_000
MOST_SECONDS = 4.0

UNIT_PLACES = (
    "etc/systemd/system",
    "usr/lib/systemd/system",
    "usr/local/lib/systemd/system",
    "lib/systemd/system",
    "etc/init.d",
    "etc/sv",
    "etc/supervisor",
)
CONFIG_PLACE = "etc"
_RPM_PLACES = ("var/lib/rpm", "usr/lib/sysimage/rpm")
_APK_PLACES = ("etc/apk/world", "lib/apk/db/installed")
_DPKG_LOG = "var/log/dpkg.log"
_LOG_TAIL = 256 * 1024
_CLOCK_CHANGE = 7200.0
"""Seconds by which a local time may be behind one that came before it; its text alone tells what is older still."""

_NOISE = re.compile(
    r"supervise|\.git|mtab|adjtime|ld\.so\.cache|\.pwd\.lock|\.updated|\.java\.aliases|\.#.*|.*[~-]|.*\.(?:swp|swx|dpkg-(?:new|tmp|old)|lock)"
)
"""What the system, a supervisor or etckeeper writes by itself, and what editors and package tools leave beside the real file."""
_DPKG_LINE = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (install|upgrade|remove|purge) ([a-z0-9][a-z0-9+.-]{0,100})(?::\S+)? (\S{1,80}) (\S{1,80})"
)


class Event(NamedTuple):
    """What changed: the kind of thing, its name, when in seconds since 1970."""

    kind: str
    what: str
    at: float


class _Budget:
    """How much may still be looked at."""

    def __init__(self, entries: int, until: float) -> None:
        self.entries, self.until = entries, until

    def spend(self, place: str) -> None:
        self.entries -= 1
        if self.entries < 0 or time.monotonic() > self.until:
            raise CannotTell(f"there is too much below {place} to see what changed")


class RecentChanges:
    """Reads below `root`."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def read(self, since: float, pids: Sequence[int]) -> list[Event]:
        """At most 20, newest first, changed at or after `since` (seconds since 1970), also files that these processes run; CannotTell."""
        now = time.time()
        budget = _Budget(MOST_ENTRIES, time.monotonic() + MOST_SECONDS)
        try:
            found = [
                *self._files(since, now, budget),
                *self._packages(since),
                *self._programs(since, now, pids),
            ]
        except OSError as error:
            raise CannotTell(f"cannot see what changed: {error.strerror or error}") from error
        return _newest(found)

    # ---- files --------------------------------------------------------------------------------------------------------------------

    def _files(self, since: float, now: float, budget: _Budget) -> Iterator[Event]:
        units = [self._root / place for place in UNIT_PLACES]
        apart = frozenset(map(str, units))
        for kind, place in (*(("unit", place) for place in units), ("config", self._root / CONFIG_PLACE)):
            # A place that is reached through a link is looked at where it really is: /lib is /usr/lib on most systems.
            if place.is_dir() and place.resolve() == self._root.resolve() / place.relative_to(self._root):
                yield from self._below(kind, place, apart, since, now, budget)

    def _below(
        self, kind: str, place: Path, apart: frozenset[str], since: float, now: float, budget: _Budget
    ) -> Iterator[Event]:
        """Files that changed; and directories from which something went, where nothing that is left tells of it."""
        waiting, shown = [place], self._shown(str(place))
        while waiting:
            directory = waiting.pop()
            told = False
            for entry in _entries(directory):
                budget.spend(shown)
                at = _changed(entry, now)
                told = told or (at is not None and at >= since)
                if _NOISE.fullmatch(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting += [Path(entry.path)] if entry.path not in apart else []
                elif at is not None and at >= since:
                    yield Event(kind, self._shown(entry.path), at)
            at = _written(directory, now)
            if not told and directory != self._root / CONFIG_PLACE and at is not None and at >= since:
                yield Event(kind, self._shown(str(directory)) + "/", at)

    def _shown(self, path: str) -> str:
        return path if self._root == Path("/") else "/" + str(Path(path).relative_to(self._root))

    # ---- packages -----------------------------------------------------------------------------------------------------------------

    def _packages(self, since: float) -> Iterator[Event]:
        yield from self._dpkg(since)
        for name, places in (("rpm", _RPM_PLACES), ("apk", _APK_PLACES)):
            times = [at for place in places for at in _times(self._root / place)]
            if times and max(times) >= since:
                yield Event("package", f"{name} packages", max(times))

    def _dpkg(self, since: float) -> Iterator[Event]:
        """dpkg writes the time of its own clock; the tail of its log is read, which is what happened last."""
        try:
            with os.fdopen(os.open(self._root / _DPKG_LOG, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _LOG_TAIL))
                text = file.read(_LOG_TAIL).decode("utf-8", "replace")
        except FileNotFoundError:
            return
        oldest = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(since - _CLOCK_CHANGE))
        for line in text.splitlines():
            match = _DPKG_LINE.fullmatch(line.strip()) if line >= oldest else None
            at = _local(match[1]) if match else None
            if match and at is not None and at >= since:
                version = f" {match[5]}" if match[2] in {"install", "upgrade"} else ""
                yield Event("package", f"{match[2]} {match[3]}{version}", at)

    # ---- services -----------------------------------------------------------------------------------------------------------------

    @staticmethod
    def _programs(since: float, now: float, pids: Sequence[int]) -> Iterator[Event]:
        """Programs and scripts of watched services."""
        paths = {path for pid in pids for path in _run_by(int(pid))}
        for path in sorted(paths):
            at = max((at for at in _times(Path(path)) if at <= now), default=None)
            if at is not None and at >= since:
                yield Event("service", path, at)


def _entries(directory: Path) -> Iterable[Any]:
    try:
        with os.scandir(directory) as entries:
            return tuple(entries)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return ()  # gone since it was listed, or not ours to look into; what is named is named


def _changed(entry: Any, now: float) -> float | None:
    try:
        info = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    # The time of a change of the inode cannot be set by hand; a time of writing in the future was.
    if info.st_mtime <= info.st_ctime <= now:
        return float(info.st_ctime)
    return float(max((at for at in (info.st_mtime, info.st_ctime) if at <= now), default=info.st_ctime))


def _written(directory: Path, now: float) -> float | None:
    try:
        at = directory.lstat().st_mtime
    except FileNotFoundError:
        return None
    return at if at <= now else None


def _times(path: Path) -> tuple[float, ...]:
    try:
        info = path.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return ()
    return (info.st_mtime, info.st_ctime)


def _run_by(pid: int) -> list[str]:
    """The program's file, also where it was replaced under the running process; and the script that an interpreter runs."""
    scripts: list[str] = []
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        scripts = [word for word in words[1:2] if word.startswith("/")]
        program = os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115 - Path has it only since 3.9
    except OSError:
        return scripts  # it has ended, or is not ours to look at
    gone = " (deleted)"
    return [program[: -len(gone)] if program.endswith(gone) else program, *scripts]


def _local(text: str) -> float | None:
    try:
        return time.mktime(time.strptime(text, "%Y-%m-%d %H:%M:%S"))
    except (ValueError, OverflowError):
        return None


def _newest(events: list[Event]) -> list[Event]:
    """The newest of each kind, so that none drowns the others; the same thing once."""
    ordered = sorted(events, key=lambda event: (event.at, event.what), reverse=True)
    kept: dict[tuple[str, str], Event] = {}
    counts: dict[str, int] = {}
    for event in ordered:
        if (event.kind, event.what) not in kept and counts.get(event.kind, 0) < MOST_OF_A_KIND:
            counts[event.kind] = counts.get(event.kind, 0) + 1
            kept[event.kind, event.what] = event
    return list(kept.values())[:MOST]
