"""Contract of port Sequels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.alert import Signal
from core.incident import Ending, IncidentState
from core.leg import Leg
from tests.contracts.nouns import alert, episode, report
from tests.stores import Case


@pytest.fixture
def pair(case: Case) -> tuple[str, str]:
    """A full disk, and the database that stands still because of it."""
    now = case.clock.now()
    disk = replace(alert("a-disk", now), signal=Signal.parse("disk.used_percent:/srv"))
    base = replace(alert("a-base", now), signal=Signal.parse("postgres.failed:db:5432"))
    (first,) = case.store.intake.take_in([disk], now)
    (second,) = case.store.intake.take_in([base], now)
    case.store.holds.follow(second, first)
    return first, second


def test_what_is_left_goes_on_in_the_incident_of_its_cause(case: Case, pair: tuple[str, str]) -> None:
    cause, left = pair
    now = case.clock.now()
    was = case.store.incidents.load(left)
    legs: list[Leg] = []
    case.store.on_leg(legs.append)
    for _ in range(2):
        case.store.sequels.go_on(cause, report(left, now, Ending.WENT_AWAY), [episode("e-1", now)], now)
    goes_on, over = case.store.incidents.load(cause), case.store.incidents.load(left)
    assert (goes_on.alert, goes_on.round, goes_on.state, goes_on.closed) == (was.alert, 2, IncidentState.OPEN, None)
    assert goes_on.count == 2
    assert (over.state, over.ending) == (IncidentState.CLOSED, Ending.WENT_AWAY)
    assert [(leg.leg, leg.subject, leg.round) for leg in legs] == [("investigate", cause, 2)]
    assert case.store.history.report(left) is not None
    assert case.store.history.report(cause) is None


def test_the_same_alarm_again_belongs_to_it(case: Case, pair: tuple[str, str]) -> None:
    cause, left = pair
    now = case.clock.now()
    again = replace(case.store.incidents.load(left).alert, id="a-again")
    case.store.sequels.go_on(cause, report(left, now, Ending.WENT_AWAY), [], now)
    assert case.store.intake.take_in([again], now) == (cause,)
    assert case.store.incidents.load(cause).count == 3


def test_what_has_ended_goes_on_nowhere(case: Case, pair: tuple[str, str]) -> None:
    cause, left = pair
    now = case.clock.now()
    case.store.incidents.close(report(cause, now, Ending.RESOLVED), [], [])
    case.store.sequels.go_on(cause, report(left, now, Ending.WENT_AWAY), [], now)
    assert case.store.incidents.load(left).closed is None
