"""Walking a path on a host without Python: every component is looked at before anything below it is touched.

Without descriptors a race between the look and the act cannot be excluded where others can rename things; such places are refused.
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from adapters.host.plain_script import ENVIRONMENT, SECONDS, Exec, code_of
from adapters.host.walk import Inode, inodes_of
from core.errors import InvalidError, NeverError, UnavailableError
from core.never_list import why_data_directory
from core.never_table import DATA_FILES
from core.paths import Parts, parts_of
from core.skill import HostError
from core.world import FileInfo

FORMAT = "%f %u %g %h %s %Y %d %i %b %n"
_KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as stat over there sees it, the link itself and not what it leads to."""

    mode: int
    uid: int
    gid: int
    links: int
    size: int
    mtime: int
    device: int
    inode: int
    blocks: int

    @property
    def kind(self) -> str:
        """File, dir, link or other."""
        return _KINDS.get(stat.S_IFMT(self.mode), "other")

    @property
    def identity(self) -> str:
        """What tells it from another one of that name."""
        return f"{self.device}:{self.inode}"

    def info(self, path: str, target: str = "") -> FileInfo:
        """As the port says it."""
        mode = stat.S_IMODE(self.mode)
        return FileInfo(path, self.kind, self.size, float(self.mtime), mode, self.uid, self.links, target, self.gid)


def entry_of(line: str) -> tuple[str, Entry]:
    """The name and the entry of one line of `stat -c FORMAT`; raises UnavailableError for what is none."""
    words = line.split(" ", 9)
    try:
        mode, *numbers = int(words[0], 16), *map(int, words[1:9])
        return words[9], Entry(mode, *numbers)
    except (ValueError, IndexError, TypeError) as error:
        raise UnavailableError(
            "stat on the host said what cannot be read; it has neither GNU's nor busybox's"
        ) from error


def allowed(path: str, why_never: Callable[[str], str | None]) -> Parts:
    """The components of a path that no list forbids; raises NeverError, InvalidError."""
    parts = parts_of(path)
    if reason := why_never(path):
        raise NeverError(path, reason)
    if parts[:2] in {("proc", "mounts"), ("proc", "net")}:
        return ("proc", "1", *parts[1:])  # links that the kernel itself keeps
    return parts


class Looks:
    """Stat over there, and what it says about a way."""

    def __init__(self, exec_: Exec, protected: tuple[Path, ...]) -> None:
        self._exec, self._protected = exec_, protected
        self._me: int | None = None

    def at(self, parts: Parts, *, to_change: bool = False, to_delete: bool = False) -> Entry | None:
        """The entry, None where the last component is missing; raises HostError, NeverError for a way that cannot be gone.

        What is read or deleted may lie in a folder of somebody else, an application's logs mostly: what is read is told by its descriptor,
        and what is deleted there its owner could have deleted. Everything else needs a last folder in which nobody else renames.
        """
        prefixes = ["/", *("/" + "/".join(parts[: n + 1]) for n in range(len(parts)))]
        ways = prefixes[:-1]
        beside = [f"{way.rstrip('/')}/{name}" for way in ways for name in sorted(DATA_FILES)]
        beside = beside if to_change or to_delete else []
        found, said = self._stat([*prefixes, *beside])
        for way in ways:
            self._require_way(way, found, said)
        for way in ways if to_change else ways[:-1]:
            self._require_ours(way, found[way])
        for way in ways if beside else ():
            names = [name for name in DATA_FILES if f"{way.rstrip('/')}/{name}" in found]
            if reason := why_data_directory(names):
                raise NeverError(f"a change below {way}", reason)
        last = prefixes[-1]
        if last not in found and _was_denied(last, said):
            raise HostError("denied", f"{last}: Permission denied")
        entry = found.get(last)
        if entry is not None:
            self.refuse_own(entry, last)
        return entry

    def refuse_own(self, entry: Entry, name: str) -> None:
        """Raises NeverError for what is Nightshift's own, where this host shares a file system with it."""
        own: frozenset[Inode] = inodes_of(self._protected)
        if (entry.device, entry.inode) in own:
            raise NeverError(name, "it is Nightshift's own")

    def _stat(self, paths: list[str]) -> tuple[dict[str, Entry], str]:
        status, out, err = self._exec((*ENVIRONMENT, "stat", "-c", FORMAT, "--", *paths), b"", SECONDS)
        if status == 127:
            raise UnavailableError("the host has no stat; without it no path can be looked at safely")
        lines = out.decode("utf-8", "surrogateescape").splitlines()
        return dict(map(entry_of, lines)), err.decode("utf-8", "replace")

    def _require_way(self, way: str, found: dict[str, Entry], said: str) -> None:
        entry = found.get(way)
        if entry is None:
            raise HostError("denied" if _was_denied(way, said) else "missing", f"{way}: cannot be entered")
        if entry.kind == "link":
            raise HostError("denied", f"{way}: a link on the way")
        if entry.kind != "dir":
            raise HostError("missing", f"{way}: a file on the way")
        self.refuse_own(entry, way)

    def _require_ours(self, way: str, entry: Entry) -> None:
        """Only root and we ourselves may be able to put another entry there."""
        if way == "/proc" or way.startswith("/proc/"):
            return  # the kernel names what is there
        is_shared = entry.mode & stat.S_IWOTH or (entry.mode & stat.S_IWGRP and entry.gid != 0)
        if is_shared or entry.uid not in {0, self._identity()}:
            raise HostError(
                "denied",
                f"others than root can rename what is in {way}, and without python3 on this host a race cannot be excluded",
            )

    def _identity(self) -> int:
        if self._me is None:
            status, out, err = self._exec((*ENVIRONMENT, "id", "-u"), b"", SECONDS)
            if status != 0 or not out.strip().isdigit():
                raise UnavailableError(
                    f"the host does not say who we are there: {err.decode('utf-8', 'replace')[:100]}"
                )
            self._me = int(out)
        return self._me


def split(parts: Parts) -> tuple[str, str]:
    """The directory's path and the name in it."""
    if not parts:
        raise InvalidError("'/' is a directory, not an entry of one")
    return "/" + "/".join(parts[:-1]), parts[-1]


def _was_denied(path: str, said: str) -> bool:
    lines = [line for line in said.splitlines() if f"'{path}'" in line]
    return any(code_of(line) == "denied" for line in lines)
