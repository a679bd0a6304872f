"""What surrounds a trouble: who is on the box, and what changed there in the hour before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Login:
    """One interactive session on a host; `idle` in seconds, None where it is not known."""

    user: str
    terminal: str
    origin: str = ""
    since: datetime | None = None
    idle: float | None = None


@dataclass(frozen=True, slots=True)
class HostEvent:
    """One change of a host. `kind` is unit, config, package, service or mark; `what` a path, a package or the words of a mark."""

    kind: str
    what: str
    at: datetime
    by: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person or a pipeline says it changed: `deploy api v2.3` on `host`, or on all of them ('' )."""

    id: str
    host: str
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Scene:
    """The surroundings of one incident as they were when it was looked at; `blind` says why something could not be seen."""

    incident: str
    at: datetime
    logins: tuple[Login, ...] = ()
    changes: tuple[HostEvent, ...] = ()
    blind: str = ""
