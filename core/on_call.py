"""Who is on call: a rotation with overrides, by the wall clock of one time zone; and the ladder of who is woken next (TRUST 7). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from core.errors import InvalidError


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody else has it from `begin` until `end`; both aware."""

    person: str
    begin: datetime
    end: datetime

    def is_on(self, moment: datetime) -> bool:
        """True from its beginning until before its end."""
        return self.begin <= moment < self.end


@dataclass(frozen=True, slots=True)
class Schedule:
    """`starts` is the wall clock of the first handover, without a zone; it happens every `days` days at that hour, summer and winter.

    `days` 0: nothing rotates, the order is always the same. `zone` '' is the machine's own. Raises InvalidError for overrides that
    overlap or end before they begin.
    """

    rotation: tuple[str, ...]
    starts: datetime = datetime(2026, 1, 5, 9, 0)  # noqa: DTZ001 - a wall clock, read in `zone`
    days: int = 7
    zone: str = ""
    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        backwards = [one for one in self.overrides if one.begin >= one.end]
        if backwards:
            raise InvalidError(f"the override of {backwards[0].person} ends before it begins")
        ordered = sorted(self.overrides, key=lambda one: one.begin)
        for first, second in pairwise(ordered):
            if second.begin < first.end:
                raise InvalidError(
                    f"the overrides of {first.person} and {second.person} overlap; only one can be on call"
                )

    def at(self, moment: datetime) -> str:
        """The one person on call; '' only where the rotation is empty."""
        return next(iter(self.ladder(moment)), "")

    def ladder(self, moment: datetime) -> tuple[str, ...]:
        """Who is woken, in order: on call first, then the next of the rotation, each once."""
        standing_in = tuple(one.person for one in self.overrides if one.is_on(moment))
        turn = self._turn(moment) % len(self.rotation) if self.rotation else 0
        return tuple(dict.fromkeys((*standing_in, *self.rotation[turn:], *self.rotation[:turn])))

    def local(self, moment: datetime) -> datetime:
        """The moment by the wall clock of the schedule."""
        return moment.astimezone(self._tz)

    def moment(self, wall: datetime) -> datetime:
        """When the wall clock shows this; an hour that does not exist is read as if the clock had not been moved."""
        return wall.replace(tzinfo=self._tz).astimezone(UTC)

    @property
    def _tz(self) -> ZoneInfo | None:
        return ZoneInfo(self.zone) if self.zone else None

    def _turn(self, moment: datetime) -> int:
        """How many handovers there were, negative before the first. Guessed by the wall clock, which may be moved, then corrected."""
        if not self.days:
            return 0
        guess = (self.local(moment).replace(tzinfo=None) - self.starts) // timedelta(days=self.days)
        return max(turn for turn in (guess - 1, guess, guess + 1) if turn < guess or self._handover(turn) <= moment)

    def _handover(self, turn: int) -> datetime:
        return self.moment(self.starts + timedelta(days=self.days * turn))
