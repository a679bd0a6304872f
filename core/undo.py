"""How effects are taken back: the record made before each effect, and the steps that undo a run, newest first.

Pure but for `verify`, which looks whether the world still is as the effect left it. The broker carries the steps out.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import dataclass, replace
from typing import TypeAlias

from core.capability import NO_UNDO, Undo
from core.errors import ChangedError, NightshiftError
from core.host_change import FileDelete, FileMove, FileWrite
from core.journal import EffectRow
from core.network_change import back_argv, is_as_left, look_before
from core.ports import Blobs, Host
from core.skill import HostError
from core.world import FileContent

MAX_SAVED = 1 << 20
"""Bytes of a file that are kept for an undo; what is larger cannot be taken back."""

RESOLVER = "/etc/resolv.conf"
_EMPTY = hashlib.sha256(b"").hexdigest()
_NAMED = {"route": "the route", "link": "the link", "rule": "the firewall chain"}


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
    return replace(step, data=blobs.get(undo.blob))


def verify(undo: Undo, host: Host) -> None:
    """Raises ChangedError when what we left there has been changed since: it is left alone."""
    if undo.kind in ("restore", "resolver", "unlink") and _present(host, undo.target) != undo.after:
        raise ChangedError(f"{undo.target} was changed since: left alone")
    if undo.kind == "move_back":
        origin = dict(undo.detail).get("from", "")
        if not _present(host, undo.target) or _present(host, origin):
            raise ChangedError(f"{undo.target} or {origin} was changed since: left alone")
    if undo.kind in ("route", "link", "rule"):
        seen = host.run(look_before(back_argv(undo)), 5.0, lambda _p, _s: None)
        if seen.status != 0 or not is_as_left(undo, seen.out):
            raise ChangedError(f"{_NAMED[undo.kind]} {undo.target} was changed since: left alone")


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
        uid, gid = map(int, detail.get("owner", "-1:-1").split(":"))
        return FileWrite(undo.target, b"", int(detail.get("mode", "420")), uid, gid)
    if undo.kind == "unlink":
        return FileDelete(undo.target)
    if undo.kind == "move_back":
        return FileMove(undo.target, detail["from"])
    if undo.kind in ("start", "stop"):
        return ServiceOrder(undo.kind, undo.target)
    if undo.kind in ("route", "link", "rule"):
        return back_argv(undo)
    if undo.kind == "command":
        return tuple(json.loads(detail["argv"]))
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


def _mode(content: FileContent) -> tuple[tuple[str, str], ...]:
    """What a file that is made again gets: its mode, and its owner where the host told both user and group."""
    info = content.info
    owner = (("owner", f"{info.uid}:{info.gid}"),) if info.gid >= 0 else ()
    return (("mode", str(info.mode & 0o777)), *owner)


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
