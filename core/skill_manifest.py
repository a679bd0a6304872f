"""A skill as the header of its file describes it: read without running it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from core.capability import Risk
from core.origin import Scalar
from core.skill_library import Library


class SkillState(StrEnum):
    """Where in its life a skill stands; only trial and owned may run (TRUST 1)."""

    DRAFT = "draft"
    TRIAL = "trial"
    OWNED = "owned"
    CHANGED = "changed"
    QUARANTINED = "quarantined"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One parameter of `run`: its type as written (`str`, `int`, `float`, `bool`, a Literal or tuple) and its default.

    `choices` is what a Literal allows; `is_privileged` is True when it selects a host, path, unit, container, pid, address, URL, user
    or package, or stands in a grant (TRUST 1).
    """

    name: str
    type: str
    default: Scalar | None
    is_required: bool
    is_privileged: bool
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skill:
    """One skill file: manifest, signature, source.

    - `risk` is the author's claim; the broker computes its own and takes the higher.
    - `timeout` and `settles` are in seconds: how long a run may take, how long its effect may take to show.
    - `cures` names signals (`disk.used_percent`); `looks_at` is the same for a looker, which only observes.
    - `lookers` names the skills whose facts this cure needs; `when` lists conditions on those facts, all of which must hold
      (`deleted_open_bytes >= 1000000`, or a bare name for truthy); `share` names the fact (0..1) that says how much of the trouble
      it explains and ranks it; `fill` maps parameters to facts.
    - `on_request`: neither of both; only a person's words begin it, a diagnosis never does.
    - `libraries` are those that it declared and what they need.
    - `quotes` names those of its facts that are words somebody else chose, a log line or the name of a process: seen, but only as text.
    - `progress` are phrases in a measurement's detail that mean "under way": neither fixed nor failed.
    """

    name: str
    path: str
    summary: str
    source: str
    sha256: str
    risk: Risk
    timeout: float
    settles: float
    cures: tuple[str, ...]
    looks_at: tuple[str, ...]
    lookers: tuple[str, ...]
    when: tuple[str, ...]
    share: str
    fill: tuple[tuple[str, str], ...]
    capabilities: tuple[str, ...]
    triggers: tuple[str, ...]
    progress: tuple[str, ...]
    parameters: tuple[ParameterSpec, ...]
    state: SkillState = SkillState.OWNED
    on_request: bool = False
    libraries: tuple[Library, ...] = ()
    quotes: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """The SHA-256 of all that runs: its text, and that of its libraries where it has any."""
        if not self.libraries:
            return self.sha256
        parts = (self.sha256, *(f"{library.pin} {library.sha256}" for library in self.libraries))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def is_looker(self) -> bool:
        """It only observes, for a diagnosis or for whoever asked."""
        return not self.cures and self.risk is Risk.LOW
