"""A rule that a person told us in words, as the typed rule that policy obeys; it can only forbid or silence, never permit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RuleKind(StrEnum):
    """NEVER: policy denies what it names. ASK: what it names never goes alone. IGNORE: the host or signal is muted."""

    NEVER = "never"
    ASK = "ask"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class When:
    """When a rule holds, in the local time of the installation; every empty field means always.

    `days_of_month` 1..31, `weekdays` 0 (Monday)..6, `from_minute`..`to_minute` minutes of the day (to < from goes over midnight).
    """

    days_of_month: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()
    from_minute: int | None = None
    to_minute: int | None = None


@dataclass(frozen=True, slots=True)
class ToldRule:
    """One rule. It holds from its confirmation until `until`, or until it is dropped; `said` are the words it came from.

    `action` is a verb of people (`restart`, `stop`, `delete`, `touch` for everything); `object` a service, path, skill or signal; `host` a
    host or group; '' means any.
    """

    id: str
    kind: RuleKind
    said: str
    by: str
    made: datetime
    action: str = ""
    object: str = ""
    host: str = ""
    when: When = When()
    until: datetime | None = None
    confirmed: datetime | None = None
    ended: datetime | None = None
    ended_by: str = ""

    @property
    def ends(self) -> datetime | None:
        """When it is or was over; None while nobody knows."""
        return self.ended or self.until

    def is_on(self, now: datetime) -> bool:
        """True while it is in force at all, whatever the time of day."""
        return self.confirmed is not None and (self.ends is None or now < self.ends)
