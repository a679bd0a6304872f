"""What a person closed while it was still bad: two bad ticks later it is an incident again, which says what it reopens. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from core.alert import REOPENS, AlertStatus
from core.check import Check
from core.detection import CheckState, Event, EventKind, alert_of, blindness
from core.errors import NightshiftError
from core.world import Measurement

REOPENS_AFTER = 2
"""Bad ticks after a person closed it before it is an incident again."""
RESOLVED = "resolved:"
"""Before the key of a check: what a person closed there, among what the watch remembers."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a person closed: the incident, when, and how often it was found bad since."""

    incident: str
    at: float
    bad: int = 0

    def to_json(self) -> str:
        """As text, for `Ticks.save`."""
        return json.dumps(asdict(self))

    def after(self, is_bad: bool | None) -> Resolved:  # noqa: FBT001 - what the tick found
        """One tick later; None is one that says nothing."""
        return self if is_bad is None else replace(self, bad=self.bad + 1 if is_bad else 0)

    @classmethod
    def read(cls, text: str) -> Resolved | None:
        """The reverse; None where nothing was closed, or where it cannot be read."""
        try:
            fields = json.loads(text)
            return cls(str(fields["incident"]), float(fields["at"]), int(fields["bad"]))
        except (ValueError, TypeError, KeyError):
            return None


def reopenings(
    stored: Mapping[str, str], state: CheckState, check: Check, result: Measurement | NightshiftError
) -> tuple[dict[str, str], tuple[Event, ...]]:
    """What a person closed of this check, its value or that it cannot be measured, after one more tick; and the alerts anew."""
    is_unseen = isinstance(result, NightshiftError)
    is_bad = None if isinstance(result, NightshiftError) else check.is_bad(result.value)
    marks: dict[str, str] = {}
    events: list[Event] = []
    for one, is_out, is_still in ((check, state.is_out, is_bad), (blindness(check), state.is_blind, is_unseen)):
        if closed := Resolved.read(stored.get(RESOLVED + one.key, "")):
            after = closed.after(is_still) if is_out else None
            is_again = after is not None and after.bad >= REOPENS_AFTER
            marks[RESOLVED + one.key] = "" if after is None or is_again else after.to_json()
            events += [_again(one, closed, result)] if is_again else []
    return marks, tuple(events)


def _again(check: Check, closed: Resolved, result: Measurement | NightshiftError) -> Event:
    value, text = (None, result.message) if isinstance(result, NightshiftError) else (result.value, result.detail)
    said = f"{text}{REOPENS}{closed.incident}"
    alert = alert_of(check, AlertStatus.FIRING, closed.at, closed.at, value, said)
    return Event(EventKind.ALERT, check, said, replace(alert, id=f"{alert.id}:{closed.incident}"))
