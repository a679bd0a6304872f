"""How effects are taken back: the record made before each effect, and the steps that undo a run, newest first.

Pure but for `verify`, which looks whether the world still is as the effect left it. The broker carries the steps out.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import shlex
from dataclasses import dataclass
from typing import TypeAlias, cast

from core.capability import NO_UNDO, Undo
from core.errors import ChangedError, NightshiftError
from core.host_change import FileDelete, FileMove, FileWrite
from core.journal import EffectRow
from core.ports import Blobs, Host
from core.skill import HostError
from core.world import FileContent

MAX_SAVED = 1 << 20
"""Bytes of a file that are kept for an undo; what is larger cannot be taken back."""

RESOLVER = "/etc/resolv.conf"
_EMPTY = hashlib.sha256(b"").hexdigest()
_IP = ("/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip")


@dataclass(frozen=True, slots=True)
class ServiceOrder:
    """Start or stop a service through its supervisor."""

    verb: str
    name: str


Step: TypeAlias = FileWrite | FileDelete | FileMove | ServiceOrder | tuple[str, ...]
"""What an undo does: a change of a file, an order to a service, or an argv."""


def undo_of_write(path: str, data: bytes, old: FileContent | None) -> Undo:
    """`old` None: there was no such file. A file over MAX_SAVED is not kept, so it cannot be brought back."""
    after = hashlib.sha256(data).hexdigest()
    if old is None:
        return Undo("unlink", path, after=after)
    if not is_whole(old):
        return NO_UNDO
    return Undo("resolver" if path == RESOLVER else "restore", path, old.sha256, after, _mode(old))


def undo_of_delete(path: str, old: FileContent) -> Undo:
    """After it there must be nothing: `after` is empty."""
    return Undo("restore", path, old.sha256, "", _mode(old)) if is_whole(old) else NO_UNDO


def undo_of_truncate(path: str, old: FileContent) -> Undo:
    """A deleted file reached through `/proc` has no name to bring it back to."""
    if path.startswith("/proc/") or not is_whole(old):
        return NO_UNDO
    return Undo("restore", path, old.sha256, _EMPTY, _mode(old))


def undo_of_move(path: str, to: str) -> Undo:
    """Moving back loses nothing that was written meanwhile, so no content is compared."""
    return Undo("move_back", to, detail=(("from", path),))


def undo_of_service(verb: str, name: str, *, was_running: bool) -> Undo:
    """Back to running or not running as it was; a restart of what ran, and a reload, leave nothing to go back to."""
    if verb == "stop" and was_running:
        return Undo("start", name)
    if verb in ("start", "restart") and not was_running:
        return Undo("stop", name)
    return NO_UNDO


def undo_of_command(argv: tuple[str, ...], routes: str) -> Undo:
    """Only a default route is set back; `routes` is what the command of `route_look` said before.

    A route that was replaced or deleted comes back by its gateway, device and metric; one that is new is deleted again.
    """
    head, wanted = route_words(argv)
    if not wanted:
        return NO_UNDO
    former = [found for line in routes.splitlines() if (found := _route(line)) and found[2] == wanted[2]]
    order = argv[len(head)]
    if former:
        back = (*head, "replace", "default", *_spelled(former[0]))
    elif order != "del":
        back = (*head, "del", "default", *_spelled(wanted)[:4])
    else:
        return NO_UNDO
    left = "" if order == "del" else " ".join(_spelled(wanted))
    return Undo("route", "default", detail=(("argv", json.dumps(back)), ("set", left)))


def route_words(argv: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, str, str]] | tuple[tuple[()], tuple[()]]:
    """For `ip [-4|-6] route add|replace|del default …`: the words before the order, and (gateway, device, metric)."""
    at = 2 if len(argv) > 1 and argv[1] in ("-4", "-6") else 1
    is_route = argv[0] in _IP and argv[at : at + 1] == ("route",) and argv[at + 2 : at + 3] == ("default",)
    found = _route(" ".join(argv[at + 2 :])) if is_route and argv[at + 1] in ("add", "replace", "del") else None
    return (argv[: at + 1], found) if found else ((), ())


def route_look(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command that shows the default routes of the same family as they are."""
    return (*argv[: argv.index("route") + 1], "show", "default")


