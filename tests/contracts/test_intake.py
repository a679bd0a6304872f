"""Contract of port Intake."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.alert import AlertStatus
from core.errors import UnknownError
from core.incident import IncidentState
from core.leg import Leg
from tests.contracts.nouns import alert, report
from tests.stores import Case

RESOLVED = AlertStatus.RESOLVED


def test_an_alert_opens_an_incident_with_its_first_leg(case: Case) -> None:
    legs: list[Leg] = []
    case.store.on_leg(legs.append)
    (known,) = case.store.intake.take_in([alert("a1", case.clock.now())], case.clock.now())
    incident = case.store.incidents.load(known)
    assert incident.state is IncidentState.OPEN
    assert (incident.count, incident.round) == (1, 1)
    assert incident.alert == alert("a1", case.clock.now())
    assert [(leg.id, leg.leg, leg.subject, leg.due) for leg in legs] == [
        (f"investigate:{known}:1", "investigate", known, case.clock.now())
    ]


def test_the_same_trouble_is_one_incident_that_counts_up(case: Case) -> None:
    now = case.clock.now()
    first = case.store.intake.take_in([alert("a1", now), alert("a2", now)], now)
    second = case.store.intake.take_in([alert("a3", now)], now)
    assert len({*first, *second}) == 1
    assert case.store.incidents.load(first[0]).count == 3


def test_the_same_message_twice_counts_once(case: Case) -> None:
    now = case.clock.now()
    ids = case.store.intake.take_in([alert("a1", now), alert("a1", now)], now)
    again = case.store.intake.take_in([alert("a1", now)], now)
    assert {*ids, *again} == {ids[0]}
    assert case.store.incidents.load(ids[0]).count == 1


def test_a_claim_and_our_own_measurement_are_two_incidents(case: Case) -> None:
    now = case.clock.now()
    ids = case.store.intake.take_in([alert("a1", now), alert("a1", now, source="claim:grafana")], now)
    assert len(set(ids)) == 2


def test_other_hosts_are_other_incidents(case: Case) -> None:
    now = case.clock.now()
    assert len(set(case.store.intake.take_in([alert(f"a{n}", now, host=f"web-{n}") for n in range(60)], now))) == 60


def test_a_resolved_alert_without_an_incident_opens_none(case: Case) -> None:
    now = case.clock.now()
    assert case.store.intake.take_in([alert("a1", now, status=RESOLVED)], now) == ("",)
    assert case.store.incidents.incidents(only_open=False, limit=10) == ()


def test_what_the_source_says_is_noted_until_it_fires_again(case: Case) -> None:
    now = case.clock.now()
    (known,) = case.store.intake.take_in([alert("a1", now)], now)
    assert case.store.intake.source_says_over(known) is None
    case.store.intake.take_in([alert("a1", now, status=RESOLVED)], now)
    later = case.clock.advance(5)
    case.store.intake.take_in([alert("a2", later, status=RESOLVED)], later)
    assert case.store.intake.source_says_over(known) == now
    assert case.store.incidents.load(known).count == 1
    case.store.intake.take_in([alert("a3", later)], later)
    assert case.store.intake.source_says_over(known) is None


def test_after_its_end_the_same_trouble_is_a_new_incident(case: Case) -> None:
    now = case.clock.now()
    (first,) = case.store.intake.take_in([alert("a1", now)], now)
    case.store.incidents.close(report(first, now), (), ())
    (second,) = case.store.intake.take_in([alert("a2", now)], now)
    assert second != first
    assert case.store.incidents.load(first).count == 1


@pytest.mark.parametrize("text", ["\x00", "\ud800", "'; DROP TABLE ns_incident; --", "夜班 🌙"])
def test_hostile_text_is_taken_as_it_is(case: Case, text: str) -> None:
    now = case.clock.now()
    hostile = replace(alert(f"a{text}", now), text=text, labels=((text, text),))
    (known,) = case.store.intake.take_in([hostile], now)
    assert case.store.incidents.load(known).alert == hostile


def test_nothing_taken_in_is_nothing(case: Case) -> None:
    assert case.store.intake.take_in([], case.clock.now()) == ()
    with pytest.raises(UnknownError):
        case.store.incidents.load("")
