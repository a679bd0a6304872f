"""Files over there, looked at and changed; a change is whole, or did not happen. Sent to a far host as text; see far_helper."""

from __future__ import annotations

import base64
import contextlib
import ctypes
import errno
import heapq
import os
import stat
from typing import Any

from adapters.host.far_line import refuse
from adapters.host.far_walk import Walk, parts_here

KEPT = 1 << 20
LIBC = ctypes.CDLL(None, use_errno=True)


def do_read(walk: Walk, path: str, parts: list[str], limit: int) -> Any:
    """Info, bytes and their hash."""
    parts = parts_here(parts)
    if limit <= 0:
        if not parts:
            return {"info": plain_info(path, os.lstat("/")), "data": ""}
        with walk.parent(parts) as (at, name):
            info = os.stat(name, dir_fd=at, follow_symlinks=False)
            return {"info": entry(at, name, path, info, is_open=is_fd_table(parts[:-1])), "data": ""}
    with walk.parent(parts) as (at, name), walk.plain_file(at, name, os.O_RDONLY) as (file, info):
        return {"info": plain_info(path, info), "data": text_of(read_up_to(file, limit))}


def do_list(walk: Walk, path: str, parts: list[str], limit: int) -> Any:
    """Entries by name, at most so many."""
    parts, found = parts_here(parts), []
    with walk.directory(parts) as at:
        for name in heapq.nsmallest(limit, os.listdir(at)):  # noqa: PTH208 - by descriptor
            with contextlib.suppress(FileNotFoundError):
                info = os.stat(name, dir_fd=at, follow_symlinks=False)
                found.append(entry(at, name, path.rstrip("/") + "/" + shown(name), info, is_open=is_fd_table(parts)))
    return found


def is_fd_table(parts: list[str]) -> bool:
    """True for /proc/PID/fd."""
    return parts[:1] == ["proc"] and parts[2:] == ["fd"] and parts[1].isdigit()


def entry(at: int, name: str, path: str, info: os.stat_result, *, is_open: bool) -> Any:
    """One entry; the file behind an open descriptor may be looked at, never opened."""
    if not stat.S_ISLNK(info.st_mode):
        return plain_info(path, info)
    target = shown(os.readlink(name, dir_fd=at))
    return plain_info(path, info, target, os.stat(name, dir_fd=at) if is_open else info)


def plain_info(path: str, info: os.stat_result, target: str = "", behind: os.stat_result | None = None) -> Any:
    """In the order of the fields at home."""
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link"}
    seen = behind or info
    kind = kinds.get(stat.S_IFMT(info.st_mode), "other")
    return [
        path,
        kind,
        seen.st_size,
        info.st_mtime,
        stat.S_IMODE(info.st_mode),
        info.st_uid,
        seen.st_nlink,
        target,
        info.st_gid,
    ]


def shown(name: str) -> str:
    """A name that is not UTF-8 is shown with marks instead."""
    return os.fsencode(name).decode("utf-8", "replace")


def read_up_to(file: int, limit: int) -> bytes:
    """Never more."""
    data = bytearray()
    while len(data) < limit:
        piece = os.read(file, min(65536, limit - len(data)))
        if not piece:
            break
        data += piece
    return bytes(data)


def kept(file: int, info: os.stat_result) -> bytes | None:
    """The former bytes where they are few enough for an undo."""
    data = read_up_to(file, KEPT + 1) if info.st_size <= KEPT else b" " * (KEPT + 1)
    return data if len(data) <= KEPT else None


def text_of(data: bytes | None) -> str | None:
    """Bytes as they travel."""
    return None if data is None else base64.b64encode(data).decode("ascii")


# ---- changing ----


def do_write(walk: Walk, parts: list[str], data: str, mode: int, owner: list[int]) -> Any:
    """Another file takes the place of the old one, or nothing happened. `owner`: uid and gid of a new one, -1 where they are not known."""
    content = base64.b64decode(data)
    with walk.parent(parts, to_change=True) as (at, name):
        temporary = ".nightshift-" + os.urandom(6).hex()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        made = os.open(temporary, flags, 0o600, dir_fd=at)
        try:
            old = take_after_old(walk, at, name, made)
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(made, rest) :]
            before, mode = old if old else (None, mode & 0o777)
            if old is None and owner[0] >= 0:
                os.fchown(made, owner[0], owner[1])
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
        return [len(content), text_of(before), mode]


