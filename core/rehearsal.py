"""What a dry run sees: the real host for looks, and on top of it the effects that the run imagines to have had."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

from core.host_change import Change, Changed, FileDelete, FileMove, FileWrite, ProcessSignal
from core.network_change import is_look_before
from core.ports import Host
from core.service_control import Services
from core.skill import HostError, ServiceState
from core.world import CommandResult, FileContent, FileInfo, Process

_DEADLY = ("TERM", "KILL")
_MOST_MOVED = 1 << 20
"""Bytes of a moved file that later looks are shown."""


class ImaginedHost:
    """A Host on which nothing happens: changes are remembered and shown to later looks, so that a dry run goes on as the run would."""

    def __init__(self, real: Host) -> None:
        self._real = real
        self._files: dict[str, FileContent | None] = {}
        self._ended: set[tuple[int, int]] = set()

    def read(self, path: str, limit: int) -> FileContent:
        """As the run would find it."""
        if path not in self._files:
            return self._real.read(path, limit)
        imagined = self._files[path]
        if imagined is None:
            raise HostError("missing", path)
        data = imagined.data[:limit]
        return FileContent(imagined.info, data, hashlib.sha256(data).hexdigest())

    def list(self, path: str, limit: int) -> tuple[FileInfo, ...]:
        """The real entries without what is imagined gone, with what is imagined new."""
        real = {info.path: info for info in self._real.list(path, limit)}
        inside = {at: file for at, file in self._files.items() if at.rpartition("/")[0] == path.rstrip("/")}
        shown = {**real, **{at: file.info for at, file in inside.items() if file is not None}}
        return tuple(shown[at] for at in sorted(shown) if at not in inside or inside[at] is not None)[:limit]

    def change(self, change: Change) -> Changed:
        """Imagines it; refuses what would be refused because of what is there."""
        if isinstance(change, ProcessSignal):
            return self._signal(change)
        if isinstance(change, FileWrite):
            return self._write(change)
        info = self.read(change.path, 0).info
        if isinstance(change, FileMove):
            return self._move(change, info)
        is_deleted = isinstance(change, FileDelete)
        self._files[change.path] = None if is_deleted else _empty(info)
        return Changed(info.size)

    def run(self, argv: tuple[str, ...], timeout: float, started: Callable[[int, int], None]) -> CommandResult:
        """Commands that act are taken to succeed in silence; the broker sends those that look to the real host."""
        return self._real.run(argv, timeout, started) if is_look_before(argv) else CommandResult(0, "", "")

    def processes(self) -> tuple[Process, ...]:
        """The real ones without those that were told to end."""
        return tuple(p for p in self._real.processes() if (p.pid, p.started) not in self._ended)

    def _signal(self, change: ProcessSignal) -> Changed:
        if not any((p.pid, p.started) == (change.pid, change.started) for p in self.processes()):
            raise HostError("changed", f"process {change.pid} is gone")
        if change.name in _DEADLY:
            self._ended.add((change.pid, change.started))
        return Changed(0)

    def _write(self, change: FileWrite) -> Changed:
        try:
            info = self.read(change.path, 0).info
        except HostError as error:
            if error.code != "missing":
                raise
            info = FileInfo(change.path, "file", 0, 0.0, change.mode, 0)
        sha256 = hashlib.sha256(change.data).hexdigest()
        self._files[change.path] = FileContent(replace(info, size=len(change.data)), change.data, sha256)
        return Changed(len(change.data), after_sha256=sha256)

    def _move(self, change: FileMove, info: FileInfo) -> Changed:
        if self._exists(change.to):
            raise HostError("exists", change.to)
        content = self.read(change.path, min(info.size, _MOST_MOVED))
        self._files[change.to] = FileContent(replace(info, path=change.to), content.data, content.sha256)
        self._files[change.path] = None
        return Changed(0)

    def _exists(self, path: str) -> bool:
        try:
            self.read(path, 0)
        except HostError as error:
            if error.code == "missing":
                return False
            raise
        return True


class ImaginedServices:
    """Services that are taken to do what they were told."""

    def __init__(self, real: Services) -> None:
        self._real = real
        self._told: dict[str, bool] = {}

    @property
    def services(self) -> Services:
        """For a broker."""
        return Services(self.status, self.argv)

    def status(self, name: str) -> ServiceState:
        """The real state, or the one it was told to be in."""
        state = self._real.status(name)
        is_running = self._told.get(name, state.is_running)
        return (
            state
            if is_running == state.is_running
            else replace(state, is_running=is_running, detail="imagined by the dry run")
        )

    def argv(self, verb: str, name: str) -> tuple[str, ...]:
        """The real command, which nobody runs."""
        argv = self._real.argv(verb, name)
        if verb != "reload":
            self._told[name] = verb != "stop"
        return argv


class ImaginedNotebook:
    """What was kept, and on top of it what the run imagines to keep."""

    def __init__(self, recall: Callable[[str], str | None]) -> None:
        self._recall = recall
        self._kept: dict[str, str] = {}

    def recall(self, key: str) -> str | None:
        """As the run would find it."""
        return self._kept[key] if key in self._kept else self._recall(key)

    def keep(self, key: str, text: str) -> None:
        """Only for this dry run."""
        self._kept[key] = text


def _empty(info: FileInfo) -> FileContent:
    return FileContent(replace(info, size=0), b"", hashlib.sha256(b"").hexdigest())
