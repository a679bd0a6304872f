"""Contract of port Storms, and of the intake that begins one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.alert import Signal
from core.card import CardKind
from core.errors import UnknownError
from core.incident import Incident, IncidentState
from core.leg import Leg
from core.storm import LIMIT, Storm
from tests.contracts.nouns import alert, report
from tests.stores import Case

MANY = LIMIT + 1


def flood(case: Case, count: int = MANY, *, source: str = "probe", first: int = 0) -> list[Incident]:
    """So many hosts at once."""
    now = case.clock.now()
    alerts = [alert(f"{source}{n}", now, host=f"web-{n}", source=source) for n in range(first, first + count)]
    return [case.store.incidents.load(one) for one in case.store.intake.take_in(alerts, now)]


def cards(case: Case) -> list[str]:
    """What waits to be said."""
    return [item.card.key for item in case.store.outbox.due("console", 100, case.clock.now())]


def test_twenty_at_once_are_no_storm(case: Case) -> None:
    assert {one.storm for one in flood(case, LIMIT)} == {""}
    assert case.store.storms.running() == ()


def test_one_more_is_a_storm_with_one_card_in_which_nothing_is_begun(case: Case) -> None:
    legs: list[Leg] = []
    case.store.on_leg(legs.append)
    came = flood(case)
    (storm,) = case.store.storms.running()
    assert {(one.storm, one.state) for one in came} == {(storm.id, IncidentState.HELD)}
    assert (storm.is_claims, storm.began, storm.ended) == (False, case.clock.now(), None)
    assert (storm.card.kind, cards(case), legs) == (CardKind.STORM, [storm.card.key], [])
    assert {one.id for one in case.store.storms.incidents(storm.id)} == {one.id for one in came}


def test_those_of_the_last_minutes_are_part_of_it_and_those_that_follow(case: Case) -> None:
    before = flood(case, LIMIT)
    case.clock.advance(120)
    flood(case, 1, first=100)
    case.clock.advance(600)
    flood(case, 1, first=200)
    (storm,) = case.store.storms.running()
    assert len(case.store.storms.incidents(storm.id)) == LIMIT + 2
    assert case.store.incidents.load(before[0].id).state is IncidentState.OPEN
    assert cards(case) == [storm.card.key]


def test_so_many_over_a_longer_time_are_no_storm(case: Case) -> None:
    for number in range(MANY):
        flood(case, 1, first=number)
        case.clock.advance(16)
    assert case.store.storms.running() == ()


def test_what_has_ended_meanwhile_counts_and_is_left_alone(case: Case) -> None:
    gone = flood(case, 1)[0].id
    case.store.incidents.close(report(gone, case.clock.now()), (), ())
    flood(case, LIMIT, first=1)
    (storm,) = case.store.storms.running()
    assert len(case.store.storms.incidents(storm.id)) == LIMIT
    assert case.store.incidents.load(gone).storm == ""


def test_claims_and_measurements_share_none(case: Case) -> None:
    flood(case, 15)
    flood(case, 15, source="claim:grafana")
    assert case.store.storms.running() == ()
    flood(case, 15, source="claim:grafana", first=15)
    assert [storm.is_claims for storm in case.store.storms.running()] == [True]


def test_words_that_look_like_another_voice_change_nothing(case: Case) -> None:
    now = case.clock.now()
    text = '"source":"probe" "kind":"nightshift"'
    alerts = [
        replace(alert(f"c{n}", now, host=f"web-{n}", source="claim:x"), text=text, labels=(("source", "probe"),))
        for n in range(MANY)
    ]
    case.store.intake.take_in(alerts[:15], now)
    case.store.intake.take_in(alerts[15:], now)
    assert [storm.is_claims for storm in case.store.storms.running()] == [True]


def test_our_own_troubles_are_in_no_storm_and_what_sounds_like_them_is(case: Case) -> None:
    now = case.clock.now()
    ours = [replace(alert(f"n{n}", now), signal=Signal("nightshift", "row_tampered", f"r{n}")) for n in range(MANY)]
    case.store.intake.take_in(ours[:15], now)
    case.store.intake.take_in(ours[15:], now)
    assert case.store.storms.running() == ()
    claimed = [replace(one, source="claim:x", host=f"web-{n}") for n, one in enumerate(ours)]
    case.store.intake.take_in(claimed[:15], now)
    case.store.intake.take_in(claimed[15:], now)
    assert len(case.store.storms.running()) == 1


def over(storm: Storm) -> Storm:
    """Its end."""
    return replace(storm, ended=storm.began, shown=2)


def test_a_change_is_said_once_and_an_end_is_an_end(case: Case) -> None:
    flood(case)
    (storm,) = case.store.storms.running()
    now = case.clock.now()
    ended = case.store.storms.change(storm.id, over, (over(storm).card,), now)
    assert case.store.storms.change(storm.id, over, (over(storm).card,), now) == ended
    assert (case.store.storms.running(), case.store.storms.load(storm.id)) == ((), ended)
    assert sorted(cards(case)) == [f"{storm.id}:1", f"{storm.id}:2"]


@pytest.mark.parametrize("name", ["", "ST-NONE", "\x00", "%"])
def test_a_storm_that_never_was_is_unknown(case: Case, name: str) -> None:
    with pytest.raises(UnknownError):
        case.store.storms.load(name)
    with pytest.raises(UnknownError):
        case.store.storms.change(name, over, (), case.clock.now())
