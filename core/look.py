"""The looks of a run, answered: what is on the host, in the flat form in which it crosses the pipe to the guest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from core.capability import Verb
from core.effect import World, outcome_of
from core.host_call import HostCall
from core.ports import Clock
from core.skill import HostError
from core.world import FileInfo, Json, Process

MAX_ENTRIES = 10_000
MAX_PROCESSES = 5_000
MAX_ARGV = 4_096
"""Characters of one process's argv."""


def look(call: HostCall, world: World, clock: Clock) -> Json:
    """The answer to one look; changes nothing."""
    if call.verb is None:
        return clock.now().timestamp()
    if call.is_recall:
        return world.recall(call.text("key"))
    return _LOOKS[call.verb](call, world, clock)


def _read(call: HostCall, world: World, _: Clock) -> Json:
    return world.host.read(call.text("path"), call.number("limit")).data.decode("utf-8", "replace")


def _list(call: HostCall, world: World, clock: Clock) -> Json:
    now = clock.now().timestamp()
    return [_file(info, now) for info in world.host.list(call.text("path"), MAX_ENTRIES)]


def _stat(call: HostCall, world: World, clock: Clock) -> Json:
    return _file(world.host.read(call.text("path"), 0).info, clock.now().timestamp())


def _status(call: HostCall, world: World, _: Clock) -> Json:
    state = world.services.status(call.text("name"))
    return dict(asdict(state), detail=_valid(state.detail[:500]))


def _processes(_: HostCall, world: World, __: Clock) -> Json:
    return [_process(process) for process in world.host.processes()[:MAX_PROCESSES]]


def _exec(call: HostCall, world: World, _: Clock) -> Json:
    result = world.host.run(call.argv, world.timeout, lambda _pid, _start: None)
    if result.timed_out:
        raise HostError("timeout", call.argv[0])
    return outcome_of(result)


_LOOKS: dict[Verb, Callable[[HostCall, World, Clock], Json]] = {
    Verb.FS_READ: _read,
    Verb.FS_LIST: _list,
    Verb.FS_STAT: _stat,
    Verb.SERVICE_STATUS: _status,
    Verb.PROCESS_LIST: _processes,
    Verb.EXEC: _exec,
}


def _file(info: FileInfo, now: float) -> Json:
    return {
        "path": _valid(info.path),
        "kind": info.kind,
        "size": info.size,
        "age_days": max(0.0, (now - info.mtime) / 86400.0),
        "mode": info.mode,
        "uid": info.uid,
        "links": info.links,
        "target": _valid(info.target),
    }


def _process(process: Process) -> Json:
    argv: list[Json] = []
    room = MAX_ARGV
    for word in process.argv:
        argv.append(_valid(word[:room]))
        room -= len(word)
        if room <= 0:
            break
    return {
        "pid": process.pid,
        "started": process.started,
        "parent": process.parent,
        "name": _valid(process.name),
        "argv": argv,
        "state": process.state,
        "uid": process.uid,
        "rss": process.rss,
    }


def _valid(text: str) -> str:
    """Names on a Linux host are bytes; what is no UTF-8 is shown replaced, and can then not be named in a call."""
    return text.encode("utf-8", "replace").decode("utf-8")
