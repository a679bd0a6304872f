"""Emptying a deleted file that a process still has open, by `/proc/PID/fd/N`: a full disk where `du` finds nothing."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat

from adapters.host.walk import Walker
from core.errors import NeverError
from core.host_change import Changed
from core.never_list import why_never_emptied
from core.paths import Parts, parts_of
from core.skill import HostError

_DELETED = " (deleted)"
_NOT_ON_DISK = ("/memfd:", "/SYSV", "/dev/", "/[aio]", "/anon_hugepage")
"""Regular and unlinked by nature, and memory that processes share: emptying one breaks its owner and frees no disk."""


def truncate_deleted(walk: Walker, path: str) -> Changed:
    """Empties it if it is a plain file, deleted, not Nightshift's, and when opened still the one that was looked at."""
    parts = parts_of(path)
    if int(parts[1]) in {os.getpid(), os.getppid()}:
        raise HostError("denied", f"{path} belongs to Nightshift itself")
    with walk.parent(parts) as (at, name):
        target = os.readlink(name, dir_fd=at)
        if not target.endswith(_DELETED) or target.startswith(_NOT_ON_DISK):
            raise HostError("denied", f"{path} is not a deleted file on a disk")
        if reason := why_never_emptied(target):
            raise NeverError(target, reason)
        _refuse_protected_folder(walk, parts_of(target.removesuffix(_DELETED)))
        listed = os.stat(name, dir_fd=at)
        opened = os.open(name, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY, dir_fd=at)
        try:
            info = os.fstat(opened)
            walk.refuse_own(info, path)
            if not stat.S_ISREG(info.st_mode) or info.st_nlink != 0:
                raise HostError("denied", f"{path} is not a deleted plain file")
            if (info.st_dev, info.st_ino) != (listed.st_dev, listed.st_ino):
                raise HostError("changed", f"{path} is another file now")
            freed = info.st_blocks * 512
            os.ftruncate(opened, 0)
            return Changed(freed, None, info.st_mode & 0o777, hashlib.sha256(b"").hexdigest())
        finally:
            os.close(opened)


def _refuse_protected_folder(walk: Walker, parts: Parts) -> None:
    """A file that was deleted from our data folder, or a database's, stays what it was, whoever holds it open."""
    with contextlib.suppress(OSError), walk.directory(parts[:-1], to_change=True):
        return
