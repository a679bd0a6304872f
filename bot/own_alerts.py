"""The body of POST /alerts in our own format: one object or a list, read strictly, all or nothing."""

from __future__ import annotations

import json
import math
import re
import uuid
from datetime import datetime
from typing import NoReturn

from core.alert import Alert, Signal, require_host_name
from core.errors import InvalidError
from core.outside_alert import MOST_LABELS, MOST_TEXT, OutsideAlert, alert_id, moment, severity_of, status_of
from core.world import Json

KEYS = ("signal", "host", "value", "limit", "status", "text", "labels", "at", "id")
MOST_IN_ONE = 10_000

_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")
"""A surrogate, as JSON can write it alone; no terminal, file or database takes one."""


def parse(data: bytes) -> Json:
    """JSON, strictly; raises InvalidError also for depths and numbers that no alert has. Half a character becomes a question mark."""
    try:
        body: Json = json.loads(data, parse_constant=_no_such_number)
        if _HALF_CHARACTER.search(data):
            body = json.loads(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise InvalidError("the body is not JSON; send an object or a list as application/json") from error
    return body


def read(body: Json, source: str, now: datetime) -> tuple[Alert, ...]:
    """Every alert of the body; raises InvalidError that names the first one that cannot be used."""
    items = body if isinstance(body, list) else [body]
    if len(items) > MOST_IN_ONE:
        raise InvalidError(f"{len(items)} alerts in one request; send at most {MOST_IN_ONE}")
    return tuple(
        _alert(item, f"alert {index}" if isinstance(body, list) else "the alert", source, now)
        for index, item in enumerate(items)
    )


def _alert(item: Json, where: str, source: str, now: datetime) -> Alert:
    if not isinstance(item, dict):
        raise InvalidError(f'{where} is no object; write {{"signal": …, "host": …}}')
    if unknown := [key for key in item if key not in KEYS]:
        raise InvalidError(f"{where} has the unknown key {unknown[0][:80]!r}; known are: {', '.join(KEYS)}")
    if missing := [key for key in ("host", "signal") if item.get(key) in (None, "")]:
        raise InvalidError(
            f'{where} has no {missing[0]}; write {{"signal": "disk.used_percent:/", "host": "localhost"}}'
        )
    try:
        return _read(item, source, now)
    except InvalidError as error:
        raise InvalidError(f"{where}: {error.message}") from error


def _read(item: dict[str, Json], source: str, now: datetime) -> Alert:
    labels = _labels(item.get("labels"))
    at = time_of(item.get("at"))
    status = status_of(item.get("status", "firing"))
    outside = OutsideAlert(text_of(item, "id", 200) or uuid.uuid4().hex, labels, status, at)
    return Alert(
        id=alert_id(source, outside),
        host=require_host_name(text_of(item, "host", 300)),
        signal=Signal.parse(text_of(item, "signal", 400)),
        source=source,
        status=outside.status,
        at=moment(at, now),
        severity=severity_of(dict(labels))[0],
        value=_number(item, "value"),
        limit=_number(item, "limit"),
        text=text_of(item, "text", 100_000)[:MOST_TEXT],
        labels=labels,
    )


def text_of(item: dict[str, Json], key: str, most: int) -> str:
    """A text of the body, '' where there is none; raises InvalidError."""
    value = item.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most:
        raise InvalidError(f"{key} must be text of at most {most} characters")
    return value


def _number(item: dict[str, Json], key: str) -> float | None:
    value = item.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300 or not math.isfinite(value):
        raise InvalidError(f"{key} must be a number")
    return float(value)


def _labels(table: Json) -> tuple[tuple[str, str], ...]:
    if table is None:
        return ()
    if not isinstance(table, dict) or len(table) > MOST_LABELS:
        raise InvalidError(f"labels must be an object of at most {MOST_LABELS} texts")
    if not all(isinstance(value, str) and len(value) <= 500 and len(key) <= 200 for key, value in table.items()):
        raise InvalidError("labels must be texts of at most 500 characters")
    return tuple(sorted((key, str(value)) for key, value in table.items()))


def time_of(text: Json) -> datetime | None:
    """A time of the body with its zone, None where there is none; raises InvalidError."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise InvalidError(f"at {str(text)[:40]!r} must be ISO 8601 with a time zone, e.g. 2026-03-01T03:12:00Z")
    return at


def _no_such_number(name: str) -> NoReturn:
    raise ValueError(name)
