"""Port Host over SSH: every rule is judged here, only what passed travels, and what comes back is somebody else's word."""

from __future__ import annotations

import base64
import hashlib
import math
import re
import shlex
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adapters.host.execute import require_argv
from adapters.host.far_connection import FarConnection
from adapters.host.far_program import LONGEST_ANSWER, FarProgram, NoPythonError, is_count, is_time
from adapters.host.far_source import far_source
from adapters.host.plain import PlainHost
from adapters.host.walk import inodes_of
from core.errors import InvalidError, NeverError, UnavailableError
from core.host_change import Change, Changed, FileDelete, FileMove, FileTruncate, FileWrite, ProcessSignal
from core.never_list import is_open_file, why_never_emptied, why_never_listed, why_never_read, why_never_written
from core.never_table import DATA_FILES
from core.paths import parts_of
from core.ports import Host
from core.skill import HostError
from core.sudoers import tells_only_root
from core.world import CommandResult, FileContent, FileInfo, Process

_SECONDS = 20.0
SUDO = ("/usr/bin/sudo", "-n", "--")
"""With `use_pty`, sudo ends everything it started when its terminal is hung up; without, only what heeds that."""
_SUDO_REFUSES = re.compile(
    r"\A(?:sudo: a password is required|sudo: a terminal is required[^\n]*|Sorry, user \S+ is not allowed to execute [^\n]*|"
    r"\S+ is not in the sudoers file\.[^\n]*|sudo: sorry, [^\n]*)\s*\Z"
)
_NOT_ROOT = re.compile(
    r"(?i)permission denied|operation not permitted|must be (?:run as )?root|not root|requires root|superuser"
)
_DELETED = " (deleted)"
_NOT_ON_DISK = ("/memfd:", "/SYSV", "/dev/", "/[aio]", "/anon_hugepage")
_SIGNALS = frozenset({"TERM", "HUP", "USR1", "USR2", "KILL"})
_KINDS = frozenset({"file", "dir", "link", "other"})
_LONGEST_OUTPUT = 3 * 64 * 1024
_KEPT = 1 << 20


def never(_: tuple[str, ...]) -> bool:
    """For who needs no sudo: looks only, or is root."""
    return False


