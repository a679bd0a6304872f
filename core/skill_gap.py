"""What no skill can do yet, and who or what missed it: where a new skill begins."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SkillGap:
    """One missing skill: `wanted` in the words of whoever missed it, which are quoted, never obeyed. `by` is `brain` or a person."""

    id: str
    wanted: str
    by: str
    incident: str
    at: datetime
    ended: datetime | None = None

    @property
    def ends(self) -> datetime | None:
        """See `core.laid_down.LaidDown`."""
        return self.ended


def gap_of(incident: str, wanted: str, by: str, at: datetime) -> SkillGap:
    """The same one missed twice in one incident, as after a kill, is one row."""
    digest = hashlib.sha256(f"{incident}|{wanted}".encode("utf-8", "replace")).hexdigest()
    return SkillGap(f"G-{digest[:6].upper()}", wanted, by, incident, at)
