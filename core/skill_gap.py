"""What no skill can do yet, and who or what missed it: where a new skill begins."""

from __future__ import annotations

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
    ends: datetime | None = None
