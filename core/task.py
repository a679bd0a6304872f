"""What a person asked for by hand, a run, an undo or a wish in free words: an alert of its own kind, so that it is one more incident."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.alert import PERSON, REOPENS, Alert, AlertStatus, Severity, Signal
from core.origin import Scalar

UNDO = "undo"
"""The name under which taking back a run is proposed; no skill file may have it."""

WISH = "wish"
"""The metric of what was asked for in free words: a proposal by that person, and never a yes (TRUST 1)."""

MOST_WORDS = 2000

_KIND, _VALUE, _YES = "task", "value:", "yes"
_SUGGESTED, _WHY, _SUBJECT = "suggested:", "said:why", "\nservice "


@dataclass(frozen=True, slots=True)
class Wished:
    """What free words came to: a skill, '' where several could be meant; what a model suggested for it, and its words why.

    `subject` is the one thing that they name by their grammar, as nginx in `restart nginx`: text like the rest of them.
    """

    words: str
    skill: str = ""
    subject: str = ""
    suggested: tuple[tuple[str, Scalar], ...] = ()
    why: str = ""

    @property
    def is_models(self) -> bool:
        """True where a model read the words."""
        return bool(self.why)


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


def wish(id: str, by: str, host: str, wished: Wished, at: datetime) -> Alert:
    """Free words as a task on one host; no value in them counts as typed, because a person may paste a line of a log."""
    words = " ".join(wished.words[:MOST_WORDS].split()).replace(REOPENS, " ")
    suggested = [(f"{_SUGGESTED}{name}", json.dumps(value)) for name, value in wished.suggested]
    why = [(_WHY, wished.why)] if wished.why else []
    return Alert(
        id=id,
        host=host,
        signal=Signal(_KIND, WISH, wished.skill),
        source=f"{PERSON}{by}",
        status=AlertStatus.FIRING,
        at=at,
        severity=Severity.DIGEST,
        text=f"{words}{_SUBJECT}{wished.subject}" if wished.subject else words,
        labels=tuple(suggested + why),
    )


def is_wish(alert: Alert) -> bool:
    """True for a task in free words."""
    return is_task(alert) and alert.signal.metric == WISH


def wished_in(alert: Alert) -> Wished:
    """What the words of a wish came to."""
    suggested = [(name, value) for name, value in alert.labels if name.startswith(_SUGGESTED)]
    values = tuple((name.removeprefix(_SUGGESTED), _scalar(json.loads(value))) for name, value in suggested)
    words, _, subject = alert.text.partition(_SUBJECT)
    return Wished(words, alert.signal.object, subject, values, dict(alert.labels).get(_WHY, ""))


def _scalar(value: Scalar | list[str]) -> Scalar:
    return tuple(value) if isinstance(value, list) else value


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
