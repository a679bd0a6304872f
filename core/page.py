"""Waking a person: one page, how it went, and what it was about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PageReason(StrEnum):
    """Why somebody is woken."""

    SEVERE = "severe"
    UNANSWERED = "unanswered"
    HANDED_OVER = "handed over"
    WORSE = "worse"
    RELAPSE = "relapse"
    BLIND = "blind"
    CUT_OFF = "cut off"
    DRILL = "drill"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a pager said: `ok` False means that it may not have arrived; `detail` without any secret of the address."""

    ok: bool
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """One wake-up of one person. `rung` counts from 0 up the ladder of who is woken next; `receipt` None: not sent yet."""

    id: str
    incident: str
    reason: PageReason
    person: str
    line: str
    rung: int
    due: datetime
    receipt: Receipt | None = None
    acknowledged: datetime | None = None
    acknowledged_by: str = ""
