"""Prometheus Alertmanager's webhook, version 4: its body as alerts of ours."""

from __future__ import annotations

from datetime import datetime

from core.errors import InvalidError
from core.outside_alert import Mapped, OutsideAlert, mapped, status_of, texts_of, time_of
from core.world import Json

_TEXTS = ("summary", "description", "message")


def read(body: Json, source: str, now: datetime) -> tuple[Mapped, ...]:
    """Every alert of the notification; raises InvalidError for a body that is not Alertmanager's."""
    if not isinstance(body, dict) or not isinstance(body.get("alerts"), list):
        raise InvalidError(
            'this is no Alertmanager webhook; it has no list "alerts", see webhook_config in its documentation'
        )
    if body.get("version", "4") != "4":
        raise InvalidError(f"Alertmanager webhook version {str(body.get('version'))[:20]!r} is not understood, only 4")
    alerts = body["alerts"]
    assert isinstance(alerts, list)
    return tuple(mapped(_outside(one, index), source, now) for index, one in enumerate(alerts))


def _outside(one: Json, index: int) -> OutsideAlert:
    if not isinstance(one, dict):
        raise InvalidError(f"alerts[{index}] is no object")
    annotations = texts_of(one.get("annotations"))
    text = next((annotations[key] for key in _TEXTS if annotations.get(key)), "")
    labels = tuple(sorted(texts_of(one.get("labels")).items()))
    return OutsideAlert(
        str(one.get("fingerprint") or "")[:200],
        labels,
        status_of(one.get("status")),
        time_of(one.get("startsAt")),
        text,
    )
