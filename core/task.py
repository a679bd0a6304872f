"""What a person asked for by hand, a run or an undo: carried as an alert of its own kind, so that it is one more incident."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from core.alert import PERSON, Alert, AlertStatus, Severity, Signal
from core.origin import Scalar

UNDO = "undo"
"""The name under which taking back a run is proposed; no skill file may have it."""

_KIND, _VALUE, _YES = "task", "value:", "yes"


def task(  # noqa: PLR0913 - the whole of what was asked
    id: str, by: str, host: str, metric: str, subject: str, *, typed: Mapping[str, str], at: datetime, is_yes: bool
) -> Alert:
    """`metric` is run (subject: a skill) or undo (subject: an action). `is_yes`: the words were complete and by an approver (TRUST 1)."""
    labels = [(f"{_VALUE}{name}", value) for name, value in sorted(typed.items())]
    yes = [(_YES, by)] if is_yes else []
    return Alert(
        id=id,
        host=host,
        signal=Signal(_KIND, metric, subject),
        source=f"{PERSON}{by}",
        status=AlertStatus.FIRING,
        at=at,
        severity=Severity.DIGEST,
        labels=tuple(labels + yes),
    )


def is_task(alert: Alert) -> bool:
    """True only for what the desk itself made of a person's words: no door from outside can set that source."""
    return alert.source.startswith(PERSON) and alert.signal.kind == _KIND


def asked_by(alert: Alert) -> str:
    """Who asked for it."""
    return alert.source.removeprefix(PERSON)


def typed_in(alert: Alert) -> dict[str, Scalar]:
    """The values as they were typed."""
    return {name.removeprefix(_VALUE): value for name, value in alert.labels if name.startswith(_VALUE)}


def said_yes(alert: Alert) -> str:
    """Whose words were themselves the yes; '' if nobody's."""
    return dict(alert.labels).get(_YES, "") if is_task(alert) else ""
