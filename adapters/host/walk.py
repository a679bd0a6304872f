"""Walking paths one component at a time: no link is followed; Nightshift's own is known by device and inode."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import InvalidError, NeverError
from core.never_list import why_data_directory, why_never_listed, why_never_read, why_never_written
from core.never_table import DATA_FILES
from core.paths import Parts, parts_of
from core.skill import HostError

Inode = tuple[int, int]

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CODES = {
    errno.ENOENT: "missing",
    errno.EEXIST: "exists",
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.ELOOP: "denied",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.ESRCH: "changed",
    errno.ETIMEDOUT: "timeout",
}


def inodes_of(paths: tuple[Path, ...]) -> frozenset[Inode]:
    """Device and inode of what exists of these paths; a bind mount or a hard link elsewhere carries the same pair."""
    return frozenset((info.st_dev, info.st_ino) for info in (path.stat() for path in paths if path.exists()))


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Turns the operating system's refusal into the code that a skill sees; the path is the one that was asked for."""
    try:
        yield
    except OSError as error:
        raise HostError(_CODES.get(error.errno or 0, "failed"), f"{path}: {error.strerror or error}") from error


class Walker:
    """Opens entries by descriptor, behind two walls: the never list by path, our own things by inode."""

    def __init__(self, protected: frozenset[Inode]) -> None:
        self._protected = protected

    @staticmethod
    def listable(path: str) -> Parts:
        """The components of a path whose entry, not content, may be looked at."""
        return _allowed(path, why_never_listed)

    @staticmethod
    def readable(path: str) -> Parts:
        """The components of a path whose content may be read; raises NeverError for what nothing reads (TRUST 5)."""
        return _allowed(path, why_never_read)

    @staticmethod
    def writable(path: str) -> Parts:
        """The components of a path that may be changed; raises NeverError for what no mode opens (TRUST 5)."""
        return _allowed(path, why_never_written)

    @contextmanager
    def directory(self, parts: Parts, *, to_change: bool = False) -> Iterator[int]:
        """A descriptor of the directory `parts`; `to_change` also refuses what lies in a database's own directory."""
        at = os.open("/", _DIRECTORY)
        try:
            for name in parts:
                below = _open_below(at, name)
                os.close(at)
                at = below
                self.refuse_own(os.fstat(at), name)
                if to_change and (reason := why_data_directory(_data_files_in(at))):
                    raise NeverError(f"a change below {name}", reason)
            yield at
        finally:
            os.close(at)

    @contextmanager
    def parent(self, parts: Parts, *, to_change: bool = False) -> Iterator[tuple[int, str]]:
        """The directory that an entry is in, and the entry's name there."""
        if not parts:
            raise InvalidError("'/' is a directory, not an entry of one")
        with self.directory(parts[:-1], to_change=to_change) as at:
            yield at, parts[-1]

    @contextmanager
    def plain_file(self, at: int, name: str, flags: int) -> Iterator[tuple[int, os.stat_result]]:
        """An open plain file with one name; a second hard link could lead to something that is out of reach by path."""
        opened = os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY, dir_fd=at)
        try:
            info = os.fstat(opened)
            self.refuse_own(info, name)
            if not stat.S_ISREG(info.st_mode):
                raise HostError("denied", f"{name} is not a plain file")
            if info.st_nlink != 1:
                raise HostError("denied", f"{name} has {info.st_nlink} hard links")
            yield opened, info
        finally:
            os.close(opened)

    def refuse_own(self, info: os.stat_result, name: str) -> None:
        """Raises NeverError for Nightshift's own code, environment, data, key and settings."""
        if (info.st_dev, info.st_ino) in self._protected:
            raise NeverError(name, "it is Nightshift's own")


def _open_below(at: int, name: str) -> int:
    try:
        return os.open(name, _DIRECTORY, dir_fd=at)
    except OSError as error:
        if error.errno not in {errno.ENOTDIR, errno.ELOOP}:
            raise
        code = errno.ELOOP if stat.S_ISLNK(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode) else errno.ENOENT
        raise OSError(code, "a link on the way" if code == errno.ELOOP else "a file on the way", name) from error


def _allowed(path: str, why_never: Callable[[str], str | None]) -> Parts:
    parts = parts_of(path)
    if reason := why_never(path):
        raise NeverError(path, reason)
    if parts[:2] in {("proc", "mounts"), ("proc", "net")}:
        return ("proc", str(os.getpid()), *parts[1:])  # links that the kernel itself keeps, to what we see ourselves
    return parts


def _data_files_in(at: int) -> list[str]:
    found = []
    for name in DATA_FILES:
        with contextlib.suppress(OSError):
            os.stat(name, dir_fd=at, follow_symlinks=False)
            found.append(name)
    return found
