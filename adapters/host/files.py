"""Files of this machine, read and changed without following a link; a change is whole, or did not happen."""

from __future__ import annotations

import hashlib
import heapq
import os
import secrets
import stat
from collections.abc import Iterable

from adapters.host.deleted_file import truncate_deleted
from adapters.host.syscalls import rename_no_replace
from adapters.host.walk import Inode, Walker, translated
from core.host_change import Changed, FileDelete, FileMove, FileTruncate, FileWrite
from core.never_list import is_open_file
from core.skill import HostError
from core.world import FileContent, FileInfo

KEPT = 1 << 20
"""Former bytes are handed back for an undo up to this size."""

FileChange = FileWrite | FileDelete | FileMove | FileTruncate


class Files:
    """The file half of a Host."""

    def __init__(self, protected: frozenset[Inode]) -> None:
        self._walk = Walker(protected)

    def read(self, path: str, limit: int) -> FileContent:
        """See `core.ports.Host.read`."""
        with translated(path):
            if limit <= 0:
                return FileContent(self._stat(path), b"", hashlib.sha256(b"").hexdigest())
            parts = self._walk.readable(path)
            with self._walk.parent(parts) as (at, name), self._walk.plain_file(at, name, os.O_RDONLY) as (file, info):
                data = _read_up_to(file, limit)
                return FileContent(_info(path, info), data, hashlib.sha256(data).hexdigest())

    def list(self, path: str, limit: int) -> tuple[FileInfo, ...]:
        """See `core.ports.Host.list`."""
        parts = self._walk.listable(path)
        with translated(path), self._walk.directory(parts) as at:
            names = heapq.nsmallest(limit, os.listdir(at))  # noqa: PTH208 - by descriptor
            return tuple(self._entries(at, path.rstrip("/"), names, is_fd_table=_is_fd_table(parts)))

    def change(self, change: FileChange) -> Changed:
        """See `core.ports.Host.change`."""
        with translated(change.path):
            if isinstance(change, FileWrite):
                return self._write(change)
            if isinstance(change, FileDelete):
                return self._delete(change.path)
            if isinstance(change, FileMove):
                return self._move(change)
            return self._truncate(change.path)

    # ---- looking ---------------------------------------------------------------------------------------------------

    def _stat(self, path: str) -> FileInfo:
        parts = self._walk.listable(path)
        if not parts:
            return _info(path, os.lstat("/"))
        with self._walk.parent(parts) as (at, name):
            info = os.stat(name, dir_fd=at, follow_symlinks=False)
            return _entry(at, name, path, info, is_fd_table=_is_fd_table(parts[:-1]))

    @staticmethod
    def _entries(at: int, path: str, names: Iterable[str], *, is_fd_table: bool) -> Iterable[FileInfo]:
        for name in names:
            try:
                info = os.stat(name, dir_fd=at, follow_symlinks=False)
                yield _entry(at, name, f"{path}/{_shown(name)}", info, is_fd_table=is_fd_table)
            except FileNotFoundError:
                continue  # gone since the directory was read; it is no longer an entry

    # ---- changing --------------------------------------------------------------------------------------------------

    def _write(self, change: FileWrite) -> Changed:
        with self._walk.parent(self._walk.writable(change.path), to_change=True) as (at, name):
            made, temporary = _make_temporary(at)
            try:
                old = self._take_after_old(at, name, made)
                _write_all(made, change.data)
                before, mode = old if old else (None, change.mode & 0o777)
                if old is None and change.uid >= 0:
                    os.fchown(made, change.uid, change.gid)
                os.fchmod(made, mode)
                os.fsync(made)
                if old:
                    os.rename(temporary, name, src_dir_fd=at, dst_dir_fd=at)
                else:
                    rename_no_replace(temporary, name, at, at)
            except BaseException:
                os.unlink(temporary, dir_fd=at)
                raise
            finally:
                os.close(made)
            os.fsync(at)
            return Changed(len(change.data), before, mode, hashlib.sha256(change.data).hexdigest())

    def _take_after_old(self, at: int, name: str, made: int) -> tuple[bytes | None, int] | None:
        """Gives the new file owner and labels of the one it replaces; returns that one's bytes and mode."""
        try:
            with self._walk.plain_file(at, name, os.O_RDONLY) as (file, info):
                mine = os.fstat(made)
                if (info.st_uid, info.st_gid) != (mine.st_uid, mine.st_gid):
                    os.fchown(made, info.st_uid, info.st_gid)
                for label in os.listxattr(file):
                    if label != "security.capability":  # a new content has not earned the privileges of the old one
                        os.setxattr(made, label, os.getxattr(file, label))
                return _kept(file, info), info.st_mode & 0o777
        except FileNotFoundError:
            return None

    def _delete(self, path: str) -> Changed:
        with self._walk.parent(self._walk.writable(path), to_change=True) as (at, name):
            self._require_plain(at, name)
            # Under a private name nobody can swap it between the look and the deletion.
            private = f".nightshift-{secrets.token_hex(6)}"
            rename_no_replace(name, private, at, at)
            try:
                info = self._require_plain(at, private)
                before = self._bytes_of(at, private, info)
                os.unlink(private, dir_fd=at)
            except BaseException:
                rename_no_replace(private, name, at, at)
                raise
            os.fsync(at)
            return Changed(_freed(info) if info.st_nlink == 1 else 0, before, info.st_mode & 0o777)

    def _move(self, change: FileMove) -> Changed:
        source, target = self._walk.writable(change.path), self._walk.writable(change.to)
        with (
            self._walk.parent(source, to_change=True) as (at, name),
            self._walk.parent(target, to_change=True) as (to, new),
        ):
            identity = _identity(self._require_plain(at, name))
            rename_no_replace(name, new, at, to)
            if _identity(os.stat(new, dir_fd=to, follow_symlinks=False)) != identity:
                rename_no_replace(new, name, to, at)
                raise HostError("changed", f"{change.path} was replaced while it was being moved")
            os.fsync(to)
            os.fsync(at)
            return Changed(0)

    def _truncate(self, path: str) -> Changed:
        if is_open_file(path):
            return truncate_deleted(self._walk, path)
        with (
            self._walk.parent(self._walk.writable(path), to_change=True) as (at, name),
            self._walk.plain_file(at, name, os.O_RDWR) as (file, info),
        ):
            before = _kept(file, info)
            os.ftruncate(file, 0)
            os.fsync(file)
            return Changed(_freed(info), before, info.st_mode & 0o777, hashlib.sha256(b"").hexdigest())

    def _require_plain(self, at: int, name: str) -> os.stat_result:
        info = os.stat(name, dir_fd=at, follow_symlinks=False)
        self._walk.refuse_own(info, name)
        if not stat.S_ISREG(info.st_mode):
            raise HostError("denied", f"{name} is not a plain file")
        return info

    @staticmethod
    def _bytes_of(at: int, name: str, info: os.stat_result) -> bytes | None:
        """What an undo would need; None where it is too large, or not ours to read although it is ours to delete."""
        if info.st_size > KEPT:
            return None
        try:
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=at)
        except PermissionError:
            return None
        try:
            return _kept(file, info)
        finally:
            os.close(file)


