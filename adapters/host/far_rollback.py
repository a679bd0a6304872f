"""Port RollbackTimer for hosts over SSH: the undo stands on the host itself, on a line of its own, and is asked about on another."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.host.far_program import FarProgram, is_count
from adapters.host.far_source import far_source
from adapters.host.ssh import SUDO
from adapters.host.ssh_connection import SshConnection
from core.errors import NeverError, UnavailableError, UnknownError
from core.host_change import BackStep, FileDelete, FileWrite, Fired
from core.never_list import why_never_written
from core.never_table import DATA_FILES
from core.paths import parts_of
from core.people_ports import RollbackTimer

_SECONDS = 45.0
_LOOK_SECONDS = 15.0
_PAUSE = 0.2
_OVERTIME = 60.0
"""Seconds after its time in which a host must be reachable again; after that nobody knows what became of it."""


@dataclass(frozen=True, slots=True)
class FarUndo:
    """How the hand reaches one host for this alone, and which of its commands go through sudo."""

    connect: Callable[[], SshConnection]
    sudo: Callable[[tuple[str, ...]], bool]


class FarRollbackTimer:
    """`hosts` by name; `folder` holds one line per run that was armed and not noted yet, so that only hosts with news are asked."""

    def __init__(self, hosts: Mapping[str, FarUndo], folder: Path) -> None:
        self._hosts, self._folder = dict(hosts), folder
        self._dogs: dict[tuple[str, str], _Dog] = {}
        self._lock = threading.Lock()

    def arm(self, host: str, run: str, steps: Sequence[BackStep], seconds: float) -> None:
        """See `core.people_ports.RollbackTimer`."""
        undo = self._undo(host)
        sent = [_on_the_line(step, undo.sudo) for step in steps]
        with self._lock:
            dog = self._dogs.get((host, run))
        is_new = dog is None
        dog = dog or _Dog(undo.connect())
        try:
            if is_new:
                self._note(host, run)
            dog.ask("arm", run=run, steps=sent, seconds=seconds)
        except (UnavailableError, OSError) as error:
            if is_new:
                dog.leave()
            raise UnavailableError(f"no undo can be armed on {host}: {error}") from error
        except BaseException:
            if is_new:
                dog.leave()
            raise
        dog.until = time.monotonic() + seconds
        with self._lock:
            self._dogs[host, run] = dog

    def disarm(self, host: str, run: str) -> bool:
        """See `core.people_ports.RollbackTimer`."""
        dog = self._dog(host, run)
        if dog is None:
            self._require_noted(host, run)
            return False
        try:
            is_off = dog.ask("disarm", run=run) is True
        except UnavailableError:
            is_off = False
        if is_off:
            self._drop(host, run)
            self._path(host, run).unlink(missing_ok=True)
        return is_off

    def has_fired(self, host: str, run: str, within: float) -> bool:
        """See `core.people_ports.RollbackTimer`. A host that cannot be asked has not; one that stays away too long is gone."""
        undo = self._undo(host)
        self._require_noted(host, run)
        dog = self._dog(host, run)
        until = time.monotonic() + within
        while True:
            state = self._state(undo, run, dog)
            if state in ("over", "gone", "none"):
                self._drop(host, run)
            if state == "over":
                return True
            is_lost = state == "away" and (dog is None or time.monotonic() > dog.until + _OVERTIME)
            if state in ("gone", "none") or is_lost:
                raise UnavailableError(f"what was to take back {run} on {host} is gone, and nobody knows what it did")
            left = until - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(_PAUSE, left))

    def fired(self, host: str) -> tuple[Fired, ...]:
        """See `core.people_ports.RollbackTimer`. A host that cannot be reached tells it another time."""
        undo = self._undo(host)
        runs = self._noted(host)
        if not runs:
            return ()
        with suppress(UnavailableError), _asking(undo) as clerk:
            answer = clerk.ask("told")
            return tuple(
                one for one in map(_fired, answer if isinstance(answer, list) else []) if one and one.run in runs
            )
        return ()

    def forget(self, host: str, run: str) -> None:
        """See `core.people_ports.RollbackTimer`."""
        undo = self._undo(host)
        note = self._path(host, run)
        if note.exists():
            with suppress(UnavailableError), _asking(undo) as clerk:
                clerk.ask("forget", run=run)
            note.unlink(missing_ok=True)

    def close(self) -> None:
        """Lets go of every line: what is armed happens now."""
        with self._lock:
            dogs, self._dogs = self._dogs, {}
        for dog in dogs.values():
            dog.leave()

    def _undo(self, host: str) -> FarUndo:
        if host not in self._hosts:
            raise UnknownError("host", host, tuple(self._hosts))
        return self._hosts[host]

    def _dog(self, host: str, run: str) -> _Dog | None:
        with self._lock:
            return self._dogs.get((host, run))

    def _drop(self, host: str, run: str) -> None:
        with self._lock:
            dog = self._dogs.pop((host, run), None)
        if dog is not None:
            dog.leave()

    @staticmethod
    def _state(undo: FarUndo, run: str, dog: _Dog | None) -> str:
        try:
            if dog is not None:
                return str(dog.look("state", run=run))
            with _asking(undo) as clerk:
                return str(clerk.look("state", run=run))
        except UnavailableError:
            return "away"

    # ---- what was armed, at home -------------------------------------------------------------------------------------------------

    def _path(self, host: str, run: str) -> Path:
        return self._folder / f"{hashlib.sha256(json.dumps([host, run]).encode()).hexdigest()[:32]}.far"

    def _note(self, host: str, run: str) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path(host, run).write_text(json.dumps([host, run]), encoding="utf-8")

    def _noted(self, host: str) -> frozenset[str]:
        notes = [json.loads(path.read_text(encoding="utf-8")) for path in self._folder.glob("*.far")]
        return frozenset(str(run) for name, run in notes if name == host)

    def _require_noted(self, host: str, run: str) -> None:
        self._undo(host)
        if not self._path(host, run).exists():
            raise UnknownError("armed undo", run)


class _Dog:
    """A line of its own to one host, with the watchdog at its end and a clerk beside it who tells what stands in the records."""

    def __init__(self, connection: SshConnection) -> None:
        self._connection = connection
        self._watchdog = FarProgram(connection, far_source("watchdog"), 1)
        self._clerk = FarProgram(connection, far_source("watchdog"), 1)
        self.until = 0.0

    def ask(self, operation: str, **arguments: Any) -> Any:
        """The one that holds the undo."""
        return self._watchdog.ask({"operation": operation, "arguments": arguments}, _SECONDS)

    def look(self, operation: str, **arguments: Any) -> Any:
        """The one beside it."""
        return self._clerk.ask({"operation": operation, "arguments": arguments}, _LOOK_SECONDS)

    def leave(self) -> None:
        """Closes the line; what is armed then happens."""
        with suppress(UnavailableError):
            self._connection.close()

    def __enter__(self) -> _Dog:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()


def _asking(undo: FarUndo) -> _Dog:
    return _Dog(undo.connect())


class RollbackTimers:
    """Port RollbackTimer over both kinds of hosts: `far` for those it knows, `near` for all others."""

    def __init__(self, near: RollbackTimer, far: FarRollbackTimer, names: frozenset[str]) -> None:
        self._near, self._far, self._names = near, far, names

    def arm(self, host: str, run: str, steps: Sequence[BackStep], seconds: float) -> None:
        """See `core.people_ports.RollbackTimer`."""
        self._of(host).arm(host, run, steps, seconds)

    def disarm(self, host: str, run: str) -> bool:
        """See `core.people_ports.RollbackTimer`."""
        return self._of(host).disarm(host, run)

    def has_fired(self, host: str, run: str, within: float) -> bool:
        """See `core.people_ports.RollbackTimer`."""
        return self._of(host).has_fired(host, run, within)

    def fired(self, host: str) -> tuple[Fired, ...]:
        """See `core.people_ports.RollbackTimer`."""
        return self._of(host).fired(host)

    def forget(self, host: str, run: str) -> None:
        """See `core.people_ports.RollbackTimer`."""
        self._of(host).forget(host, run)

    def _of(self, host: str) -> RollbackTimer:
        return self._far if host in self._names else self._near


def _fired(row: Any) -> Fired | None:
    match row:
        case [str(run), [*back], [*left]] if all(map(is_count, (*back, *left))):
            return Fired(run, tuple(back), tuple(left))
    return None


def _on_the_line(step: BackStep, sudo: Callable[[tuple[str, ...]], bool]) -> dict[str, Any]:
    act, look_sudo = step.act, bool(step.look) and sudo(step.look)
    sent: dict[str, Any] = {
        "action": step.action,
        "argv": [],
        "sudo": False,
        "look": [*(SUDO if look_sudo else ()), *step.look],
        "look_sudo": look_sudo,
        "data_files": sorted(DATA_FILES),
    }
    if isinstance(act, FileWrite | FileDelete):
        if reason := why_never_written(act.path):
            raise NeverError(act.path, reason)
        data = base64.b64encode(act.data).decode("ascii") if isinstance(act, FileWrite) else None
        mode, owner = (act.mode, [act.uid, act.gid]) if isinstance(act, FileWrite) else (0, [-1, -1])
        return {**sent, "parts": list(parts_of(act.path)), "data": data, "mode": mode, "owner": owner}
    is_sudo = sudo(act)
    return {**sent, "argv": [*(SUDO if is_sudo else ()), *act], "sudo": is_sudo}
