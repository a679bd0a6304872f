"""What people asked us to leave alone for a while: take, ack, snooze, mute, maintenance; each says who, what and until when (TRUST 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PauseKind(StrEnum):
    """Five words that mean one thing each."""

    TAKE = "take"
    ACK = "ack"
    SNOOZE = "snooze"
    MUTE = "mute"
    MAINTENANCE = "maintenance"


HOLDING = frozenset({PauseKind.TAKE, PauseKind.SNOOZE, PauseKind.MAINTENANCE})
"""Under these nothing is done: no effect begins, and an open question is put aside."""

SILENCING = frozenset({PauseKind.SNOOZE, PauseKind.MUTE, PauseKind.MAINTENANCE})
"""Under these nobody is asked or paged; what is muted goes to the morning message, and severity 1 comes through a mute."""


@dataclass(frozen=True, slots=True)
class Pause:
    """One such word. `scope` is `all`, `host:H`, `group:G`, `incident:ID` or `signal:S`; `until` None holds until it is ended.

    `ended` is when it was taken back before its time, by `ended_by`.
    """

    id: str
    kind: PauseKind
    scope: str
    by: str
    since: datetime
    until: datetime | None = None
    why: str = ""
    ended: datetime | None = None
    ended_by: str = ""

    @property
    def ends(self) -> datetime | None:
        """When it is or was over; None while nobody knows."""
        return self.ended or self.until

    def is_on(self, now: datetime) -> bool:
        """True while it holds."""
        return self.since <= now and (self.ends is None or now < self.ends)

    def covers(self, host: str, groups: tuple[str, ...], incident: str = "", signal: str = "") -> bool:
        """True if it is about this host, one of its groups, this incident or this signal."""
        scopes = {"all", f"host:{host}", *(f"group:{group}" for group in groups)}
        scopes |= {f"incident:{incident}"} if incident else set()
        scopes |= {f"signal:{signal}", f"signal:{signal.partition(':')[0]}"} if signal else set()
        return self.scope in scopes