def take_after_old(walk: Walk, at: int, name: str, made: int) -> tuple[bytes | None, int] | None:
    """Owner and labels of the file that is replaced; returns its bytes and mode."""
    try:
        with walk.plain_file(at, name, os.O_RDONLY) as (file, info):
            mine = os.fstat(made)
            if (info.st_uid, info.st_gid) != (mine.st_uid, mine.st_gid):
                os.fchown(made, info.st_uid, info.st_gid)
            for label in os.listxattr(file):
                if label != "security.capability":
                    os.setxattr(made, label, os.getxattr(file, label))
            return kept(file, info), info.st_mode & 0o777
    except FileNotFoundError:
        return None


def do_delete(walk: Walk, parts: list[str]) -> Any:
    """Under a private name nobody can swap it between the look and the deletion."""
    with walk.parent(parts, to_change=True) as (at, name):
        walk.require_plain(at, name)
        private = ".nightshift-" + os.urandom(6).hex()
        rename_no_replace(name, private, at, at)
        try:
            info = walk.require_plain(at, private)
            before = bytes_of(at, private, info)
            os.unlink(private, dir_fd=at)
        except BaseException:
            rename_no_replace(private, name, at, at)
            raise
        os.fsync(at)
        return [freed(info) if info.st_nlink == 1 else 0, text_of(before), info.st_mode & 0o777]


def do_move(walk: Walk, parts: list[str], to_parts: list[str]) -> Any:
    """On one file system, never over another file."""
    with walk.parent(parts, to_change=True) as (at, name), walk.parent(to_parts, to_change=True) as (to, new):
        info = walk.require_plain(at, name)
        rename_no_replace(name, new, at, to)
        there = os.stat(new, dir_fd=to, follow_symlinks=False)
        if (there.st_dev, there.st_ino) != (info.st_dev, info.st_ino):
            rename_no_replace(new, name, to, at)
            refuse("changed", name + " was replaced while it was being moved")
        os.fsync(to)
        os.fsync(at)
        return [0, None, 0o644]


def do_truncate(walk: Walk, parts: list[str]) -> Any:
    """Emptied in place."""
    with walk.parent(parts, to_change=True) as (at, name), walk.plain_file(at, name, os.O_RDWR) as (file, info):
        before = kept(file, info)
        os.ftruncate(file, 0)
        os.fsync(file)
        return [freed(info), text_of(before), info.st_mode & 0o777]


def do_empty_deleted(walk: Walk, path: str, parts: list[str], target: str, folder: list[str]) -> Any:
    """A deleted file that a process holds open: only if the link still says what was judged at home."""
    if int(parts[1]) in (os.getpid(), os.getppid()):
        refuse("denied", path + " belongs to Nightshift itself")
    with walk.parent(parts) as (at, name):
        if shown(os.readlink(name, dir_fd=at)) != target:
            refuse("changed", path + " is another file now")
        with contextlib.suppress(OSError), walk.directory(folder, to_change=True):
            pass
        listed = os.stat(name, dir_fd=at)
        opened = os.open(name, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY, dir_fd=at)
        try:
            info = os.fstat(opened)
            walk.refuse_own(info, path)
            if not stat.S_ISREG(info.st_mode) or info.st_nlink != 0:
                refuse("denied", path + " is not a deleted plain file")
            if (info.st_dev, info.st_ino) != (listed.st_dev, listed.st_ino):
                refuse("changed", path + " is another file now")
            size = info.st_blocks * 512
            os.ftruncate(opened, 0)
            return [size, None, info.st_mode & 0o777]
        finally:
            os.close(opened)


def bytes_of(at: int, name: str, info: os.stat_result) -> bytes | None:
    """None where it is too large, or not ours to read although it is ours to delete."""
    if info.st_size > KEPT:
        return None
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=at)
    except PermissionError:
        return None
    try:
        return kept(file, info)
    finally:
        os.close(file)


def freed(info: os.stat_result) -> int:
    """What it holds on disk, but not the slack of its last block."""
    return min(info.st_size, info.st_blocks * 512)


def rename_no_replace(old: str, new: str, old_dir: int, new_dir: int) -> None:
    """FileExistsError when the new name is taken, whatever raced us there."""
    renameat2 = getattr(LIBC, "renameat2", None)
    if renameat2 is not None:
        if renameat2(old_dir, os.fsencode(old), new_dir, os.fsencode(new), 1) == 0:
            return
        number = ctypes.get_errno()
        if number not in (errno.ENOSYS, errno.EINVAL):
            raise OSError(number, os.strerror(number))
    os.link(old, new, src_dir_fd=old_dir, dst_dir_fd=new_dir, follow_symlinks=False)
    os.unlink(old, dir_fd=old_dir)
