"""What a person closed and is still bad: when exactly it is an incident again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.alert import Signal
from core.check import Check
from core.detection import CheckState, EventKind, Phase, blindness
from core.errors import NightshiftError, UnavailableError
from core.reopening import RESOLVED, Resolved, reopenings
from core.world import Measurement

NOW = datetime(2026, 3, 14, 3, tzinfo=UTC)
CHECK = Check(Signal.parse("disk.used_percent:/"), "web-1", over=90)
FIRING = CheckState(phase=Phase.FIRING, since=NOW.timestamp() - 600)
BLIND = CheckState(blind_since=NOW.timestamp() - 600)
GONE = UnavailableError("no answer")


def closed(check: Check = CHECK) -> dict[str, str]:
    """What is remembered right after a person closed it."""
    return {RESOLVED + check.key: Resolved("00000000a0", NOW.timestamp()).to_json()}


def measured(value: float) -> Measurement:
    """One tick."""
    return Measurement("web-1", CHECK.signal, value, NOW + timedelta(seconds=30), "df")


def played(stored: dict[str, str], state: CheckState, *results: Measurement | NightshiftError) -> list[int]:
    """How many alerts each tick brought."""
    came = []
    for result in results:
        marks, events = reopenings(stored, state, CHECK, result)
        stored |= marks
        came.append(len(events))
    return came


@pytest.mark.parametrize(
    ("results", "came"),
    [
        ((measured(97), measured(97), measured(97)), [0, 1, 0]),
        ((measured(97), measured(50), measured(97), measured(97)), [0, 0, 0, 1]),
        ((measured(97), GONE, measured(97)), [0, 0, 1]),
        ((GONE, GONE, GONE), [0, 0, 0]),
        ((measured(50), measured(50)), [0, 0]),
    ],
)
def test_two_bad_ticks_in_a_row_open_it_again_once(
    results: tuple[Measurement | NightshiftError, ...], came: list[int]
) -> None:
    assert played(closed(), FIRING, *results) == came


def test_the_new_alert_says_what_it_reopens_and_is_another_one_with_the_same_fingerprint() -> None:
    stored = closed()
    first, _ = reopenings(stored, FIRING, CHECK, measured(97))
    _, (event,) = reopenings(stored | first, FIRING, CHECK, measured(97))
    again, (same,) = reopenings(stored | first, FIRING, CHECK, measured(97))
    assert event.kind is EventKind.ALERT
    assert event.alert is not None
    assert (event.alert.text, event.alert.reopens, event.alert.value) == ("df; reopens 00000000a0", "00000000a0", 97)
    assert same == event
    assert set(again.values()) == {""}


def test_that_it_cannot_be_measured_is_closed_and_open_again_likewise() -> None:
    stored = closed(blindness(CHECK))
    assert played(stored, BLIND, GONE, GONE) == [0, 1]
    assert played(closed(blindness(CHECK)), BLIND, GONE, measured(50), GONE) == [0, 0, 0]


def test_after_it_was_over_there_is_nothing_to_open_again() -> None:
    stored = closed()
    assert played(stored, CheckState(), measured(97), measured(97)) == [0, 0]
    assert set(stored.values()) == {""}


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"incident": "a"}', '{"incident": "a", "at": "x", "bad": 0}'])
def test_what_cannot_be_read_reopens_nothing(text: str) -> None:
    assert played({RESOLVED + CHECK.key: text}, FIRING, measured(97), measured(97)) == [0, 0]
