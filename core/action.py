"""An action: a team's own command as the operator wrote it into nightshift.toml, bound to the content of its files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from core.capability import Risk

ACTIONS = "nightshift.toml/"
"""How the path of a skill begins that is an action and no file; a file of the catalog never has it."""


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
    """The words of a command that are an absolute path, or end in one after `=`; whether a file lies there, the host knows."""
    words = (
        (argv[:1] + tuple(word.partition("=")[2] if word.startswith("-") else word for word in argv[1:]))
        if argv
        else ()
    )
    return tuple(dict.fromkeys(word for word in words if word.startswith("/")))