class SshHost:
    """Host port over one connection; `sudo` says which commands go through sudo over there.

    `protected` is Nightshift's own, for the case that this host is ours under another name. Without python3 over there it goes by
    `PlainHost`.
    """

    def __init__(
        self,
        connection: FarConnection,
        protected: tuple[Path, ...] = (),
        sudo: Callable[[tuple[str, ...]], bool] = never,
        source: str = "",
    ) -> None:
        self.connection, self._protected, self._sudo = connection, protected, sudo
        self._helper = FarProgram(connection, source or far_source("helper"))
        self._lock = threading.Lock()
        self._plain: PlainHost | None = None
        self._is_here: bool | None = None

    # ---- Host --------------------------------------------------------------------------------------------------------------------

    def read(self, path: str, limit: int) -> FileContent:
        """See `core.ports.Host`."""
        if (plain := self._without_python()) is not None:
            return plain.read(path, limit)
        where = _judged(path, why_never_read if limit > 0 else why_never_listed)
        answer = self._ask("read", {**where, "limit": limit}, longest=limit * 4 // 3 + (1 << 16))
        match answer:
            case {"info": info, "data": str(text)}:
                return _content(_info(info, path), text, max(0, limit))
        raise _no_answer(self._label)

    def list(self, path: str, limit: int) -> tuple[FileInfo, ...]:
        """See `core.ports.Host`."""
        if (plain := self._without_python()) is not None:
            return plain.list(path, limit)
        answer = self._ask("list", {**_judged(path, why_never_listed), "limit": limit})
        if not isinstance(answer, list) or len(answer) > limit:
            raise _no_answer(self._label)
        found = tuple(_info(one) for one in answer)
        folder = path.rstrip("/")
        if any(info.path.rpartition("/")[0] != folder for info in found):
            raise _no_answer(self._label)
        return found

    def change(self, change: Change) -> Changed:
        """See `core.ports.Host`."""
        if (plain := self._without_python()) is not None:
            return plain.change(change)
        verb, arguments = self._request_of(change)
        answer = self._ask(verb, arguments)
        match answer:
            case [int(size), str() | None as before, int(mode)] if is_count(size) and is_count(mode) and mode <= 0o7777:
                after = hashlib.sha256(change.data).hexdigest() if isinstance(change, FileWrite) else ""
                after = hashlib.sha256(b"").hexdigest() if isinstance(change, FileTruncate) else after
                return Changed(size, None if before is None else _bytes(before, _KEPT), mode, after)
        raise _no_answer(self._label)

    def run(self, argv: tuple[str, ...], timeout: float, started: Callable[[int, int], None]) -> CommandResult:
        """See `core.ports.Host`."""
        require_argv(argv)
        is_sudo, plain = self._sudo(argv), self._without_python()
        words = (*SUDO, *argv) if is_sudo else argv
        if plain is not None:
            result = plain.run(words, timeout, started)
        else:
            arguments = {"argv": [*words], "timeout": timeout, "terminal": is_sudo}
            result = _result(self._ask("run", arguments, timeout, started, _LONGEST_OUTPUT * 6))
        if is_sudo and _SUDO_REFUSES.match(result.err) and self._quiet((*SUDO[:2], "-l", "--", *argv)).status != 0:
            raise HostError(
                "denied",
                f"sudo on {self._label} does not allow: {shlex.join(argv)}; `nightshift hosts add {self._label}` prints the line",
            )
        if not is_sudo and result.status != 0 and _NOT_ROOT.search(result.err) and tells_only_root(argv):
            # Read as an answer it would be a wrong one: no rule, a configuration that is broken.
            raise HostError(
                "denied",
                f"on {self._label} only root gets an answer from {shlex.join(argv)}, and who asked is not root",
            )
        return result

    def processes(self) -> tuple[Process, ...]:
        """See `core.ports.Host`."""
        if (plain := self._without_python()) is not None:
            return plain.processes()
        answer = self._ask("processes", {})
        if not isinstance(answer, list):
            raise _no_answer(self._label)
        return tuple(_process(one) for one in answer)

    def close(self) -> None:
        """Ends the helpers; the connection belongs to whoever made it."""
        self._helper.close()

    # ---- over there --------------------------------------------------------------------------------------------------------------

    @property
    def _label(self) -> str:
        return self.connection.address.label

    def identity(self) -> tuple[str, int, int]:
        """Boot id, inode of the pid namespace, and our user id there: by the first two a host is recognised under another name."""
        match self._helper.ask({"operation": "identity", "arguments": {}}, _SECONDS):
            case [str(boot), int(namespace), int(uid), [*_]]:
                return boot, namespace, uid
        raise _no_answer(self._label)

    def _quiet(self, argv: tuple[str, ...]) -> CommandResult:
        """A question to sudo about its rules, which does nothing."""
        if self._plain is not None:
            return self._plain.run(argv, _SECONDS, lambda _pid, _started: None)
        arguments = {"argv": [*argv], "timeout": _SECONDS, "terminal": True}
        return _result(self._ask("run", arguments, _SECONDS, lambda _pid, _started: None, _LONGEST_OUTPUT * 6))

    def _without_python(self) -> Host | None:
        """The host by plain commands where there is no python3; found out once."""
        with self._lock:
            if self._is_here is None and self._plain is None:
                try:
                    self._is_here = self.identity()[0] == _boot_id()
                except NoPythonError:
                    self._plain = PlainHost(self.connection.exec, self._protected)
            return self._plain

    def _ask(
        self, operation: str, arguments: dict[str, Any], timeout: float = 0.0,
        started: Callable[[int, int], None] | None = None, longest: int = 0,
    ) -> Any:  # fmt: skip
        protected = sorted(inodes_of(self._protected)) if self._is_here else []
        request = {
            "operation": operation,
            "arguments": arguments,
            "protected": protected,
            "data_files": sorted(DATA_FILES),
        }
        return self._helper.ask(request, timeout + _SECONDS, started, longest or LONGEST_ANSWER // 4)

    def _request_of(self, change: Change) -> tuple[str, dict[str, Any]]:
        """What is asked for a change that no rule forbids; raises NeverError, InvalidError."""
        if isinstance(change, ProcessSignal):
            if change.name not in _SIGNALS or change.pid <= 0:
                raise InvalidError(f"{change.name} to {change.pid} is not a signal to one process")
            return "signal", {"pid": change.pid, "started": change.started, "name": change.name}
        if isinstance(change, FileTruncate) and is_open_file(change.path):
            return "empty_deleted", self._deleted_file(change.path)
        parts = _judged(change.path, why_never_written)["parts"]
        match change:
            case FileWrite():
                return "write", {
                    "parts": parts,
                    "data": base64.b64encode(change.data).decode("ascii"),
                    "mode": change.mode,
                    "owner": [change.uid, change.gid],
                }
            case FileDelete():
                return "delete", {"parts": parts}
            case FileMove():
                return "move", {"parts": parts, "to_parts": _judged(change.to, why_never_written)["parts"]}
            case FileTruncate():
                return "truncate", {"parts": parts}

    def _deleted_file(self, path: str) -> dict[str, Any]:
        """Judges what the link says; over there it must still say so."""
        target = self.read(path, 0).info.target
        if not target.endswith(_DELETED) or target.startswith(_NOT_ON_DISK):
            raise HostError("denied", f"{path} is not a deleted file on a disk")
        if reason := why_never_emptied(target):
            raise NeverError(target, reason)
        folder = parts_of(target.removesuffix(_DELETED))[:-1]
        return {"path": path, "parts": list(parts_of(path)), "target": target, "folder": list(folder)}


def _judged(path: str, why: Callable[[str], str | None]) -> dict[str, Any]:
    parts = parts_of(path)
    if reason := why(path):
        raise NeverError(path, reason)
    return {"path": path, "parts": list(parts)} if why is not why_never_written else {"parts": list(parts)}


def _no_answer(label: str) -> UnavailableError:
    return UnavailableError(f"what {label} said is no answer")


def _content(info: FileInfo, text: str, limit: int) -> FileContent:
    data = _bytes(text, limit)
    return FileContent(info, data, hashlib.sha256(data).hexdigest())


def _bytes(text: str, most: int) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise UnavailableError("bytes came that are none") from error
    if len(data) > most:
        raise UnavailableError("more bytes came than were asked for")
    return data


def _info(row: Any, path: str | None = None) -> FileInfo:
    match row:
        case [str(shown), str(kind), size, mtime, mode, uid, links, str(target), gid] if (
            kind in _KINDS
            and all(map(is_count, (size, mode, uid, links, gid)))
            and is_time(mtime)
            and path in (None, shown)
        ):
            return FileInfo(shown, kind, size, float(mtime), mode, uid, links, target, gid)
    raise UnavailableError("a file came that is none")


def _process(row: Any) -> Process:
    match row:
        case [pid, started, parent, str(name), [*argv], str(state), uid, rss, threads] if all(
            map(is_count, (pid, started, parent, uid, rss, threads))
        ) and all(isinstance(word, str) for word in argv):
            return Process(pid, started, parent, name, tuple(argv), state, uid, rss, threads)
    raise UnavailableError("a process came that is none")


def _result(row: Any) -> CommandResult:
    match row:
        case [int(status), str(out), str(err), bool(is_late)] if math.isfinite(status) and abs(status) < 1 << 31:
            return CommandResult(status, out[: 64 * 1024], err[: 64 * 1024], timed_out=is_late)
    raise UnavailableError("an end of a command came that is none")


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
