"""Detection: lasting, hysteresis, spikes, flapping, and that not seeing is never silence."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.alert import AlertStatus, Signal
from core.check import Check
from core.detection import CheckState, Event, EventKind, Phase, advance, from_json, to_json
from core.errors import InvalidError, NightshiftError, UnavailableError
from core.world import Measurement

START = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
DISK = Check(Signal("disk", "used_percent", "/"), "web-1", over=90, every=30, lasting=60, margin=2)
DOWN = Check(Signal("process", "down", "shop"), "web-1", over=0, every=30)
DAYS = Check(Signal("tls", "expires_days", "a:443"), "web-1", under=14, every=30, margin=1)
BLIND = UnavailableError("no answer")

Result = float | NightshiftError


@dataclass
class Night:
    """Ticks of one check, every `every` seconds; `events` lists what came of them."""

    check: Check
    state: CheckState = field(default_factory=CheckState)
    now: datetime = START
    events: list[Event] = field(default_factory=list)

    def tick(self, *results: Result) -> Night:
        for result in results:
            self.now += timedelta(seconds=self.check.every)
            seen = (
                result
                if isinstance(result, NightshiftError)
                else Measurement(self.check.host, self.check.signal, result, self.now, "as measured")
            )
            self.state, events = advance(self.state, self.check, seen, self.now)
            self.events += events
        return self

    @property
    def kinds(self) -> list[EventKind]:
        return [event.kind for event in self.events]

    @property
    def signals(self) -> list[str]:
        return [str(event.alert.signal) for event in self.events if event.alert]


def test_trouble_counts_once_it_has_lasted() -> None:
    night = Night(DISK).tick(50, 95, 96)
    assert night.events == []
    night.tick(97)
    assert night.kinds == [EventKind.ALERT]
    alert = night.events[0].alert
    assert alert is not None
    assert (alert.status, alert.value, alert.limit) == (AlertStatus.FIRING, 97, 90)
    assert (alert.source, alert.text) == ("probe", "as measured")
    assert alert.at == START + timedelta(seconds=60), "since when it is bad, not when we were sure"


def test_without_a_time_to_last_the_first_bad_measurement_is_enough() -> None:
    assert Night(DOWN).tick(0, 1).kinds == [EventKind.ALERT]


def test_a_value_below_its_limit_is_trouble_too() -> None:
    night = Night(DAYS).tick(30, 13, 14.5, 14.5, 15.5, 15.5)
    assert night.kinds == [EventKind.ALERT, EventKind.OVER]


def test_one_trouble_is_one_alert_however_long() -> None:
    assert Night(DOWN).tick(*[1.0] * 500).kinds == [EventKind.ALERT]


def test_it_is_over_after_two_measurements_beyond_the_margin() -> None:
    night = Night(DISK).tick(95, 95, 95, 89, 89, 89)
    assert night.kinds == [EventKind.ALERT], "89 is below the limit, but not by the margin"
    night.tick(87)
    assert night.kinds == [EventKind.ALERT]
    night.tick(87)
    assert night.kinds == [EventKind.ALERT, EventKind.OVER]
    over = night.events[1].alert
    assert over is not None
    assert over.status is AlertStatus.RESOLVED


def test_one_clear_measurement_between_bad_ones_ends_nothing() -> None:
    assert Night(DISK).tick(95, 95, 95, 80, 89, 80, 95).kinds == [EventKind.ALERT]


def test_a_short_spike_leaves_a_note_and_no_alert() -> None:
    night = Night(DISK).tick(50, 95, 99, 60, 60, 60)
    assert night.kinds == [EventKind.NOTE]
    assert night.events[0].alert is None
    assert "99" in night.events[0].text


def test_flapping_is_one_alert_that_is_held_until_it_is_steady() -> None:
    night = Night(DISK).tick(*[95.0, 50.0] * 10)
    alerts = [event for event in night.events if event.kind is EventKind.ALERT]
    assert len(alerts) == 1
    assert "flapping" in alerts[0].text
    assert night.state.is_out
    assert EventKind.OVER not in night.kinds
    night.tick(*[50.0] * 25)
    assert night.kinds[-1] is EventKind.OVER
    assert not night.state.is_out


def test_flapping_that_stays_bad_is_plain_trouble_in_the_end() -> None:
    night = Night(DOWN).tick(*[0.0, 1.0] * 6, *[1.0] * 25)
    assert night.kinds.count(EventKind.ALERT) == 1
    assert night.state.phase is Phase.FIRING


def test_what_cannot_be_measured_three_times_is_its_own_alert() -> None:
    night = Night(DISK).tick(50, BLIND, BLIND)
    assert night.events == []
    night.tick(BLIND, BLIND, BLIND)
    assert night.signals == ["check.unmeasurable:disk.used_percent:/"]
    assert night.events[0].text == "no answer"
    night.tick(50)
    assert night.kinds == [EventKind.ALERT]
    night.tick(50)
    assert night.kinds == [EventKind.ALERT, EventKind.OVER]


def test_not_seeing_it_ends_no_trouble() -> None:
    night = Night(DOWN).tick(1, BLIND, BLIND, BLIND, BLIND)
    assert night.signals == ["process.down:shop", "check.unmeasurable:process.down:shop"]
    assert night.state.phase is Phase.FIRING
    night.tick(0, 0)
    assert night.signals[2:] == ["check.unmeasurable:process.down:shop", "process.down:shop"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_was_not_measured(value: float) -> None:
    assert Night(DISK).tick(value, value, value).signals == ["check.unmeasurable:disk.used_percent:/"]


def test_after_a_long_silence_it_must_last_anew() -> None:
    night = Night(DISK).tick(95)
    night.now += timedelta(hours=3)
    assert night.tick(95).events == []
    assert night.tick(95, 95).kinds == [EventKind.ALERT]


def test_a_clock_that_steps_back_neither_fires_early_nor_never() -> None:
    night = Night(DISK).tick(95)
    night.now -= timedelta(hours=1)
    assert night.tick(95).events == []
    assert night.tick(95, 95).kinds == [EventKind.ALERT]


def test_a_state_that_cannot_be_read_is_said_so() -> None:
    for text in (
        "",
        "[]",
        "{}",
        '{"phase": "good", "changes": [], "no": 1}',
        '{"phase": "odd", "changes": []}',
        "null",
    ):
        with pytest.raises(InvalidError):
            from_json(text)


RESULTS = st.lists(st.one_of(st.floats(0, 100), st.just(95.0), st.just(50.0), st.just(BLIND)), max_size=80)
CHECKS = st.builds(
    Check,
    st.just(DISK.signal),
    st.just("web-1"),
    over=st.just(90.0),
    every=st.sampled_from([1.0, 10.0, 30.0, 300.0]),
    lasting=st.sampled_from([0.0, 10.0, 60.0, 300.0]),
    margin=st.sampled_from([0.0, 2.0, 50.0]),
)


@given(CHECKS, RESULTS)
def test_alert_and_over_take_turns_for_every_signal(check: Check, results: list[Result]) -> None:
    night = Night(check).tick(*results)
    for signal in set(night.signals):
        statuses = [event.alert.status for event in night.events if event.alert and str(event.alert.signal) == signal]
        expected = [AlertStatus.FIRING, AlertStatus.RESOLVED] * len(statuses)
        assert statuses == expected[: len(statuses)]
    ids = [event.alert.id for event in night.events if event.alert]
    assert len(ids) == len(set(ids))


@given(CHECKS, RESULTS)
def test_a_state_that_was_stored_goes_on_as_if_it_had_not_been(check: Check, results: list[Result]) -> None:
    straight, stored = Night(check), Night(check)
    for result in results:
        straight.tick(result)
        stored.state = from_json(to_json(stored.state))
        stored.tick(result)
    assert (straight.state, straight.events) == (stored.state, stored.events)


@given(CHECKS, RESULTS)
def test_lasting_trouble_is_always_told_and_steady_health_always_ends_it(check: Check, results: list[Result]) -> None:
    night = Night(check).tick(*results)
    night.tick(*[95.0] * (int(check.lasting / check.every) + 3))
    assert night.state.is_out
    night.tick(*[0.0] * (int(600 / check.every) + 4))
    assert not night.state.is_out
    assert not night.state.is_blind


@given(CHECKS, RESULTS)
def test_being_blind_is_always_told(check: Check, results: list[Result]) -> None:
    night = Night(check).tick(*results, BLIND, BLIND, BLIND)
    assert night.state.is_blind
    assert night.signals


@given(CHECKS, st.lists(st.floats(0, 90), max_size=80))
def test_good_values_alone_say_nothing(check: Check, values: list[float]) -> None:
    assert Night(check).tick(*values).events == []
