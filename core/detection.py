"""When a measurement is trouble and when it is over: lasting, hysteresis, flapping, and never silence. Pure.

    state, events = advance(state, check, measurement or error, now)

Ids of alerts come from the check and the moment it began, so the same step played again makes the same alert: take events in first,
save the states after.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from core.alert import Alert, AlertStatus, Signal
from core.check import Check
from core.errors import InvalidError, NightshiftError
from core.world import Measurement

UNMEASURED_NEEDED = 3
MEASURED_NEEDED = 2
CLEAR_NEEDED = 2
FLAPS = 5
FLAP_WINDOW = 600.0
"""Seconds within which so many changes between bad and good are one trouble of their own."""
_GAP = 5
"""After so many intervals without a measurement nothing is known of the time between."""
_LONGEST_OBJECT = 300


class Phase(StrEnum):
    """Where a check stands; FIRING and FLAPPING have an alert out."""

    GOOD = "good"
    PENDING = "pending"
    FIRING = "firing"
    FLAPPING = "flapping"


@dataclass(frozen=True, slots=True)
class CheckState:
    """What is remembered of one check between two ticks. Times in seconds since 1970; `worst` is the value farthest out."""

    phase: Phase = Phase.GOOD
    since: float = 0.0
    seen: float = 0.0
    worst: float = 0.0
    was_bad: bool = False
    clear_in_a_row: int = 0
    changes: tuple[float, ...] = ()
    unmeasured_in_a_row: int = 0
    measured_in_a_row: int = 0
    blind_since: float = 0.0

    @property
    def is_out(self) -> bool:
        """True while an alert about the value is out."""
        return self.phase in {Phase.FIRING, Phase.FLAPPING}

    @property
    def is_good(self) -> bool:
        """True where the last measurement could be taken and was good; a check that was never measured is not."""
        return self.phase is Phase.GOOD and self.seen > 0 and not self.unmeasured_in_a_row

    @property
    def is_blind(self) -> bool:
        """True while the alert that it cannot be measured is out."""
        return self.blind_since > 0


class EventKind(StrEnum):
    """What a step came to."""

    ALERT = "alert"
    OVER = "over"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Event:
    """ALERT and OVER carry an alert to be taken in (firing, resolved); a NOTE is a line and wakes nobody."""

    kind: EventKind
    check: Check
    text: str
    alert: Alert | None = None


Step = tuple[CheckState, tuple[Event, ...]]


def advance(state: CheckState, check: Check, result: Measurement | NightshiftError, now: datetime) -> Step:
    """One tick of one check."""
    moment = now.timestamp()
    if isinstance(result, NightshiftError):
        return _unmeasured(state, check, result.message, moment)
    if not math.isfinite(result.value):
        return _unmeasured(state, check, f"the value is {result.value}", moment)
    state, seeing = _measured(state, check, moment)
    state = _with_change(state, check, result.value, moment)
    state, events = _judge(state, check, result, moment)
    return replace(state, seen=moment), (*seeing, *events)


def to_json(state: CheckState) -> str:
    """The state as text, for `Ticks.save`."""
    return json.dumps(asdict(state))


def from_json(text: str) -> CheckState:
    """The reverse; raises InvalidError for anything else, after which a check starts afresh."""
    try:
        fields: dict[str, Any] = json.loads(text)
        return CheckState(
            **{**fields, "phase": Phase(fields["phase"]), "changes": tuple(map(float, fields["changes"]))}
        )
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidError("a stored state of a check cannot be read") from error


# ---- the value ------------------------------------------------------------------------------------------------------


def _judge(state: CheckState, check: Check, result: Measurement, moment: float) -> Step:
    bad = check.is_bad(result.value)
    if state.phase is Phase.FLAPPING:
        return _flapping(state, check, result, moment)
    if len(state.changes) >= FLAPS:
        return _begin_flapping(state, check, result, moment)
    if state.phase is Phase.FIRING:
        return _firing(state, check, result, moment)
    if not bad:
        return _healed(state, check, moment) if state.phase is Phase.PENDING else (state, ())
    return _pending(state, check, result, moment)


def _pending(state: CheckState, check: Check, result: Measurement, moment: float) -> Step:
    is_fresh = state.phase is not Phase.PENDING or moment - state.seen > _GAP * check.every
    since = moment if is_fresh else min(state.since, moment)
    worst = result.value if is_fresh else _worse(check, state.worst, result.value)
    state = replace(state, phase=Phase.PENDING, since=since, worst=worst, clear_in_a_row=0)
    if moment - since < check.lasting:
        return state, ()
    return replace(state, phase=Phase.FIRING), (_alert(check, since, moment, result.value, result.detail),)


def _healed(state: CheckState, check: Check, moment: float) -> Step:
    text = (
        f"{check.signal} on {check.host} was {state.worst:g} and went back by itself after {moment - state.since:.0f} s"
    )
    return replace(state, phase=Phase.GOOD), (Event(EventKind.NOTE, check, text),)


def _firing(state: CheckState, check: Check, result: Measurement, moment: float) -> Step:
    if not check.is_clear(result.value):
        return replace(state, worst=_worse(check, state.worst, result.value), clear_in_a_row=0), ()
    clear = state.clear_in_a_row + 1
    if clear < CLEAR_NEEDED:
        return replace(state, clear_in_a_row=clear), ()
    over = _over(check, state.since, moment, result.value, result.detail)
    return replace(state, phase=Phase.GOOD, clear_in_a_row=0), (over,)


def _begin_flapping(state: CheckState, check: Check, result: Measurement, moment: float) -> Step:
    text = (
        f"flapping: changed {len(state.changes)} times within {FLAP_WINDOW / 60:.0f} minutes; held until it is steady"
    )
    if state.phase is Phase.FIRING:
        note = Event(EventKind.NOTE, check, f"{check.signal} on {check.host} is {text}")
        return replace(state, phase=Phase.FLAPPING), (note,)
    since = state.since if state.phase is Phase.PENDING else moment
    state = replace(state, phase=Phase.FLAPPING, since=since, worst=result.value, clear_in_a_row=0)
    return state, (_alert(check, since, moment, result.value, text),)


def _flapping(state: CheckState, check: Check, result: Measurement, moment: float) -> Step:
    """Held until a whole window has passed without a change; then it is over, or plainly bad."""
    if state.changes:
        return state, ()
    if not check.is_clear(result.value):
        return replace(state, phase=Phase.FIRING, clear_in_a_row=0), ()
    over = _over(check, state.since, moment, result.value, "steady again")
    return replace(state, phase=Phase.GOOD, clear_in_a_row=0), (over,)


def _with_change(state: CheckState, check: Check, value: float, moment: float) -> CheckState:
    bad = check.is_bad(value)
    changes = tuple(at for at in state.changes if moment - FLAP_WINDOW < at <= moment)
    if bad != state.was_bad and state.seen:
        changes = (*changes, moment)
    return replace(state, was_bad=bad, changes=changes)


def _worse(check: Check, old: float, new: float) -> float:
    return max(old, new) if check.over is not None else min(old, new)


# ---- being able to see it -------------------------------------------------------------------------------------------


def _unmeasured(state: CheckState, check: Check, reason: str, moment: float) -> Step:
    count = min(state.unmeasured_in_a_row + 1, UNMEASURED_NEEDED)
    state = replace(state, unmeasured_in_a_row=count, measured_in_a_row=0, clear_in_a_row=0)
    if count < UNMEASURED_NEEDED or state.is_blind:
        return state, ()
    return replace(state, blind_since=moment), (_alert(blindness(check), moment, moment, None, reason),)


def _measured(state: CheckState, check: Check, moment: float) -> Step:
    count = min(state.measured_in_a_row + 1, MEASURED_NEEDED)
    state = replace(state, measured_in_a_row=count, unmeasured_in_a_row=0)
    if not state.is_blind or count < MEASURED_NEEDED:
        return state, ()
    over = _over(blindness(check), state.blind_since, moment, None, "it can be measured again")
    return replace(state, blind_since=0.0), (over,)


def blindness(check: Check) -> Check:
    """The check of being able to make this check."""
    return replace(
        check, signal=Signal("check", "unmeasurable", str(check.signal)[:_LONGEST_OBJECT]), over=None, under=None
    )


# ---- what is said ---------------------------------------------------------------------------------------------------


def _alert(check: Check, since: float, moment: float, value: float | None, text: str) -> Event:
    return Event(EventKind.ALERT, check, text, alert_of(check, AlertStatus.FIRING, since, moment, value, text))


def _over(check: Check, since: float, moment: float, value: float | None, text: str) -> Event:
    return Event(EventKind.OVER, check, text, alert_of(check, AlertStatus.RESOLVED, since, moment, value, text))


def alert_of(check: Check, status: AlertStatus, since: float, moment: float, value: float | None, text: str) -> Alert:
    """The alert of a check, whose id comes from when it began."""
    name = f"{check.key}|{since!r}|{status}"
    return Alert(
        id=hashlib.sha256(name.encode()).hexdigest()[:16],
        host=check.host,
        signal=check.signal,
        source="probe",
        status=status,
        at=datetime.fromtimestamp(since if status is AlertStatus.FIRING else moment, UTC),
        severity=check.severity,
        value=value,
        limit=check.limit,
        text=text,
    )
