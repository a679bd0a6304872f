"""How nouns, times and hostile text become columns, and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TypeVar, cast

from core.journal_json import from_json, to_json
from core.world import Json

T = TypeVar("T")


def dump(value: object, annotation: object) -> str:
    """A noun as JSON text; ASCII only, because no database takes every string that a host can print."""
    return json.dumps(to_json(value, annotation), separators=(",", ":"))


def load(text: str, annotation: type[T]) -> T:
    """The noun again."""
    return cast("T", from_json(json.loads(text), annotation))


def canonical(body: dict[str, Json]) -> str:
    """One text for one JSON object, whatever the order of its keys."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def epoch(moment: datetime) -> float:
    """Seconds since 1970; exact to the microsecond both ways."""
    return moment.timestamp()


def moment(seconds: float) -> datetime:
    """The aware UTC time of a column."""
    return datetime.fromtimestamp(seconds, UTC)


def clean(text: str) -> str:
    """Text that every database stores: NUL and lone surrogates become U+FFFD or '?'."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
