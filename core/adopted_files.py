"""Whether the files of a team's own command are what was adopted, on the very host and right before it runs.

Between this look and the start of the command somebody who may write there, root or the owner, can still exchange a file; and what a
script itself calls or reads is its own affair.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import replace

from core.action import Action, files_named
from core.capability import Undo
from core.effect import Done, Prepared, Started, World
from core.errors import ChangedError
from core.ports import Host
from core.skill import HostError
from core.world import FileContent

LARGEST = 1 << 20
"""Bytes of a script; what is larger is a program and not a team's own script."""

OTHERS_WRITE = 0o022
STICKY = 0o1000
AGAIN = "look at it, then adopt it again"


def guarded(ready: Prepared, action: Action, world: World) -> Prepared:
    """The effect of an action: checked when it is made ready, and once more when it is begun; taken back by its own undo."""
    require_adopted(action.command, dict(action.files), world.host)

    def act(started: Started) -> Done:
        require_adopted(action.command, dict(action.files), world.host)
        return replace(ready.act(started), undo=None)

    undo = undo_of(action) if action.undo else ready.undo
    return replace(ready, undo=undo, content=action.content, act=act)


def undo_of(action: Action) -> Undo:
    """A command that failed half-way can be taken back too."""
    argv, files = json.dumps(action.undo), json.dumps(dict(action.files))
    return Undo(
        "command", shlex.join(action.undo), detail=(("argv", argv), ("files", files), ("risk", action.risk.word))
    )


def require_undo_adopted(undo: Undo, host: Host) -> None:
    """The same for the command of an undo; raises ChangedError."""
    detail = dict(undo.detail)
    require_adopted(tuple(json.loads(detail["argv"])), json.loads(detail["files"]), host)


def require_adopted(argv: tuple[str, ...], files: Mapping[str, str], host: Host) -> None:
    """Raises ChangedError where a file is missing, another one, a link, or open to others."""
    for path in files_named(argv):
        is_wanted = path in files or path == argv[0]
        content = _seen(path, host, is_wanted=is_wanted)
        if content is None:
            continue
        why = _why_not(content, files.get(path, ""), is_wanted=is_wanted, is_program=path == argv[0]) or _why_open(
            path, host
        )
        if why:
            raise ChangedError(f"{path} {why}; {AGAIN}")


def _seen(path: str, host: Host, *, is_wanted: bool) -> FileContent | None:
    try:
        info = host.read(path, 0).info
        return host.read(path, LARGEST) if info.kind == "file" and info.size <= LARGEST else FileContent(info, b"", "")
    except HostError as error:
        if error.code == "missing" and not is_wanted:
            return None
        if error.code == "missing":
            raise ChangedError(f"{path} is not there; {AGAIN}") from error
        raise


def _why_not(content: FileContent, pin: str, *, is_wanted: bool, is_program: bool) -> str:
    """A folder or a socket among the arguments is none of the contents that were adopted."""
    info = content.info
    if info.kind == "link":
        return "is a link, not a plain file"
    if info.kind != "file":
        return "is no plain file" if is_wanted else ""
    if info.size > LARGEST:
        return f"is larger than {LARGEST >> 20} MiB"
    if info.mode & OTHERS_WRITE:
        return "can be changed by others than root and its owner"
    if is_program and not content.data.startswith(b"#!"):
        return "is no script: its first line does not begin with #!"
    if not pin:
        return "was not there, or not looked at, when the command was adopted"
    return "" if content.sha256 == pin else f"is not what was adopted (now {content.sha256[:12]}, adopted {pin[:12]})"


def _why_open(path: str, host: Host) -> str:
    """A folder above that others can write to lets them exchange the file."""
    parts = path.strip("/").split("/")[:-1]
    for count in range(len(parts)):
        folder = "/" + "/".join(parts[: count + 1])
        info = host.read(folder, 0).info
        if info.kind != "dir" or (info.mode & OTHERS_WRITE and not info.mode & STICKY):
            return f"lies below {folder}, which is a link or can be changed by others"
    return ""
