"""An ending is certain only by measuring: three quiet ones after settling, or still bad when patience is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.alert import Signal
from core.capability import Risk
from core.incident import Attempt, Ending
from core.proposal import Proposal, Tier
from core.verification import QUIET_NEEDED, doubted, judge, judge_step
from core.world import Measurement

T0 = datetime(2026, 1, 1, 3, tzinfo=UTC)
SIGNAL = Signal.parse("disk.used_percent:/srv")
INTERVAL = 10.0
PROPOSAL = Proposal(
    "i1",
    1,
    "free_rotated_logs",
    "0" * 64,
    "web-1",
    (),
    (),
    (),
    Risk.MEDIUM,
    Tier.RULES,
    "frees logs",
    progress=("in recovery",),
)


def attempt(settles: float = 0.0) -> Attempt:
    """An attempt that began at T0 and is given a minute after settling."""
    settled = T0 + timedelta(seconds=settles)
    return Attempt("a1", "i1", 1, "a1", PROPOSAL, None, T0, settled, settled + timedelta(seconds=60), T0)


def seen(value: float, at: datetime, detail: str = "") -> Measurement:
    """One measurement of the waking signal."""
    return Measurement("web-1", SIGNAL, value, at, detail)


def after(begun: Attempt, quiet: list[bool], detail: str = "") -> Attempt:
    """The attempt after one look every interval, until it has an ending."""
    now = T0
    for is_quiet in quiet:
        begun = begun if begun.ending else judge(begun, seen(50, now, detail), is_quiet, frozenset(), now, INTERVAL)
        now += timedelta(seconds=INTERVAL)
    return begun


def test_three_quiet_measurements_in_a_row_are_fixed() -> None:
    assert after(attempt(), [True] * QUIET_NEEDED).ending is Ending.FIXED


def test_two_quiet_measurements_are_not_enough() -> None:
    assert after(attempt(), [True, True, False, True, True]).ending is None


def test_quiet_before_settling_does_not_count() -> None:
    assert after(attempt(settles=35), [True] * 6).ending is None
    assert after(attempt(settles=35), [True] * 7).ending is Ending.FIXED


def test_still_bad_when_patience_is_over() -> None:
    assert after(attempt(), [False] * 7).ending is Ending.STILL_BAD


def test_signs_of_progress_count_neither_as_fixed_nor_as_failed() -> None:
    assert after(attempt(), [True] * 12, detail="in recovery").ending is None


def test_progress_is_not_waited_for_without_end() -> None:
    assert after(attempt(), [False] * 400, detail="in recovery").ending is Ending.STILL_BAD


def test_something_that_was_good_and_is_bad_now_is_worse_even_if_the_signal_is_quiet() -> None:
    assert judge(attempt(), seen(1, T0), True, frozenset({"web-1|http.failed"}), T0, INTERVAL).ending is Ending.WORSE


def test_without_a_measurement_the_best_ending_is_unproven() -> None:
    begun = attempt()
    for step in range(QUIET_NEEDED):
        begun = judge(begun, None, True, frozenset(), T0 + timedelta(seconds=step * INTERVAL), INTERVAL)
    assert begun.ending is Ending.UNPROVEN


@given(st.lists(st.booleans(), max_size=40))
def test_fixed_is_said_exactly_when_the_last_three_looks_were_quiet(quiet: list[bool]) -> None:
    begun, now = attempt(), T0
    for index, is_quiet in enumerate(quiet):
        begun = judge(begun, seen(1, now), is_quiet, frozenset(), now, INTERVAL)
        last = quiet[max(0, index - QUIET_NEEDED + 1) : index + 1]
        assert (begun.ending is Ending.FIXED) == (len(last) == QUIET_NEEDED and all(last))
        begun, now = replace(begun, ending=None), now + timedelta(seconds=INTERVAL)


@pytest.mark.parametrize("is_quiet", [True, False])
def test_the_next_look_is_never_in_the_past(is_quiet: bool) -> None:
    later = judge(attempt(settles=5), seen(1, T0), is_quiet, frozenset(), T0, INTERVAL)
    assert later.next_measure > T0


# ---- a step of a plan, which is checked by a signal of its own ---------------------------------------------------------------------

OWN = Signal.parse("tcp.failed:web-1:5432")


def step_after(own: str, waking: str, settles: float = 0.0, detail: str = "") -> Attempt:
    """The step after looks at both signals, `q` quiet, `b` bad, `?` not measured, until it has an ending."""
    begun, now = replace(attempt(settles), checks=str(OWN)), T0
    for ours, woke in zip(own, waking, strict=True):
        measured = {True: None, False: Measurement("web-1", OWN, 1.0, now, detail)}[ours == "?"]
        looked = judge(begun, seen(50, now), woke == "q", frozenset(), now, INTERVAL)
        begun = {True: begun, False: judge_step(looked, measured, ours == "q", now)}[begun.ending is not None]
        now += timedelta(seconds=INTERVAL)
    return begun


@pytest.mark.parametrize(
    ("own", "waking", "ending"),
    [
        ("qqq", "bbb", Ending.STEP),
        ("qqbqqq", "bbbbbb", Ending.STEP),
        ("qq", "bb", None),
        ("q?qq", "bbbb", None),
        ("qqq", "qqq", Ending.FIXED),
        ("bbb", "qqq", Ending.FIXED),
        ("qqq", "bbq", None),
        ("qqqqq", "bbqqq", Ending.FIXED),
        ("qqqq", "bbqb", Ending.STEP),
        ("bbbbbbb", "bbbbbbb", Ending.STILL_BAD),
        ("???????", "bbbbbbb", Ending.STILL_BAD),
        ("bbbbbbq", "bbbbbbb", None),
        ("bbbbbbqqq", "bbbbbbbbb", Ending.STEP),
        ("bbbbbbqb", "bbbbbbbb", Ending.STILL_BAD),
    ],
)
def test_a_step_is_done_by_its_own_signal_and_all_is_over_by_the_waking_one(
    own: str, waking: str, ending: Ending | None
) -> None:
    assert step_after(own, waking).ending is ending


def test_a_step_is_not_done_before_it_has_settled_or_while_it_makes_progress() -> None:
    assert step_after("qqqqqq", "bbbbbb", settles=35).ending is None
    assert step_after("qqqqqqq", "bbbbbbb", settles=35).ending is Ending.STEP
    assert step_after("q" * 9, "b" * 9, detail="in recovery").ending is None


def test_what_is_worse_is_worse_whatever_the_step_was_for() -> None:
    worse = replace(attempt(), checks=str(OWN), ending=Ending.WORSE, step_quiet=5)
    assert judge_step(worse, Measurement("web-1", OWN, 0.0, T0), True, T0).ending is Ending.WORSE


def test_a_step_that_spoils_something_is_looked_at_once_more() -> None:
    done = step_after("qqq", "bbb")
    assert doubted(done, True).ending is None
    assert doubted(replace(done, step_quiet=QUIET_NEEDED + 1), True).ending is Ending.WORSE
    assert doubted(done, False) == done
