"""What is written down of effects and of everything that mattered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.capability import Undo
from core.world import Json


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One effect as journalled. `ok` None: no outcome yet. `undone_by` is the action that took it back, 0 if none."""

    action: int
    run: str
    host: str
    effect: str
    at: datetime
    ok: bool | None
    result: str
    undo: Undo
    pid: int = 0
    start: int = 0
    undone_by: int = 0


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the trail."""

    seq: int
    at: datetime
    kind: str
    subject: str
    body: dict[str, Json]


@dataclass(frozen=True, slots=True)
class AuditState:
    """Whether the trail is whole: `broken_at` is the first row that does not verify, 0 if none; `problem` says what is wrong."""

    count: int
    head: str
    broken_at: int
    problem: str
