"""The watch: what the checks measured becomes alerts, recoveries and notes; what could not be measured is never silence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from core.alert import AlertStatus
from core.approval import Verdict
from core.blindness import SIGNAL, Sight, dark_hosts, held_back, is_us, look
from core.card import Card, CardKind
from core.check import Check
from core.detection import CheckState, Event, EventKind, advance, from_json, to_json
from core.errors import InvalidError, NightshiftError
from core.grouping import WHOLE_HOST
from core.ports import ApprovalBook, Clock, Intake, Outbox, Ticks
from core.reopening import reopenings
from core.world import Measurement

PROBE = "probe"
"""Who withdraws a question whose trouble is over."""

Sweep = Callable[[Sequence[Check]], Mapping[str, Measurement | NightshiftError]]
"""Measures many checks side by side: one result per check key."""


class NightWatch:
    """One tick: measure, advance every detector, take in what came of it, then remember the states.

    In that order: killed in between, the same tick played again makes the same alerts, which count once.
    """

    def __init__(
        self, sweep: Sweep, ticks: Ticks, intake: Intake, book: ApprovalBook, outbox: Outbox, clock: Clock
    ) -> None:
        self._sweep, self._ticks, self._intake = sweep, ticks, intake
        self._book, self._outbox, self._clock = book, outbox, clock

    def tick(self, checks: Sequence[Check]) -> None:
        """One measurement of each check."""
        results = self._sweep(checks)
        now = self._clock.now()
        stored = self._ticks.states()
        states: dict[str, str] = {}
        events: list[Event] = []
        dark = dark_hosts(checks, results)
        unseen = dark if is_us(checks, dark) else frozenset()
        for check in checks:
            before = _state(stored.get(check.key))
            if check.host in unseen:
                states[check.key] = to_json(held_back(before))
                continue
            state, came = advance(before, check, results[check.key], now)
            states[check.key] = to_json(state)
            events += [_of_whole_host(event) for event in came] if check.host in dark else came
            marks, again = reopenings(stored, state, check, results[check.key])
            states |= marks
            events += again
        self._take_in([*self._sight(checks, dark, stored, states, now), *events], now)
        self._ticks.save(states)

    @staticmethod
    def _sight(
        checks: Sequence[Check], dark: frozenset[str], stored: Mapping[str, str], states: dict[str, str], now: datetime
    ) -> list[Event]:
        """Whether it is us who cannot see, remembered with the checks that are measured together."""
        if not checks:
            return []
        key = f"{SIGNAL}|{checks[0].every:g}"
        sight, alerts = look(Sight.of(stored.get(key, "")), checks, dark, now)
        states[key] = sight.to_json()
        kinds = {AlertStatus.FIRING: EventKind.ALERT, AlertStatus.RESOLVED: EventKind.OVER}
        return [Event(kinds[alert.status], checks[0], alert.text, alert) for alert in alerts]

    def bad_now(self) -> frozenset[str]:
        """Keys of the checks that have an alert out."""
        return frozenset(key for key, text in self._ticks.states().items() if _state(text).is_out)

    def good_now(self) -> frozenset[str]:
        """Keys of the checks that were good when last measured: neither out, nor about to be, nor unmeasurable, nor never measured."""
        states = {key: _state(text) for key, text in self._ticks.states().items()}
        return frozenset(key for key, state in states.items() if state.is_good)

    def forget(self, checks: Sequence[Check]) -> None:
        """Starts these checks afresh, as on the first day: for a host that was made anew."""
        self._ticks.save({check.key: to_json(CheckState()) for check in checks})

    def _take_in(self, events: Sequence[Event], now: datetime) -> None:
        alerts = [event.alert for event in events if event.alert is not None]
        incidents = self._intake.take_in(alerts, now) if alerts else ()
        over = {alert.id for event in events if event.kind is EventKind.OVER and (alert := event.alert)}
        gone = {incident for alert, incident in zip(alerts, incidents, strict=True) if incident and alert.id in over}
        for event in events:
            if event.kind is EventKind.NOTE:
                key = f"note:{event.check.key}:{now.isoformat()}"
                self._outbox.post(Card(key, CardKind.NOTE, "", event.check.key, event.text), now)
        for approval in self._book.pending() if gone else ():
            if approval.incident in gone:
                self._book.decide(approval.id, Verdict.WITHDRAWN, PROBE, "it went away by itself", now)


def _of_whole_host(event: Event) -> Event:
    """Marked as an alert of a host of which nothing can be measured: it is as deep as a trouble can be."""
    return event if event.alert is None else replace(event, alert=replace(event.alert, labels=(WHOLE_HOST,)))


def _state(text: str | None) -> CheckState:
    """What is remembered of a check; one whose memory cannot be read starts afresh, which can only alert again."""
    if text is None:
        return CheckState()
    try:
        return from_json(text)
    except InvalidError:
        return CheckState()
