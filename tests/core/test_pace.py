"""How often a person's words are thought about: a machine that talks without end uses up nothing that the night needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.pace import MOST_PEOPLE, Pace

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_so_often_within_a_while_and_then_again_later() -> None:
    pace = Pace(most=2, within=MINUTE)
    assert [pace.lets("li", NOW) for _ in range(3)] == [True, True, False]
    assert not pace.lets("li", NOW + MINUTE - timedelta(seconds=1))
    assert [pace.lets("li", NOW + MINUTE) for _ in range(3)] == [True, True, False]


def test_each_person_has_a_pace_of_their_own() -> None:
    pace = Pace(most=1, within=MINUTE)
    assert [pace.lets(who, NOW) for who in ("li", "bo", "li")] == [True, True, False]


def test_a_clock_that_was_set_back_silences_nobody() -> None:
    pace = Pace(most=1, within=MINUTE)
    pace.lets("li", NOW)
    assert pace.lets("li", NOW - timedelta(days=1))


def test_the_list_of_people_has_an_end() -> None:
    pace = Pace(most=1, within=MINUTE)
    assert all(pace.lets(f"p{n}", NOW) for n in range(MOST_PEOPLE + 1))
    assert pace.lets("p0", NOW), "forgotten, as the one who spoke longest ago"
