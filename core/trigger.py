"""Words that people showed to mean a skill: learned from what they approved, picked and corrected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LearnedTrigger:
    """One masked text that stands for a skill, or, where `is_wrong`, was said not to. It proposes and never permits."""

    id: str
    skill: str
    text: str
    by: str
    at: datetime
    is_wrong: bool = False
    ended: datetime | None = None

    @property
    def ends(self) -> datetime | None:
        """When newer ones took its place; None while it counts."""
        return self.ended