def is_whole(content: FileContent) -> bool:
    """True when all bytes were read, so that they can be brought back."""
    return content.info.kind == "file" and len(content.data) <= MAX_SAVED and content.info.size <= len(content.data)


def plan_undo(rows: tuple[EffectRow, ...]) -> tuple[tuple[EffectRow, Step | None], ...]:
    """What took effect, or may have, and was not taken back yet, newest first; None where nothing can take it back."""
    due = [row for row in rows if (row.ok or row.undo.is_possible) and not row.undone_by]
    return tuple((row, _step(row.undo)) for row in sorted(due, key=lambda row: -row.action))


def with_blob(step: Step, undo: Undo, blobs: Blobs) -> Step:
    """Fills in the saved bytes; raises UnknownError or TamperedError when they are not what was saved."""
    if not isinstance(step, FileWrite):
        return step
    return FileWrite(step.path, blobs.get(undo.blob), step.mode)


def verify(undo: Undo, host: Host) -> None:
    """Raises ChangedError when what we left there has been changed since: it is left alone."""
    if undo.kind in ("restore", "resolver", "unlink") and _present(host, undo.target) != undo.after:
        raise ChangedError(f"{undo.target} was changed since: left alone")
    if undo.kind == "move_back":
        origin = dict(undo.detail).get("from", "")
        if not _present(host, undo.target) or _present(host, origin):
            raise ChangedError(f"{undo.target} or {origin} was changed since: left alone")
    if undo.kind == "route":
        detail = dict(undo.detail)
        look = route_look(tuple(cast("list[str]", json.loads(detail["argv"]))))
        shown = {
            " ".join(_spelled(found))
            for line in host.run(look, 5.0, lambda _p, _s: None).out.splitlines()
            if (found := _route(line))
        }
        if (detail["set"] not in shown) if detail["set"] else bool(shown):
            raise ChangedError("the default route was changed since: left alone")


def to_json(undo: Undo) -> dict[str, str]:
    """For the intent row: the record is durable before the effect begins."""
    return {
        "kind": undo.kind,
        "target": undo.target,
        "blob": undo.blob,
        "after": undo.after,
        "detail": json.dumps(undo.detail),
    }


def _step(undo: Undo) -> Step | None:
    detail = dict(undo.detail)
    if undo.kind in ("restore", "resolver"):
        return FileWrite(undo.target, b"", int(detail.get("mode", "420")))
    if undo.kind == "unlink":
        return FileDelete(undo.target)
    if undo.kind == "move_back":
        return FileMove(undo.target, detail["from"])
    if undo.kind in ("start", "stop"):
        return ServiceOrder(undo.kind, undo.target)
    if undo.kind == "route":
        return tuple(cast("list[str]", json.loads(detail["argv"])))
    return None


def describe(step: Step | None) -> str:
    """One line for a person."""
    if step is None:
        return "cannot be taken back"
    if isinstance(step, ServiceOrder):
        return f"service.{step.verb} {step.name}"
    if isinstance(step, tuple):
        return f"exec {shlex.join(step)}"
    if isinstance(step, FileMove):
        return f"fs.move {step.path} -> {step.to}"
    return f"{'fs.write' if isinstance(step, FileWrite) else 'fs.delete'} {step.path}"


def _route(line: str) -> tuple[str, str, str] | None:
    """(gateway, device, metric) of one line of `ip route show`; None for one without a gateway."""
    words = line.split()
    named = dict(itertools.pairwise(words))
    return (
        (named["via"], named.get("dev", ""), named.get("metric", ""))
        if words[:1] == ["default"] and "via" in named
        else None
    )


def _spelled(route: tuple[str, str, str]) -> tuple[str, ...]:
    return tuple(
        word for key, value in zip(("via", "dev", "metric"), route, strict=True) if value for word in (key, value)
    )


def _mode(content: FileContent) -> tuple[tuple[str, str], ...]:
    return (("mode", str(content.info.mode & 0o777)),)


def _present(host: Host, path: str) -> str:
    """SHA-256 of what is there now, empty if there is nothing; a file too large to compare counts as changed."""
    try:
        content = host.read(path, MAX_SAVED)
    except HostError as error:
        if error.code == "missing":
            return ""
        raise
    return content.sha256 if is_whole(content) else "too large to compare"


UNDO_ERRORS = (NightshiftError, HostError)
"""What one undo step may fail with without keeping the older ones from being taken back."""
