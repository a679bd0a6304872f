"""What can be set of waking people: who is on call, how fast the next one is woken, the drill, the heartbeat."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, time
from typing import Annotated, Self

from pydantic import Field, StrictStr, field_validator, model_validator

from bot.settings_table import Duration, Names, Table, zone_name
from core.drill import DrillTime
from core.errors import InvalidError
from core.on_call import Override, Schedule

_REFERENCE = re.compile(r"env:([A-Z][A-Z0-9_]{0,63})")
_RHYTHM = re.compile(r"([1-9]\d{0,2})(d|w)")
_DRILL = re.compile(r"(mon|tue|wed|thu|fri|sat|sun) (([01]\d|2[0-3]):[0-5]\d)")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LINK = re.compile(r"https?://[^\s\x00-\x1f]{1,500}")


def reference(text: str) -> str:
    """The name in `env:NAME`; raises ValueError, which does not repeat the text: it may be the secret itself."""
    found = _REFERENCE.fullmatch(text)
    if found is None:
        raise ValueError('must not stand here, it holds a secret; write "env:NAME" and put NAME=… into .env')
    return found[1]


def _wall_clock(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise ValueError(f'{text[:40]!r} is no local time; write e.g. "2026-01-05T09:00"')
    return moment


class OverrideTable(Table):
    """[[oncall.overrides]]: somebody else has it for a while."""

    person: StrictStr = Field(description='a name from [people], e.g. "bo"')
    begin: StrictStr = Field(alias="from", description='a local time, e.g. "2026-02-14T09:00"')
    end: StrictStr = Field(alias="to", description='a local time, e.g. "2026-02-15T09:00"')

    @field_validator("begin", "end")
    @classmethod
    def _is_a_wall_clock(cls, text: str) -> str:
        _wall_clock(text)
        return text


class OnCallTable(Table):
    """[oncall]: who is woken first, and when that changes."""

    rotation: Names = Field(description='a list of names from [people], e.g. ["li", "bo"]', min_length=1)
    starts: StrictStr = Field(default="2026-01-05T09:00", description='a local time, e.g. "2026-01-05T09:00"')
    every: StrictStr = Field(default="1w", description='whole days or weeks, e.g. "1w"')
    zone: StrictStr = Field(default="", description='a time zone, e.g. "Asia/Shanghai"')
    overrides: Annotated[tuple[OverrideTable, ...], Field(strict=False)] = Field(
        default=(), description="tables [[oncall.overrides]]"
    )

    @field_validator("starts")
    @classmethod
    def _is_a_wall_clock(cls, text: str) -> str:
        _wall_clock(text)
        return text

    @field_validator("every")
    @classmethod
    def _is_a_rhythm(cls, text: str) -> str:
        if not _RHYTHM.fullmatch(text):
            raise ValueError(f'{text[:40]!r} is no rhythm; write whole days or weeks, e.g. "1w"')
        return text

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        return zone_name(name)

    @model_validator(mode="after")
    def _has_one_at_a_time(self) -> Self:
        try:
            self.schedule()
        except InvalidError as error:
            raise ValueError(error.message) from error
        return self

    def schedule(self) -> Schedule:
        """Raises InvalidError for overrides that overlap or end before they begin."""
        count, unit = self.every[:-1], self.every[-1]
        plain = Schedule((), zone=self.zone)
        overrides = tuple(
            Override(one.person, plain.moment(_wall_clock(one.begin)), plain.moment(_wall_clock(one.end)))
            for one in self.overrides
        )
        days = int(count) * (7 if unit == "w" else 1)
        return Schedule(self.rotation, _wall_clock(self.starts), days, self.zone, overrides)


class PagerTable(Table):
    """[pager]: how people are woken."""

    link: StrictStr = Field(default="", description='an http or https link, e.g. "https://night.example.com/"')
    next_after: Duration = Field(default=300.0, description='a duration, e.g. "5m"', ge=30)

    @field_validator("link")
    @classmethod
    def _is_a_link(cls, text: str) -> str:
        if text and not _LINK.fullmatch(text):
            raise ValueError("is no link; write e.g. https://night.example.com/")
        return text


class HeartbeatTable(Table):
    """[heartbeat]: who notices that this machine is dead."""

    url: StrictStr = Field(default="", description='"env:NAME", where NAME in .env holds the URL')

    @field_validator("url")
    @classmethod
    def _is_a_reference(cls, text: str) -> str:
        if text:
            reference(text)
        return text


class DrillTable(Table):
    """[drill]: the weekly test page."""

    at: StrictStr = Field(default="wed 11:00", description='a weekday and a time, e.g. "wed 11:00", or "off"')

    @field_validator("at")
    @classmethod
    def _is_a_time(cls, text: str) -> str:
        if text != "off" and not _DRILL.fullmatch(text):
            raise ValueError(f'{text[:40]!r} is no time of the week; write e.g. "wed 11:00", or "off"')
        return text

    @property
    def moment(self) -> DrillTime | None:
        """None where there is no drill."""
        if self.at == "off":
            return None
        day, _, hour = self.at.partition(" ")
        return DrillTime(_DAYS.index(day), time.fromisoformat(hour))


def on_call_mistake(table: OnCallTable | None, people: Iterable[str]) -> str:
    """The first name that nobody has, '' if there is none."""
    if table is None:
        return ""
    known = tuple(people)
    where = [("oncall.rotation", name) for name in table.rotation]
    where += [("oncall.overrides", one.person) for one in table.overrides]
    unknown = [(key, name) for key, name in where if name not in known]
    if not unknown:
        return ""
    key, name = unknown[0]
    return f"{key}: nobody is called {name[:60]!r}; write them into [people] or remove them"
