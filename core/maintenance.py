"""Maintenance by the calendar: windows as five-field cron lines, when they begin, and which cannot be meant. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from core.errors import InvalidError
from core.pause import BY_SETTINGS, Pause, PauseKind

AHEAD = timedelta(seconds=5)
"""A window is laid down so much early, so that none begins late."""

LONGEST_WINDOW = timedelta(days=7)
_YEARS = (date(2027, 1, 1), date(2035, 1, 1))
"""Days by which a line is judged: every combination of month, day and weekday that anybody means is among them."""

_DAYS = {name: n for n, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_MONTHS = {
    name: n
    for n, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}


@dataclass(frozen=True, slots=True)
class Cron:
    """A line of five fields as sets; where both day fields are stated, either is enough, as in every cron."""

    times: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    is_either: bool

    @classmethod
    def parse(cls, line: str) -> Cron:
        """Reads `minute hour day month weekday`; raises InvalidError."""
        fields = line.lower().split()
        if len(fields) != 5:
            raise InvalidError(f'{line[:60]!r} is no cron line; write five fields, e.g. "0 2 * * sun"')
        minutes, hours, days, months, weekdays = fields
        return cls(
            times=tuple(
                hour * 60 + minute for hour in sorted(_set(hours, 0, 23)) for minute in sorted(_set(minutes, 0, 59))
            ),
            days=_set(days, 1, 31),
            months=_set(months, 1, 12, _MONTHS),
            weekdays=frozenset(day % 7 for day in _set(weekdays, 0, 7, _DAYS)),
            is_either=not days.startswith("*") and not weekdays.startswith("*"),
        )

    def falls_on(self, day: date) -> bool:
        """True if it begins on this day."""
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and (by_day or by_weekday if self.is_either else by_day and by_weekday)

    def shortest_gap(self) -> timedelta | None:
        """The least time between two beginnings, by the calendar; None for a line that never comes."""
        first, last = _YEARS
        days = [day for n in range((last - first).days) if self.falls_on(day := first + timedelta(days=n))]
        if not days:
            return None
        inside = [later - earlier for earlier, later in pairwise(self.times)]
        between = [(later - earlier).days * 1440 - self.times[-1] + self.times[0] for earlier, later in pairwise(days)]
        return timedelta(minutes=min((*inside, *between), default=1 << 30))


@dataclass(frozen=True, slots=True)
class Window:
    """One `[[maintenance]]` of the settings; `zone` is the time zone that its line is read in, '' this machine's own."""

    cron: str
    length: timedelta
    zone: str
    hosts: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    why: str = ""

    def check(self) -> None:
        """Raises InvalidError, one sentence, for a window that never comes, never ends or overlaps itself."""
        gap = Cron.parse(self.cron).shortest_gap()
        _zone(self.zone)
        if gap is None:
            raise InvalidError(f"cron {self.cron!r} never comes; there is no such day")
        if self.length > LONGEST_WINDOW:
            raise InvalidError(f"a window lasts at most {LONGEST_WINDOW.days} days; shorten `for`")
        if self.length >= gap:
            raise InvalidError(
                f"cron {self.cron!r} begins again before `for` is over, which would never end; shorten `for`"
            )

    def begun(self, now: datetime) -> Iterator[datetime]:
        """Beginnings whose window is on now, or will be in a moment. In the hour that comes twice it begins once, at the first."""
        line, zone = Cron.parse(self.cron), _zone(self.zone)
        first = (now - self.length).astimezone(zone).date() - timedelta(days=1)
        last = (now + AHEAD).astimezone(zone).date()
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            for minutes in line.times if line.falls_on(day) else ():
                local = datetime(day.year, day.month, day.day, *divmod(minutes, 60))  # noqa: DTZ001 - '' is local time
                begin = (local.replace(tzinfo=zone) if zone else local).astimezone(UTC)
                if begin - AHEAD <= now < begin + self.length:
                    yield begin

    def pauses(self, now: datetime) -> Iterator[Pause]:
        """What is to be laid down now: one per host and group; the ids say which window, so that the same again is the same."""
        for begin in self.begun(now):
            for scope in (*(f"host:{host}" for host in self.hosts), *(f"group:{group}" for group in self.groups)):
                name = f"{self.cron}|{self.length}|{self.zone}|{scope}|{begin.isoformat()}"
                named = hashlib.sha256(name.encode()).hexdigest()[:8]
                yield Pause(named, PauseKind.MAINTENANCE, scope, BY_SETTINGS, begin, begin + self.length, self.why)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, KeyError) as error:
        raise InvalidError(f'{name[:60]!r} is no time zone; write e.g. "Europe/Berlin" or "Asia/Shanghai"') from error


def _set(field: str, least: int, most: int, names: Mapping[str, int] = {}) -> frozenset[int]:
    """`*`, `5`, `1-5`, `*/15`, `mon,wed`, `10-20/5` as the numbers that they mean."""
    return frozenset(number for part in field.split(",") for number in _part(part, least, most, names))


def _part(part: str, least: int, most: int, names: Mapping[str, int]) -> range:
    span, slash, step = part.partition("/")
    begin, dash, end = span.partition("-")
    first = least if begin == "*" else _number(begin, least, most, names)
    until = most if begin == "*" or slash else first
    last = _number(end, least, most, names) if dash else until
    width = _number(step, 1, most, {}) if slash else 1
    if last < first:
        raise InvalidError(f"{part[:20]!r} in a cron line runs backwards; write the smaller one first")
    return range(first, last + 1, width)


def _number(text: str, least: int, most: int, names: Mapping[str, int]) -> int:
    number = names.get(text, int(text) if text.isascii() and text.isdecimal() and len(text) < 3 else -1)
    if not least <= number <= most:
        raise InvalidError(f"{text[:20]!r} in a cron line is no number from {least} to {most}")
    return number
