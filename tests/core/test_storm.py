"""Storms: when one begins, whose turn it is in it, what its card says, when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import Nouns, words_of
from bot.messages.screen import COLUMNS, ROWS, rows_of
from bot.messages.storm_card import storm_card
from core.alert import Alert, AlertStatus, Signal
from core.incident import Ending, Incident, IncidentState
from core.storm import AT_ONCE, FEW, LIMIT, Storm, StormFacts, facts_of, is_over, is_storm, turns

AT = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


def incident(number: int, signal: str = "disk.used_percent:/", state: IncidentState = IncidentState.HELD) -> Incident:
    alert = Alert(f"a{number}", f"web-{number}", Signal.parse(signal), "probe", AlertStatus.FIRING, AT)
    is_closed = state is IncidentState.CLOSED
    ending = Ending.FIXED if is_closed else None
    return Incident(f"i{number:03}", alert, state, AT, closed=AT if is_closed else None, ending=ending, storm="ST-2222")


def test_a_storm_is_more_than_the_limit() -> None:
    assert [is_storm(count) for count in (0, LIMIT, LIMIT + 1)] == [False, False, True]


def test_the_deepest_are_looked_into_first_and_no_more_than_four_at_once() -> None:
    signals = ["http.failed:x", "disk.used_percent:/", "route.missing:default", "process.down:app", "load.per_core"]
    held = [incident(n, signal) for n, signal in enumerate(signals * 2)]
    assert [int(name[1:]) % 5 for name in turns(held)] == [2, 2, 1, 1]
    busy = [incident(100 + n, state=IncidentState.OPEN) for n in range(3)]
    assert [int(name[1:]) for name in turns([*held, *busy])] == [2]
    assert turns([*held, *busy, incident(200, state=IncidentState.OPEN)]) == ()


@given(st.lists(st.sampled_from(list(IncidentState)), max_size=60))
def test_never_more_than_four_are_looked_into(states: list[IncidentState]) -> None:
    all_of_them = [incident(n, state=state) for n, state in enumerate(states)]
    at_work = states.count(IncidentState.OPEN)
    assert len(turns(all_of_them)) == min(states.count(IncidentState.HELD), max(0, AT_ONCE - at_work))


@pytest.mark.parametrize(
    ("minutes", "still_open", "ended"), [(1, 0, False), (6, FEW, True), (6, FEW + 1, False), (600, FEW + 1, False)]
)
def test_it_is_over_when_few_come_and_few_are_left(minutes: int, still_open: int, ended: bool) -> None:
    closed = [incident(n, state=IncidentState.CLOSED) for n in range(300)]
    left = [incident(300 + n) for n in range(still_open)]
    assert is_over([*closed, *left], AT + timedelta(minutes=minutes)) is ended


def test_the_facts_are_counted_from_the_rows() -> None:
    some = [incident(n) for n in range(5)] + [incident(9, "http.failed:x", IncidentState.CLOSED)]
    facts = facts_of(some, (), lambda host: ("web",) if host < "web-3" else ("db",))
    assert (facts.total, facts.open, facts.untouched) == (6, 5, 5)
    assert facts.groups == (("db", 3), ("web", 3))
    assert facts.signals == (("disk.used_percent", 5), ("http.failed", 1))
    assert facts.endings == (("fixed", 1),)


COUNTS = st.lists(st.tuples(st.text(max_size=80), st.integers(1, 10_000)), max_size=12).map(tuple)
FACTS = st.builds(
    StormFacts,
    *(st.integers(0, 10_000) for _ in range(2)),
    COUNTS,
    COUNTS,
    COUNTS,
    *(st.integers(0, 10_000) for _ in range(4)),
    COUNTS,
    st.integers(0, 20_000),
)


@given(FACTS, st.booleans(), st.booleans(), st.sampled_from(["en", "zh"]))
def test_any_storm_fits_one_phone_screen(facts: StormFacts, is_claims: bool, is_over: bool, language: str) -> None:
    storm = Storm("ST-2222", is_claims, AT, AT if is_over else None)
    text = storm_card(words_of(language), storm, facts, Nouns(AT))
    assert sum(map(rows_of, text.splitlines())) <= ROWS, COLUMNS
    assert "ST-2222" in text
