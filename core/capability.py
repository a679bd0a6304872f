"""What a run can ask of the broker: verbs, risk, and effects as they are planned and journalled."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Risk(IntEnum):
    """How dangerous, in the order of TRUST 1; NEVER is opened by nothing."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    NEVER = 3

    @property
    def word(self) -> str:
        """The word in headers, tables and cards."""
        return self.name.lower()


class Verb(StrEnum):
    """Grant verbs, one to one with the methods of `core.skill.Host`, but for `kv`, which opens `recall` and `keep`."""

    FS_READ = "fs.read"
    FS_LIST = "fs.list"
    FS_STAT = "fs.stat"
    FS_WRITE = "fs.write"
    FS_DELETE = "fs.delete"
    FS_MOVE = "fs.move"
    FS_TRUNCATE = "fs.truncate"
    EXEC = "exec"
    SERVICE_STATUS = "service.status"
    SERVICE_START = "service.start"
    SERVICE_STOP = "service.stop"
    SERVICE_RESTART = "service.restart"
    SERVICE_RELOAD = "service.reload"
    PROCESS_LIST = "process.list"
    PROCESS_SIGNAL = "process.signal"
    HTTP_GET = "http.GET"
    HTTP_POST = "http.POST"
    KV = "kv"
    NOTIFY = "notify"
    SECRET = "secret"  # noqa: S105 - the name of a verb


LOCAL_LOOKS = frozenset({Verb.FS_READ, Verb.FS_LIST, Verb.FS_STAT, Verb.SERVICE_STATUS, Verb.PROCESS_LIST})
"""Verbs that a dry run really performs; everything else it collects (TRUST 6). A looking `exec` is told by its shape."""


@dataclass(frozen=True, slots=True)
class PlannedEffect:
    """One effect a run would have, in words of the grant grammar: `fs.delete` `/var/log/app.log.3`.

    `content` is the SHA-256 of what an `fs.write` writes: a yes binds the bytes too.
    """

    verb: Verb
    target: str
    risk: Risk
    is_reversible: bool
    content: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.target}"


@dataclass(frozen=True, slots=True)
class Undo:
    """How to take one effect back. `kind` is restore, unlink, move_back, start, stop, route, link, rule, resolver, command or none.

    `target` is what it applies to, `blob` the SHA-256 of saved bytes, `after` the SHA-256 of what we left there: an undo is refused
    when it no longer matches.
    """

    kind: str
    target: str = ""
    blob: str = ""
    after: str = ""
    detail: tuple[tuple[str, str], ...] = ()

    @property
    def is_possible(self) -> bool:
        """False where nothing can take it back."""
        return self.kind != "none"


NO_UNDO = Undo("none")
