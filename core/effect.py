"""One effect made ready: its target, its undo record with the bytes to save, and the act itself, which the broker starts when it may.

Preparing only reads. What stands in a `Prepared` is journalled before `act` is called.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace

from core import undo as undoing
from core.capability import NO_UNDO, Undo, Verb
from core.host_call import HostCall
from core.host_change import Change, Changed, FileDelete, FileMove, FileTruncate, FileWrite, ProcessSignal
from core.network_change import is_network, look_before, undo_of_command
from core.never_list import why_never_read
from core.ports import Host
from core.service_control import Services
from core.skill import HostError
from core.web import Fetch, WebRequest, handle_of, masked, secrets_named, with_secrets
from core.world import CommandResult, FileContent, FileInfo, Json, Process

Started = Callable[[int, int], None]

SERVICE_ORDERS = {
    Verb.SERVICE_START: "start",
    Verb.SERVICE_STOP: "stop",
    Verb.SERVICE_RESTART: "restart",
    Verb.SERVICE_RELOAD: "reload",
}


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an effect. `undo` and `saved` replace the prepared ones where the world had moved between look and act."""

    result: Json
    line: str
    ok: bool = True
    undo: Undo | None = None
    saved: bytes | None = None
    fails_as: HostError | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """An effect that has not begun. `saved` are the bytes the undo record names; `content` the SHA-256 of what would be written.

    `way_back` is how a host would take it back by itself: the undo record, and for a step of an undo, which has none, the effect again.
    """

    verb: Verb
    target: str
    undo: Undo
    act: Callable[[Started], Done]
    saved: bytes | None = None
    content: str = ""
    way_back: Undo = NO_UNDO

    @property
    def is_network(self) -> bool:
        """True for what may only be done where the host itself could take it back."""
        return is_network(self.verb, self.target)


@dataclass(frozen=True, slots=True)
class World:
    """What effects act on: a host and its services, the web, people, secrets (their values), and what the skill kept here.

    `timeout` in seconds per command.
    """

    host: Host
    services: Services
    fetch: Fetch
    notify: Callable[[str, str], None]
    secret: Callable[[str], str]
    timeout: float
    recall: Callable[[str], str | None]
    keep: Callable[[str, str], None]


def ready_to_undo(step: undoing.Step, world: World) -> Prepared:
    """A step of an undo; there is no undo of an undo."""
    if isinstance(step, undoing.ServiceOrder):
        argv = world.services.argv(step.verb, step.name)
        return Prepared(
            Verb(f"service.{step.verb}"), step.name, NO_UNDO, lambda started: command_service(world, argv, started)
        )
    if isinstance(step, tuple):
        return replace(_must_succeed(_command(step, NO_UNDO, world)), way_back=_way_back(step, world))

    def act(_: Started) -> Done:
        world.host.change(step)
        return Done(None, undoing.describe(step))

    ready = Prepared(Verb.FS_WRITE, step.path, NO_UNDO, act)
    if not ready.is_network:
        return ready
    old = _present(world.host, step.path)
    data = step.data if isinstance(step, FileWrite) else b""
    way_back = undoing.undo_of_write(step.path, data, old)
    return replace(ready, way_back=way_back, saved=old.data if old is not None and way_back.blob else None)


def prepare(call: HostCall, world: World, *, is_private: bool = False) -> Prepared:
    """Reads what an undo will need; raises HostError where the effect could not be had. `is_private` is of HTTP alone."""
    if call.verb in SERVICE_ORDERS:
        return _service(call, world)
    if call.verb in (Verb.HTTP_GET, Verb.HTTP_POST):
        return _web(call, world, is_private=is_private)
    return _PREPARE[call.verb](call, world) if call.verb in _PREPARE else _denied(call)


def find_process(call: HostCall, host: Host) -> Process:
    """The process that a signal names; raises HostError("changed") when it is gone or its pid is another's now."""
    named = (call.number("pid"), call.number("started"))
    process = next((p for p in host.processes() if (p.pid, p.started) == named), None)
    if process is None:
        raise HostError("changed", f"process {named[0]} is gone")
    return process


def outcome_of(result: CommandResult) -> dict[str, Json]:
    """A command's end as a skill sees it."""
    return {"status": result.status, "out": result.out, "err": result.err}


