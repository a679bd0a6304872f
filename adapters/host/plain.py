"""A Host over nothing but commands: for a container or a server that has no python3, only POSIX sh and busybox or its like.

Weaker than the helper, and refusing where that matters: see `adapters.host.plain_walk`. Owner, mode and content of a file that is
written anew are kept, its extended attributes are not.
"""

from __future__ import annotations

import hashlib
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from adapters.host.files import KEPT
from adapters.host.plain_process import Commands, processes, send_signal
from adapters.host.plain_script import (
    DELETE,
    LIST,
    LIST_OPEN,
    MOVE,
    READ,
    SECONDS,
    TRUNCATE,
    TRUNCATE_OPEN,
    WRITE,
    Exec,
    refuse,
    shell,
)
from adapters.host.plain_walk import FORMAT, Entry, Looks, allowed, entry_of, split
from core.errors import NeverError, UnavailableError
from core.host_change import Change, Changed, FileDelete, FileMove, FileTruncate, FileWrite, ProcessSignal
from core.never_list import is_open_file, why_never_emptied, why_never_listed, why_never_read, why_never_written
from core.paths import Parts, parts_of
from core.skill import HostError
from core.world import CommandResult, FileContent, FileInfo, Process

_DELETED = " (deleted)"
_NOT_ON_DISK = ("/memfd:", "/SYSV", "/dev/", "/[aio]", "/anon_hugepage")
_EMPTY = hashlib.sha256(b"").hexdigest()


