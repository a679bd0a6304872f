"""Grafana's alerting webhook: its body as alerts of ours; unlike Alertmanager's it brings the measured values."""

from __future__ import annotations

from datetime import datetime

from core.errors import InvalidError
from core.outside_alert import Mapped, OutsideAlert, mapped, status_of, texts_of, time_of
from core.world import Json

_LARGEST = 1e300
"""Beyond it, as for NaN and infinity, nothing was measured."""

_TEXTS = ("summary", "description", "message")


def read(body: Json, source: str, now: datetime) -> tuple[Mapped, ...]:
    """Every alert of the notification; raises InvalidError for a body that is not Grafana's."""
    alerts = body.get("alerts") if isinstance(body, dict) else None
    if not isinstance(alerts, list):
        raise InvalidError('this is no Grafana webhook; it has no list "alerts", see its contact point of type webhook')
    return tuple(mapped(_outside(one, index), source, now) for index, one in enumerate(alerts))


def _outside(one: Json, index: int) -> OutsideAlert:
    if not isinstance(one, dict):
        raise InvalidError(f"alerts[{index}] is no object")
    annotations = texts_of(one.get("annotations"))
    text = next((annotations[key] for key in _TEXTS if annotations.get(key)), str(one.get("valueString") or "")[:500])
    labels = tuple(sorted(texts_of(one.get("labels")).items()))
    fingerprint = str(one.get("fingerprint") or "")[:200]
    return OutsideAlert(
        fingerprint, labels, status_of(one.get("status")), time_of(one.get("startsAt")), text, _value(one.get("values"))
    )


def _value(values: Json) -> float | None:
    """The one measured value; None where there are several (A, B, C of an expression) and nothing says which is meant."""
    numbers = [value for value in values.values() if _is_number(value)] if isinstance(values, dict) else []
    return float(str(numbers[0])) if len(numbers) == 1 else None


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST
