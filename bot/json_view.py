"""Nouns as JSON for `--json` and for the command line: keys as in the noun, times ISO 8601 in UTC."""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum, IntEnum
from pathlib import Path

from core.alert import Signal


def as_json(value: object, *, indent: int | None = None) -> str:
    """JSON text of a noun, or of lists and dicts of them."""
    return json.dumps(jsonable(value), ensure_ascii=False, indent=indent, allow_nan=False)


def jsonable(value: object) -> object:
    """Plain JSON values; a signal is its text, an enum its word, a time ISO 8601 with Z."""
    if isinstance(value, Signal | Path):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Enum):
        return getattr(value, "word", value.value) if isinstance(value, IntEnum) else value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: jsonable(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): jsonable(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
