"""What a step leaves in the journal: its value, or the error of ours that it raised, as one JSON text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar, cast

from core.errors import NightshiftError
from core.journal_json import error_from_json, error_to_json, from_json, result_type, to_json

T = TypeVar("T")


def value_text(call: Callable[..., T], value: T) -> str:
    """A value as it stands in the journal, by the return annotation of what was called."""
    return json.dumps({"value": to_json(value, result_type(call))})


def error_text(error: NightshiftError) -> str:
    """An error of ours as it stands in the journal."""
    return json.dumps(error_to_json(error))


def is_error(text: str) -> bool:
    """True where it is an error, not a value; nothing at all is neither."""
    return bool(text) and "error" in json.loads(text)


def read_value(call: Callable[..., T], text: str) -> T:
    """What a step returned, or raises what it raised, of the same class."""
    body = json.loads(text)
    if "error" in body:
        raise error_from_json(body)
    return cast("T", from_json(body["value"], result_type(call)))
