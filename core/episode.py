"""What is remembered of a repair, so that the second time needs no thinking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.incident import Ending


@dataclass(frozen=True, slots=True)
class Episode:
    """One ended attempt, or one choice a person made (`ending` None). `text` is what a search looks through."""

    id: str
    fingerprint: str
    group: str
    host: str
    signal: str
    skill: str
    sha256: str
    ending: Ending | None
    incident: str
    at: datetime
    text: str = ""
    is_seeded: bool = False


@dataclass(frozen=True, slots=True)
class Recall:
    """What memory says about one skill for one fingerprint and host group: verified successes since the last failure."""

    skill: str
    sha256: str
    verified: int
    last: datetime
    was_picked: bool = False

    @property
    def is_earned(self) -> bool:
        """Three verified successes since the last failure, undo or change (TRUST 4)."""
        return self.verified >= 3