def _denied(call: HostCall) -> Prepared:
    raise HostError("denied", f"{call.method} is no effect")


def _file(
    call: HostCall, undo: Undo, old: FileContent | None, act: Callable[[Started], Done], content: str = ""
) -> Prepared:
    saved = old.data if old is not None and undo.blob else None
    return Prepared(call.verb or Verb.FS_WRITE, call.target, undo, act, saved, content, undo)


def _change(world: World, change: Change, undo_of: Callable[[FileContent], Undo], seen: Undo) -> Done:
    changed = world.host.change(change)
    undo, saved = _corrected(changed, undo_of, seen)
    return Done(changed.bytes, f"{changed.bytes} bytes", undo=undo, saved=saved)


def _corrected(
    changed: Changed, undo_of: Callable[[FileContent], Undo], seen: Undo
) -> tuple[Undo | None, bytes | None]:
    """The undo record for the bytes that really were there, if others came between the look and the act."""
    if changed.before is None or not seen.is_possible:
        return None, None
    sha256 = hashlib.sha256(changed.before).hexdigest()
    if sha256 == seen.blob:
        return None, None
    uid, gid = map(int, dict(seen.detail).get("owner", "0:-1").split(":"))
    info = FileInfo(seen.target, "file", len(changed.before), 0.0, changed.before_mode, uid, gid=gid)
    return undo_of(FileContent(info, changed.before, sha256)), changed.before


def _read_old(host: Host, path: str) -> FileContent:
    """With its bytes where they are few enough to keep, and may be kept."""
    content = host.read(path, 0)
    if content.info.kind != "file" or content.info.size > undoing.MAX_SAVED or why_never_read(path) is not None:
        return content
    return host.read(path, undoing.MAX_SAVED)


def _present(host: Host, path: str) -> FileContent | None:
    """As `_read_old`; None where there is no such file."""
    try:
        return _read_old(host, path)
    except HostError as error:
        if error.code != "missing":
            raise
        return None


def _write(call: HostCall, world: World) -> Prepared:
    path, data = call.text("path"), call.text("text").encode()
    old = _present(world.host, path)
    undo = undoing.undo_of_write(path, data, old)

    def act(_: Started) -> Done:
        done = _change(world, FileWrite(path, data), lambda before: undoing.undo_of_write(path, data, before), undo)
        return replace(done, result=None, line=f"{len(data)} bytes written")

    return _file(call, undo, old, act, hashlib.sha256(data).hexdigest())


def _delete(call: HostCall, world: World) -> Prepared:
    path = call.text("path")
    old = _read_old(world.host, path)
    undo = undoing.undo_of_delete(path, old)
    return _file(
        call,
        undo,
        old,
        lambda _: _change(world, FileDelete(path), lambda b: undoing.undo_of_delete(path, b), undo),
    )


def _truncate(call: HostCall, world: World) -> Prepared:
    path = call.text("path")
    old = _read_old(world.host, path)
    undo = undoing.undo_of_truncate(path, old)
    return _file(
        call,
        undo,
        old,
        lambda _: _change(world, FileTruncate(path), lambda b: undoing.undo_of_truncate(path, b), undo),
    )


def _move(call: HostCall, world: World) -> Prepared:
    path, to = call.text("path"), call.text("to")
    world.host.read(path, 0)
    undo = undoing.undo_of_move(path, to)

    def act(_: Started) -> Done:
        world.host.change(FileMove(path, to))
        return Done(None, f"now {to}")

    return Prepared(Verb.FS_MOVE, call.target, undo, act)


def _exec(call: HostCall, world: World) -> Prepared:
    undo = _way_back(call.argv, world)
    return replace(_command(call.argv, undo, world), way_back=undo)


def _way_back(argv: tuple[str, ...], world: World) -> Undo:
    """Of a change of the network, by what is there now; of no other command."""
    look = look_before(argv)
    if not look:
        return NO_UNDO
    seen = world.host.run(look, world.timeout, lambda _pid, _start: None)
    return undo_of_command(argv, seen.out) if seen.status == 0 else NO_UNDO


