"""An action: a team's own command as the operator wrote it into nightshift.toml, bound to the content of its files."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from core.capability import Risk

ACTIONS = "nightshift.toml/"
"""How the path of a skill begins that is an action and no file; a file of the catalog never has it."""


_ENDS_A_NAME = re.compile(r"[=,:@]")


@dataclass(frozen=True, slots=True)
class Action:
    """One command, literal to the last word. `files` are (path, SHA-256) of all its words, and of `undo`'s, that name a file.

    `hosts` and `groups` say where it may run, nowhere named: everywhere. `cures` empty: only a person's words begin it.
    """

    name: str
    command: tuple[str, ...]
    risk: Risk
    cures: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    settles: float = 0.0
    timeout: float = 60.0
    hosts: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()

    @property
    def skill(self) -> str:
        """Its name as a skill."""
        return self.name.replace("-", "_")

    @property
    def grant(self) -> str:
        """The one thing it may do."""
        return f"exec:{' '.join(self.command)};adopted"

    @property
    def content(self) -> str:
        """One SHA-256 over its files: a yes binds it."""
        return hashlib.sha256(json.dumps(sorted(self.files)).encode()).hexdigest()

    def is_for(self, host: str, groups: tuple[str, ...]) -> bool:
        """Whether it may run there."""
        return not (self.hosts or self.groups) or host in self.hosts or not set(groups).isdisjoint(self.groups)


def files_named(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The paths in the words of a command, also behind an option, `=`, `@` or a colon; whether a file lies there, the host knows.

    A command runs in `/`, so that a word without a slash in front names a file there.
    """
    pieces = (piece for word in argv[1:] for piece in _ENDS_A_NAME.split(word) if "/" in piece)
    paths = (piece[piece.index("/") :] if piece.startswith("-") else f"/{piece.removeprefix('/')}" for piece in pieces)
    return tuple(dict.fromkeys(path for path in (*argv[:1], *paths) if _is_plain(path)))


def _is_plain(path: str) -> bool:
    return path != "/" and {"", ".", ".."}.isdisjoint(path[1:].split("/"))
