"""Waking a person: one page, how it went, and what it was about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.set_back import is_ahead, not_ahead

MOST_TRIES = 3
TRY_AGAIN = timedelta(seconds=30)
CUT_OFF_TRY = timedelta(seconds=40)
"""A try that left no receipt after this long has died with its process: an adapter answers within 20 s."""


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
    """One wake-up of one person. `rung` counts from 0 up the ladder of who is woken next; `receipt` None: not sent yet.

    `incident` is what it is about: the id of an incident, of a storm or of a drill. `tries` counts how often it was begun to be sent,
    `tried` is when that was last.
    """

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
    tries: int = 0
    tried: datetime | None = None

    @property
    def has_arrived(self) -> bool:
        """True once a pager has taken it."""
        return self.receipt is not None and self.receipt.ok

    def answered(self, by: str, now: datetime) -> Page:
        """Somebody is awake; the first answer stands."""
        return self if self.acknowledged else replace(self, acknowledged=now, acknowledged_by=by)

    def has_failed(self, now: datetime) -> bool:
        """True once it is not tried any more: the next of the ladder is woken at once."""
        return not self.has_arrived and self.tries >= MOST_TRIES and not self._is_on_its_way(now)

    def is_to_send(self, now: datetime) -> bool:
        """True where it is due, not arrived, not on its way, and may be tried once more."""
        is_over = self.acknowledged or self.has_arrived or self.tries >= MOST_TRIES
        if is_over or not_ahead(self.due, now) > now or self._is_on_its_way(now):
            return False
        return self.receipt is None or is_ahead(self.receipt.at, now) or now >= self.receipt.at + TRY_AGAIN

    def _is_on_its_way(self, now: datetime) -> bool:
        has_answer = self.tried is None or (self.receipt is not None and self.receipt.at >= self.tried)
        if has_answer or self.tried is None:
            return False
        return now < self.tried + CUT_OFF_TRY and not is_ahead(self.tried, now)
