"""What people asked us to leave alone for a while: take, ack, snooze, mute, maintenance; each says who, what and until when (TRUST 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.errors import InvalidError


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

LONGEST: Mapping[PauseKind, timedelta] = {
    PauseKind.SNOOZE: timedelta(days=7),
    PauseKind.MUTE: timedelta(days=30),
    PauseKind.MAINTENANCE: timedelta(hours=24),
}
"""How long each may be said to last; what is not listed lasts until it is ended."""

SHORTEST = timedelta(minutes=1)

BY_SETTINGS = "settings"
"""Who a window of the calendar is by: a line of `nightshift.toml`."""
BY_POST = "POST by "
"""How the author begins of what came through a door."""


@dataclass(frozen=True, slots=True)
class Pause:
    """One such word. `scope` is `all`, `host:H`, `group:G`, `incident:ID`, or for a mute `signal:S` (measured by us) or `claim:S`.

    `until` None holds until it is ended. `ended` is when it was taken back before its time, by `ended_by`. `about` is the incident
    that it was said for: a take ends with it.
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
    about: str = ""

    @property
    def ends(self) -> datetime | None:
        """When it is or was over; None while nobody knows."""
        return self.ended or self.until

    @property
    def is_by_a_person(self) -> bool:
        """False for the calendar and for pipelines: nobody is awake because of them."""
        return self.by != BY_SETTINGS and not self.by.startswith(BY_POST)

    def is_on(self, now: datetime) -> bool:
        """True while it holds. A clock that is set back neither suspends one nor brings back one that was ended."""
        return self.ended is None and (self.until is None or now < self.until)

    def covers(
        self, host: str, groups: tuple[str, ...], incident: str = "", signal: str = "", *, is_claim: bool = False
    ) -> bool:
        """True if it is about this host, one of its groups, this incident, or this signal as we (or as others) see it."""
        scopes = {"all", f"host:{host}", *(f"group:{group}" for group in groups)}
        scopes |= {f"incident:{incident}"} if incident else set()
        voice = "claim" if is_claim else "signal"
        scopes |= {f"{voice}:{signal}", f"{voice}:{signal.partition(':')[0]}"} if signal else set()
        return self.scope in scopes

    def over(self, by: str, now: datetime) -> Pause:
        """The same, ended; what is over already stays as it was."""
        return replace(self, ended=now, ended_by=by) if self.is_on(now) else self


def require_length(kind: PauseKind, length: timedelta) -> None:
    """Raises InvalidError for a pause that would never end, or that is over before anybody notices."""
    longest = LONGEST.get(kind)
    if length < SHORTEST:
        raise InvalidError(f"{kind} needs at least a minute; write for example 30m or 2h")
    if longest is not None and length > longest:
        hours = longest.total_seconds() / 3600
        raise InvalidError(f"{kind} lasts at most {hours:g} hours; say it again when that is over")