class PlainHost:
    """Host port over `exec_`; `protected` is Nightshift's own, where this host can see files of this machine."""

    def __init__(self, exec_: Exec, protected: tuple[Path, ...] = (), close: Callable[[], None] = lambda: None) -> None:
        self._exec, self._close = exec_, close
        self._looks, self._commands = Looks(exec_, protected), Commands(exec_)

    # ---- looking ---------------------------------------------------------------------------------------------------

    def read(self, path: str, limit: int) -> FileContent:
        """See `core.ports.Host`."""
        if limit <= 0:
            return FileContent(self._info(path), b"", _EMPTY)
        parts = allowed(path, why_never_read)
        split(parts)
        entry = self._plain_file(path, self._looks.at(parts))
        data = self._bytes(parts, entry, limit)
        return FileContent(entry.info(path), data, hashlib.sha256(data).hexdigest())

    def list(self, path: str, limit: int) -> tuple[FileInfo, ...]:
        """See `core.ports.Host`."""
        parts = allowed(path, why_never_listed)
        entry = _present(path, self._looks.at(parts))
        if entry.kind != "dir":
            raise HostError("denied" if entry.kind == "link" else "missing", f"{path} is no directory")
        folder = "/" + "/".join(parts)
        if _is_fd_table(parts):
            return self._open_files(folder, limit)
        out = self._run(LIST, path, folder, str(limit), FORMAT)
        entries = map(entry_of, out.decode("utf-8", "replace").splitlines())
        found = [self._shown(f"{path.rstrip('/')}/{name}", entry) for name, entry in entries]
        return tuple(sorted(found, key=lambda info: info.path))[:limit]

    def processes(self) -> tuple[Process, ...]:
        """See `core.ports.Host`: as far as the host shows them to us."""
        return processes(self._exec)

    def run(self, argv: tuple[str, ...], timeout: float, started: Callable[[int, int], None]) -> CommandResult:
        """See `core.ports.Host`."""
        return self._commands.run(argv, timeout, started)

    def close(self) -> None:
        """Gives back what carries the commands."""
        self._close()

    # ---- changing --------------------------------------------------------------------------------------------------

    def change(self, change: Change) -> Changed:
        """See `core.ports.Host`."""
        if isinstance(change, ProcessSignal):
            send_signal(self._exec, change)
            return Changed(0)
        if isinstance(change, FileTruncate) and is_open_file(change.path):
            return self._truncate_open(change.path)
        parts = allowed(change.path, why_never_written)
        if isinstance(change, FileMove):
            target = allowed(change.to, why_never_written)
            return self._move(change, parts, target)
        if isinstance(change, FileDelete):
            return self._delete(change.path, parts, _plain(change.path, self._looks.at(parts, to_delete=True)))
        entry = self._looks.at(parts, to_change=True)
        if isinstance(change, FileWrite):
            return self._write(change, parts, entry)
        return self._truncate(change.path, parts, self._plain_file(change.path, entry))

    def _write(self, change: FileWrite, parts: Parts, entry: Entry | None) -> Changed:
        folder, name = split(parts)
        before, identity, mode = None, "", change.mode & 0o777
        owner = f"{change.uid}:{change.gid}" if change.uid >= 0 and change.gid >= 0 else ""
        if entry is not None:
            self._plain_file(change.path, entry)
            before = self._kept(parts, entry)
            owner, identity, mode = f"{entry.uid}:{entry.gid}", entry.identity, stat.S_IMODE(entry.mode) & 0o777
        sha256, private = hashlib.sha256(change.data).hexdigest(), f".nightshift-{secrets.token_hex(6)}"
        arguments = (folder, name, private, f"{mode:o}", owner, identity, sha256)
        self._run(WRITE, change.path, *arguments, stdin=change.data)
        return Changed(len(change.data), before, mode, sha256)

    def _delete(self, path: str, parts: Parts, entry: Entry) -> Changed:
        before = self._kept(parts, entry) if entry.links == 1 else None
        self._run(DELETE, path, *split(parts), entry.identity)
        return Changed(_freed(entry) if entry.links == 1 else 0, before, stat.S_IMODE(entry.mode) & 0o777)

    def _move(self, change: FileMove, parts: Parts, target: Parts) -> Changed:
        entry = _plain(change.path, self._looks.at(parts, to_change=True))
        if self._looks.at(target, to_change=True) is not None:
            raise HostError("exists", f"{change.to}: File exists")
        self._run(MOVE, change.path, *split(parts), entry.identity, *split(target))
        return Changed(0)

    def _truncate(self, path: str, parts: Parts, entry: Entry) -> Changed:
        before = self._kept(parts, entry)
        self._run(TRUNCATE, path, *split(parts), f"{entry.identity} 1")
        return Changed(_freed(entry), before, stat.S_IMODE(entry.mode) & 0o777, _EMPTY)

    def _truncate_open(self, path: str) -> Changed:
        """A deleted file that a process still has open."""
        folder, number = split(parts_of(path))
        info = next((one for one in self._open_files(folder, 1 << 16) if one.path == path), None)
        if info is None:
            raise HostError("missing", f"{path}: no such open file")
        if not info.target.endswith(_DELETED) or info.target.startswith(_NOT_ON_DISK) or info.links != 0:
            raise HostError("denied", f"{path} is not a deleted file on a disk")
        if reason := why_never_emptied(info.target):
            raise NeverError(info.target, reason)
        self._refuse_protected_folder(parts_of(info.target.removesuffix(_DELETED)))
        identity = self._run_bare(("stat", "-L", "-c", "%d:%i %h %b", "--", path)).decode("ascii", "replace").split()
        self._run(TRUNCATE_OPEN, path, folder, number, " ".join(identity[:2]), info.target)
        return Changed(int(identity[2]) * 512, None, info.mode & 0o777, _EMPTY)

    def _refuse_protected_folder(self, parts: Parts) -> None:
        """A file that was deleted from our data folder, or a database's, stays what it was; NeverError passes."""
        try:
            self._looks.at(parts, to_change=True)
        except HostError:
            return  # its folder is gone, or shared: nothing there is ours

    # ---- details ---------------------------------------------------------------------------------------------------

    def _info(self, path: str) -> FileInfo:
        parts = allowed(path, why_never_listed)
        entry = _present(path, self._looks.at(parts))
        if _is_fd_table(parts[:-1]):
            found = self._open_files(split(parts)[0], 1 << 16)
            return next((info for info in found if info.path == path), entry.info(path))
        return self._shown(path, entry)

    def _shown(self, path: str, entry: Entry) -> FileInfo:
        if entry.kind != "link":
            return entry.info(path)
        status, out, _ = self._exec(("readlink", "-n", "--", path), b"", SECONDS)
        return entry.info(path, out.decode("utf-8", "replace") if status == 0 else "")

    def _open_files(self, folder: str, limit: int) -> tuple[FileInfo, ...]:
        fields = self._run(LIST_OPEN, folder, folder, str(limit), FORMAT).decode("utf-8", "replace").split("\0")
        found = []
        for line, behind, target in zip(*(iter(fields[:-1]),) * 3, strict=False):
            name, entry = entry_of(line)
            links, size = map(int, behind.split())
            info = entry.info(f"{folder}/{name}")
            found.append(FileInfo(info.path, info.kind, size, info.mtime, info.mode, info.uid, links, target, info.gid))
        return tuple(sorted(found, key=lambda info: info.path))

    def _plain_file(self, path: str, entry: Entry | None) -> Entry:
        found = _plain(path, entry)
        if found.links != 1:
            raise HostError("denied", f"{path} has {found.links} hard links")
        return found

    def _kept(self, parts: Parts, entry: Entry) -> bytes | None:
        """What an undo would need; None where it is too large, or not ours to read although it is ours to change."""
        if entry.size > KEPT:
            return None
        try:
            data = self._bytes(parts, entry, KEPT + 1)
        except HostError as error:
            if error.code != "denied":
                raise
            return None
        return data if len(data) <= KEPT else None

    def _bytes(self, parts: Parts, entry: Entry, limit: int) -> bytes:
        folder, name = split(parts)
        identity = "" if parts[0] == "proc" else entry.identity
        return self._run(READ, "/" + "/".join(parts), folder, name, identity, str(limit))[:limit]

    def _run(self, script: str, path: str, *arguments: str, stdin: bytes = b"") -> bytes:
        status, out, err = self._exec(shell(script, *arguments), stdin, SECONDS)
        refuse(path, status, err)
        return out

    def _run_bare(self, argv: tuple[str, ...]) -> bytes:
        status, out, err = self._exec(argv, b"", SECONDS)
        if status != 0:
            raise UnavailableError(f"{argv[0]} on the host: {err.decode('utf-8', 'replace')[:200]}")
        return out


def _is_fd_table(parts: Parts) -> bool:
    return parts[:1] == ("proc",) and parts[2:] == ("fd",) and parts[1].isdigit()


def _present(path: str, entry: Entry | None) -> Entry:
    if entry is None:
        raise HostError("missing", f"{path}: No such file or directory")
    return entry


def _plain(path: str, entry: Entry | None) -> Entry:
    found = _present(path, entry)
    if found.kind == "link":
        raise HostError("denied", f"{path} is a link")
    if found.kind != "file":
        raise HostError("denied", f"{path} is not a plain file")
    return found


def _freed(entry: Entry) -> int:
    return min(entry.size, entry.blocks * 512)
