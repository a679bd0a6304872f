"""Fake Host and Hosts: machines made of dicts, whose effects a test can see, make fail or interrupt."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from core.case_host import CaseHost
from core.case_world import parse_case
from core.errors import NeverError, UnknownError
from core.host_change import Change, Changed, FileMove, ProcessSignal
from core.never_list import is_open_file, why_never_listed, why_never_read, why_never_written
from core.ports import Host
from core.skill import HostError, ServiceState
from core.world import CommandResult, FileContent, FileInfo, Process

Hook = Callable[[object], None]


def nothing(_: object) -> None:
    """The hook that lets everything through."""


class FakeHost:
    """Host and Services over a world written as in a case (`core.skill_cases`).

    `before` is called with a change or argv before it happens, `after` once it has; either may raise. `done` holds what happened.
    """

    def __init__(self, world: Mapping[str, object] | None = None) -> None:
        case = parse_case({"name": "fake host", "world": world or {}, "expect": {"ok": True, "effects": []}})
        self._inside = CaseHost(case.world)
        self.before: Hook = nothing
        self.after: Hook = nothing
        self.done: list[object] = []
        self.started_as = (4242, 99)

    @property
    def files(self) -> dict[str, str | None]:
        """What is in every file by now."""
        return self._inside.files

    def read(self, path: str, limit: int) -> FileContent:
        """See `core.ports.Host`."""
        _refuse(path, why_never_read if limit > 0 else why_never_listed)
        return self._inside.read(path, limit)

    def list(self, path: str, limit: int) -> tuple[FileInfo, ...]:
        """See `core.ports.Host`."""
        _refuse(path, why_never_listed)
        return self._inside.list(path, limit)

    def change(self, change: Change) -> Changed:
        """See `core.ports.Host`."""
        if not isinstance(change, ProcessSignal) and not is_open_file(change.path):
            _refuse(change.path, why_never_written)
        if isinstance(change, FileMove):
            _refuse(change.to, why_never_written)
        self.before(change)
        changed = self._inside.change(change)
        self.done.append(change)
        self.after(change)
        return changed

    def run(self, argv: tuple[str, ...], timeout: float, started: Callable[[int, int], None]) -> CommandResult:
        """See `core.ports.Host`."""
        started(*self.started_as)
        self.before(argv)
        result = self._inside.run(argv, timeout, lambda _pid, _start: None)
        self.done.append(argv)
        self.after(argv)
        return result

    def processes(self) -> tuple[Process, ...]:
        """See `core.ports.Host`."""
        return self._inside.processes()

    def status(self, name: str) -> ServiceState:
        """As `core.service_control.Services`."""
        return self._inside.status(name)

    def argv(self, verb: str, name: str) -> tuple[str, ...]:
        """As `core.service_control.Services`."""
        return self._inside.argv(verb, name)


class FakeHosts:
    """Hosts by name."""

    def __init__(self, hosts: Mapping[str, Host]) -> None:
        self._hosts = dict(hosts)
        self.handed: list[str] = []

    def open(self, name: str) -> Host:
        """See `core.ports.Hosts`."""
        if name not in self._hosts:
            raise UnknownError("host", name, self.names())
        return self._hosts[name]

    @contextmanager
    def hand(self, name: str) -> Iterator[Host]:
        """See `core.ports.Hosts`; `handed` counts who holds it."""
        host = self.open(name)
        self.handed.append(name)
        try:
            yield host
        finally:
            self.handed.remove(name)

    def trusted(self, name: str) -> frozenset[int]:
        """See `core.ports.Hosts`."""
        self.open(name)
        return frozenset({0, os.geteuid()})

    def names(self) -> tuple[str, ...]:
        """See `core.ports.Hosts`."""
        return tuple(self._hosts)


def denied(_: object) -> None:
    """A hook: the operating system refuses."""
    raise HostError("denied", "the operating system refuses")


def _refuse(path: str, why: Callable[[str], str | None]) -> None:
    reason = why(path)
    if reason is not None:
        raise NeverError(path, reason)
