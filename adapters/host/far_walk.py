"""Walking over there, component by component and without following a link. Sent to a far host as text; see far_helper."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from typing import Any

from adapters.host.far_line import Refused, refuse

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Walk:
    """Component by component, no link followed; `protected` are (device, inode) pairs, `data_files` names that tell a database."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.protected = {(device, inode) for device, inode in request.get("protected", ())}
        self.data_files = list(request.get("data_files", ()))

    @contextlib.contextmanager
    def directory(self, parts: list[str], *, to_change: bool = False) -> Iterator[int]:
        """A descriptor of it."""
        at = os.open("/", DIRECTORY)
        try:
            for name in parts:
                below = open_below(at, name)
                os.close(at)
                at = below
                self.refuse_own(os.fstat(at), name)
                if to_change:
                    self.refuse_database(at, name)
            yield at
        finally:
            os.close(at)

    def refuse_database(self, at: int, name: str) -> None:
        """A directory that holds one of these names is a database's own."""
        for known in sorted(self.data_files):
            with contextlib.suppress(OSError):
                os.stat(known, dir_fd=at, follow_symlinks=False)
                raise Refused("never", "a change below " + name, "a database's own directory: it holds " + known)

    @contextlib.contextmanager
    def parent(self, parts: list[str], *, to_change: bool = False) -> Iterator[tuple[int, str]]:
        """The directory that an entry is in, and its name there."""
        if not parts:
            raise Refused("invalid", "'/' is a directory, not an entry of one")
        with self.directory(parts[:-1], to_change=to_change) as at:
            yield at, parts[-1]

    @contextlib.contextmanager
    def plain_file(self, at: int, name: str, flags: int) -> Iterator[tuple[int, os.stat_result]]:
        """An open plain file with one name."""
        opened = os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY, dir_fd=at)
        try:
            info = os.fstat(opened)
            self.refuse_own(info, name)
            if not stat.S_ISREG(info.st_mode):
                refuse("denied", name + " is not a plain file")
            if info.st_nlink != 1:
                refuse("denied", f"{name} has {info.st_nlink} hard links")
            yield opened, info
        finally:
            os.close(opened)

    def require_plain(self, at: int, name: str) -> os.stat_result:
        """The info of a plain file by name."""
        info = os.stat(name, dir_fd=at, follow_symlinks=False)
        self.refuse_own(info, name)
        if not stat.S_ISREG(info.st_mode):
            refuse("denied", name + " is not a plain file")
        return info

    def refuse_own(self, info: os.stat_result, name: str) -> None:
        """Nightshift's own, where this host is Nightshift's too."""
        if (info.st_dev, info.st_ino) in self.protected:
            raise Refused("never", name, "it is Nightshift's own")


def open_below(at: int, name: str) -> int:
    """The directory `name` in `at`; a link or a file on the way is told apart from nothing."""
    try:
        return os.open(name, DIRECTORY, dir_fd=at)
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP):
            raise
        is_link = stat.S_ISLNK(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode)
        code, text = (errno.ELOOP, "a link on the way") if is_link else (errno.ENOENT, "a file on the way")
        raise OSError(code, text, name) from error


def parts_here(parts: list[str]) -> list[str]:
    """Links that the kernel itself keeps lead to what we see ourselves."""
    return ["proc", str(os.getpid()), *parts[1:]] if parts[:2] in (["proc", "mounts"], ["proc", "net"]) else parts
