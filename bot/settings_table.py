"""What every table of the settings is made of: frozen, strict, with durations and names as people write them."""

from __future__ import annotations

import difflib
import re
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from core.errors import InvalidError

_DURATION = re.compile(r"(\d{1,6})(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text: str) -> float:
    """`30s`, `2m`, `4h`, `1d` in seconds; raises InvalidError."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise InvalidError(f'{text!r} is no duration; write a whole number and s, m, h or d, e.g. "30s"')
    return float(int(match[1]) * _SECONDS[match[2]])


def _seconds_or_sentence(value: object) -> float:
    try:
        return seconds(value if isinstance(value, str) else str(value))
    except InvalidError as error:
        raise ValueError(error.message) from error


Duration = Annotated[float, BeforeValidator(_seconds_or_sentence)]
Names = Annotated[tuple[str, ...], Field(strict=False)]


class Table(BaseModel):
    """A table of the file: frozen, and a key nobody knows is an error that names the nearest one."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _knows_every_key(cls, data: Any) -> Any:
        known = [field.alias or name for name, field in cls.model_fields.items()]
        for key in data if isinstance(data, dict) else ():
            if key not in known:
                near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.5)
                hint = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(known)}"
                raise ValueError(f"unknown key {key!r}; {hint}")
        return data


def zone_name(name: str) -> str:
    """A time zone's name as it is, '' for this machine's own; raises ValueError with one sentence."""
    try:
        ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f'{name[:60]!r} is no time zone; write e.g. "Asia/Shanghai"') from error
    return name