def _make_temporary(at: int) -> tuple[int, str]:
    name = f".nightshift-{secrets.token_hex(6)}"
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=at), name


def _write_all(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _read_up_to(file: int, limit: int) -> bytes:
    data = bytearray()
    while len(data) < limit and (piece := os.read(file, min(65536, limit - len(data)))):
        data += piece
    return bytes(data)


def _kept(file: int, info: os.stat_result) -> bytes | None:
    if info.st_size > KEPT:
        return None
    data = _read_up_to(file, KEPT + 1)
    return data if len(data) <= KEPT else None


def _freed(info: os.stat_result) -> int:
    """Bytes that come free: what it holds on disk, but not the slack of its last block."""
    return min(info.st_size, info.st_blocks * 512)


def _identity(info: os.stat_result) -> Inode:
    return info.st_dev, info.st_ino


def _shown(name: str) -> str:
    """A name that is not UTF-8 is shown with marks instead, and can then not be acted upon."""
    return os.fsencode(name).decode("utf-8", "replace")


def _is_fd_table(parts: tuple[str, ...]) -> bool:
    return parts[:1] == ("proc",) and parts[2:] == ("fd",) and parts[1].isdigit()


def _entry(at: int, name: str, path: str, info: os.stat_result, *, is_fd_table: bool) -> FileInfo:
    """One entry; the kernel makes the links in /proc/PID/fd, so the file behind them may be looked at, never opened."""
    if not stat.S_ISLNK(info.st_mode):
        return _info(path, info)
    target = _shown(os.readlink(name, dir_fd=at))
    behind = os.stat(name, dir_fd=at) if is_fd_table else info
    return _info(path, info, target, behind)


def _info(path: str, info: os.stat_result, target: str = "", behind: os.stat_result | None = None) -> FileInfo:
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link"}
    seen = behind or info
    return FileInfo(
        path,
        kinds.get(stat.S_IFMT(info.st_mode), "other"),
        seen.st_size,
        info.st_mtime,
        stat.S_IMODE(info.st_mode),
        info.st_uid,
        seen.st_nlink,
        target,
        info.st_gid,
    )
