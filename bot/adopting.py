"""`skills adopt FILE`: looks at a team's own script, asks what it is for, writes its lines into nightshift.toml. Runs nothing."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import re
import stat
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.settings_actions import NAME
from bot.settings_files import TOML, read_toml
from core.action import files_named
from core.adopted_files import LARGEST, OTHERS_WRITE
from core.errors import InvalidError
from core.redaction import clean

SHOWN = 12
"""Lines of the script that are shown."""


@dataclass(frozen=True, slots=True)
class Script:
    """What was found. `lines` are cleaned for a terminal."""

    path: str
    size: int
    owner: str
    sha256: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator wants of it, in words."""

    name: str
    command: tuple[str, ...]
    risk: str
    cures: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


def look_at(file: str) -> Script:
    """The script as it is now; raises InvalidError with one sentence for what cannot be adopted."""
    path = Path(os.path.normpath(Path.cwd() / file))
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        why = "it is a link" if path.is_symlink() else error.strerror
        raise InvalidError(f"cannot read {path}: {why}; name a plain file") from error
    with os.fdopen(descriptor, "rb") as opened:
        info = os.fstat(opened.fileno())
        if not stat.S_ISREG(info.st_mode):
            raise InvalidError(f"{path} is no plain file; name a script")
        data = opened.read(LARGEST + 1)
    _require(path, info, data)
    lines = data.decode(errors="replace").splitlines()[:SHOWN]
    return Script(
        str(path), len(data), _name_of(info.st_uid), hashlib.sha256(data).hexdigest(), tuple(map(clean, lines))
    )


def lines_for(wish: Wish) -> str:
    """The table for nightshift.toml, with the hash of every file that its words name here."""
    if not NAME.fullmatch(wish.name):
        raise InvalidError(
            f"{wish.name[:60]!r} is no name of an action; use lower case letters, digits and hyphens, at least three"
        )
    files = dict.fromkeys((*files_named(wish.command), *files_named(wish.undo)))
    hashes = {path: sha256 for path in files if (sha256 := _hash_of(path))}
    rows = [
        ("command", _list(wish.command)),
        ("risk", _text(wish.risk)),
        *([("cures", _list(wish.cures))] if wish.cures else []),
        *([("undo", _list(wish.undo))] if wish.undo else []),
        *([("hosts", _list(wish.hosts))] if wish.hosts else []),
        ("sha256", "{ " + ", ".join(f"{_text(path)} = {_text(value)}" for path, value in hashes.items()) + " }"),
    ]
    return "\n".join((f"[actions.{wish.name}]", *(f"{key} = {value}" for key, value in rows), ""))


def write_lines(home: Path, name: str, lines: str) -> Path:
    """Appends them, and refuses what the settings would refuse: then the file is as it was. The rest of it stays, byte by byte."""
    path = home / TOML
    old = path.read_bytes() if path.exists() else b""
    if name in tomllib.loads(old.decode()).get("actions", {}):
        raise InvalidError(f"{path}: actions.{name} is there already; remove it first, or give it another --name")
    new = old + (b"" if not old or old.endswith(b"\n") else b"\n") + (b"\n" if old else b"") + lines.encode()
    draft = home / f".{TOML}.{os.getpid()}"
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o600
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(new)
            file.flush()
            os.fsync(file.fileno())
        read_toml(draft)
        draft.replace(path)
    except InvalidError as error:
        raise InvalidError(error.message.replace(str(draft), "these lines cannot stand in nightshift.toml")) from error
    finally:
        draft.unlink(missing_ok=True)
    return path


def name_for(path: str) -> str:
    """rollback_api.sh -> rollback-api; raises InvalidError where a name has to be given."""
    stem = re.sub(r"[^a-z0-9]+", "-", Path(path).stem.lower()).strip("-")
    if not NAME.fullmatch(stem):
        raise InvalidError(f"{path} makes no name for an action; write --name NAME")
    return stem


def wish_of(script: Script, given: Wish, ask: Callable[[str], str] | None) -> Wish:
    """What the options say, and what is asked where they say nothing; raises InvalidError where nobody can be asked."""
    risk = given.risk or (ask("adopt.risk") if ask else "")
    if risk not in ("medium", "high"):
        raise InvalidError("say how dangerous it is: --risk medium or --risk high")
    cures = given.cures or tuple(ask("adopt.cures").split() if ask else ())
    undo = given.undo or tuple(ask("adopt.undo").split() if ask else ())
    return Wish(given.name or name_for(script.path), (script.path, *given.command), risk, cures, undo, given.hosts)


def _require(path: Path, info: os.stat_result, data: bytes) -> None:
    if len(data) > LARGEST:
        raise InvalidError(f"{path} is larger than {LARGEST >> 20} MiB; adopt a script that calls it")
    if not data.startswith(b"#!"):
        raise InvalidError(f"{path} is no script: its first line must begin with #!")
    if not info.st_mode & 0o111:
        raise InvalidError(f"{path} cannot be run; if it is meant to be, run: chmod 755 {path}")
    if info.st_uid not in (0, os.geteuid()):
        owner = _name_of(info.st_uid)
        raise InvalidError(
            f"{path} belongs to {owner}, who could exchange it while it is begun; run: chown root {path}"
        )
    if info.st_mode & OTHERS_WRITE:
        raise InvalidError(f"others can change {path}; look what is in it, then run: chmod go-w {path}")


def _hash_of(path: str) -> str:
    """'' for a word that names no plain file here."""
    file = Path(path)
    if file.is_symlink() or not file.is_file():
        return ""
    if file.stat().st_size > LARGEST:
        raise InvalidError(f"{path} is larger than {LARGEST >> 20} MiB and cannot be bound by its content")
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise InvalidError(f"cannot read {path}: {error.strerror}") from error


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=True)


def _list(words: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, words))}]"
