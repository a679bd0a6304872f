"""Contract of port Holds."""

from __future__ import annotations

import pytest

from core.approval import Verdict
from core.errors import UnknownError
from core.incident import Ending, IncidentState
from tests.contracts.nouns import alert, approval, report
from tests.stores import Case


def opened(case: Case, host: str = "web-1") -> str:
    """One incident."""
    now = case.clock.now()
    (incident,) = case.store.intake.take_in([alert(f"a-{host}", now, host=host)], now)
    return str(incident)


def test_what_is_held_is_listed_oldest_first_until_it_is_released(case: Case) -> None:
    first = opened(case)
    case.clock.advance(1)
    second = opened(case, "web-2")
    case.store.holds.hold(second)
    case.store.holds.hold(first)
    case.store.holds.hold(first)
    assert [one.id for one in case.store.holds.held()] == [first, second]
    assert case.store.incidents.load(first).state is IncidentState.HELD
    case.store.holds.release(first, "free", case.clock.now())
    assert [one.id for one in case.store.holds.held()] == [second]
    assert case.store.incidents.load(first).state is IncidentState.OPEN


def legs(case: Case, incident: str) -> list[int]:
    """Rounds of what is asked to be investigated."""
    written: list[int] = []
    case.store.on_leg(lambda leg: written.append(leg.round) if leg.subject == incident else None)
    return written


def test_a_release_is_one_leg_however_often_it_is_said(case: Case) -> None:
    incident = opened(case)
    case.store.holds.hold(incident)
    written = legs(case, incident)
    case.store.holds.release(incident, "free", case.clock.now())
    case.store.holds.release(incident, "free", case.clock.now())
    assert written == [1]
    case.store.holds.hold(incident)
    case.store.holds.release(incident, "free-again", case.clock.now())
    assert written == [1, 1]


def test_what_is_closed_is_neither_held_nor_released(case: Case) -> None:
    incident, now = opened(case), case.clock.now()
    case.store.holds.hold(incident)
    case.store.incidents.close(report(incident, now, Ending.TAKEN), (), ())
    written = legs(case, incident)
    case.store.holds.hold(incident)
    case.store.holds.release(incident, "free", now)
    assert (case.store.holds.held(), written) == ((), [])
    assert case.store.incidents.load(incident).state is IncidentState.CLOSED


def test_an_incident_that_nobody_knows_cannot_be_held(case: Case) -> None:
    with pytest.raises(UnknownError):
        case.store.holds.hold("00ff00ff00")


def test_a_question_that_was_put_aside_may_be_asked_afresh_in_the_same_round(case: Case) -> None:
    incident, now = opened(case), case.clock.now()
    first = case.store.approvals.open(approval(incident, now), ())
    aside = case.store.approvals.decide(first.id, Verdict.HELD, "bo", "take", now)
    assert (aside.verdict, aside.by, aside.why) == (Verdict.HELD, ("bo",), "take")
    case.store.holds.hold(incident)
    written = legs(case, incident)
    case.store.holds.release(incident, "free", now)
    case.clock.advance(60)
    second = case.store.approvals.open(approval(incident, case.clock.now()), ())
    assert (written, second.id == first.id, second.verdict) == ([1], False, Verdict.PENDING)
    assert case.store.approvals.load(first.id) == aside
    assert case.store.approvals.open(approval(incident, case.clock.now()), ()) == second


@pytest.mark.parametrize("verdict", [Verdict.APPROVED, Verdict.REJECTED])
def test_a_round_in_which_something_was_decided_is_spent(case: Case, verdict: Verdict) -> None:
    incident, now = opened(case), case.clock.now()
    first = case.store.approvals.open(approval(incident, now), ())
    case.store.approvals.decide(first.id, verdict, "li", "", now)
    case.store.holds.hold(incident)
    written = legs(case, incident)
    case.store.holds.release(incident, "free", now)
    assert (written, case.store.incidents.load(incident).round) == ([2], 2)
