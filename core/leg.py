"""One leg of a story, as a row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a story to be played: a row, whose id is the id of its workflow. `subject` is the id of a noun, never a noun."""

    id: str
    leg: str
    subject: str
    round: int
    due: datetime