def _command(argv: tuple[str, ...], undo: Undo, world: World) -> Prepared:
    def act(started: Started) -> Done:
        result = world.host.run(argv, world.timeout, started)
        if result.timed_out:
            return Done(
                None,
                f"ended after {world.timeout:.0f} s",
                ok=False,
                fails_as=HostError("timeout", shlex.join(argv)[:200]),
            )
        return Done(
            outcome_of(result), f"status {result.status}", result.status == 0, None if result.status == 0 else NO_UNDO
        )

    return Prepared(Verb.EXEC, shlex.join(argv), undo, act)


def _must_succeed(ready: Prepared) -> Prepared:
    """A command of an undo that says no has taken nothing back."""

    def act(started: Started) -> Done:
        done = ready.act(started)
        if done.ok or done.fails_as is not None:
            return done
        return replace(done, fails_as=HostError("failed", done.line))

    return replace(ready, act=act)


def _service(call: HostCall, world: World) -> Prepared:
    verb = call.verb or Verb.SERVICE_STATUS
    order, name = SERVICE_ORDERS[verb], call.text("name")
    state = world.services.status(name)
    undo = undoing.undo_of_service(order, name, was_running=state.is_running)
    argv = world.services.argv(order, name)
    return Prepared(verb, name, undo, lambda started: command_service(world, argv, started))


def command_service(world: World, argv: tuple[str, ...], started: Started) -> Done:
    """Gives a supervisor its order; an order that fails leaves nothing that could be taken back."""
    result = world.host.run(argv, world.timeout, started)
    if result.status == 0 and not result.timed_out:
        return Done(None, shlex.join(argv))
    said = (
        "no answer in time"
        if result.timed_out
        else (result.err or result.out).strip()[:300] or f"status {result.status}"
    )
    return Done(None, said, ok=False, undo=None if result.timed_out else NO_UNDO, fails_as=HostError("failed", said))


def _signal(call: HostCall, world: World) -> Prepared:
    process, name = find_process(call, world.host), call.text("name")

    def act(_: Started) -> Done:
        world.host.change(ProcessSignal(process.pid, process.started, name))
        return Done(None, "sent")

    return Prepared(Verb.PROCESS_SIGNAL, f"{name} {process.name} {process.pid}", NO_UNDO, act)


def _web(call: HostCall, world: World, *, is_private: bool) -> Prepared:
    method = "POST" if call.verb is Verb.HTTP_POST else "GET"
    body = call.text("body") if call.verb is Verb.HTTP_POST else ""
    request = WebRequest(method, call.text("url"), call.headers, body, call.number("limit"), is_private)

    def act(_: Started) -> Done:
        values = {name: world.secret(name) for name in secrets_named(request.headers)}
        try:
            answer = world.fetch(with_secrets(request, values))
        except HostError as error:
            raise HostError(error.code, masked(str(error), values)) from None
        text = masked(answer.body, values)
        return Done([answer.status, text], f"status {answer.status}, {len(answer.body)} characters")

    return Prepared(call.verb or Verb.HTTP_GET, call.target, NO_UNDO, act, content=request.content)


def _notify(call: HostCall, world: World) -> Prepared:
    def act(_: Started) -> Done:
        world.notify(call.text("to"), call.text("text"))
        return Done(None, "told")

    return Prepared(Verb.NOTIFY, call.target, NO_UNDO, act)


def _keep(call: HostCall, world: World) -> Prepared:
    """Each run keeps something else, so that a yes binds the key and not the text."""

    def act(_: Started) -> Done:
        world.keep(call.text("key"), call.text("text"))
        return Done(None, "kept")

    return Prepared(Verb.KV, call.target, NO_UNDO, act)


def _secret(call: HostCall, world: World) -> Prepared:
    def act(_: Started) -> Done:
        world.secret(call.text("name"))
        return Done(handle_of(call.text("name")), "a handle was given")

    return Prepared(Verb.SECRET, call.target, NO_UNDO, act)


_PREPARE: dict[Verb | None, Callable[[HostCall, World], Prepared]] = {
    Verb.FS_WRITE: _write,
    Verb.FS_DELETE: _delete,
    Verb.FS_MOVE: _move,
    Verb.FS_TRUNCATE: _truncate,
    Verb.EXEC: _exec,
    Verb.PROCESS_SIGNAL: _signal,
    Verb.KV: _keep,
    Verb.NOTIFY: _notify,
    Verb.SECRET: _secret,
}
