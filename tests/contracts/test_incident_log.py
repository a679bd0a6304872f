"""Contract of port IncidentLog."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from core.approval import Verdict
from core.errors import InvalidError, UnknownError
from core.incident import Ending, IncidentState, Refusal
from core.leg import Leg
from core.plan import step_before
from core.proposal import PlanStep
from core.world import Measurement
from tests.contracts.nouns import DISK, alert, approval, attempt, card, episode, outcome, proposal, report
from tests.stores import Case

THEN = PlanStep("start_service", (("service", "postgresql"), ("wait", 3), ("ports", ("5432",))), "", "it stopped")


def opened(case: Case) -> str:
    """An open incident."""
    (known,) = case.store.intake.take_in([alert("a1", case.clock.now())], case.clock.now())
    return str(known)


def test_an_incident_is_found_by_a_unique_beginning(case: Case) -> None:
    known = opened(case)
    assert case.store.incidents.load(known[:-1]).id == known


def test_an_ambiguous_or_unknown_beginning_is_refused(case: Case) -> None:
    now = case.clock.now()
    ids = case.store.intake.take_in([alert(f"a{n}", now, host=f"web-{n}") for n in range(40)], now)
    ((shared, _),) = Counter(known[0] for known in ids).most_common(1)
    with pytest.raises(InvalidError):
        case.store.incidents.load(shared)
    with pytest.raises(UnknownError):
        case.store.incidents.load("zz")
    with pytest.raises(UnknownError):
        case.store.incidents.load(f"{ids[0]}0")


def test_incidents_come_newest_first(case: Case) -> None:
    first = opened(case)
    now = case.clock.advance(60)
    (second,) = case.store.intake.take_in([alert("a2", now, host="web-2")], now)
    assert [i.id for i in case.store.incidents.incidents(only_open=True, limit=10)] == [second, first]
    assert [i.id for i in case.store.incidents.incidents(only_open=True, limit=1)] == [second]
    case.store.incidents.close(report(second, now), (), ())
    assert [i.id for i in case.store.incidents.incidents(only_open=True, limit=10)] == [first]
    assert [i.id for i in case.store.incidents.incidents(only_open=False, limit=10)] == [second, first]


def test_an_attempt_comes_back_as_it_was_and_is_watched_when_due(case: Case) -> None:
    known, now = opened(case), case.clock.now()
    begun = attempt(case.store.approvals.open(approval(known, now), ()), now)
    case.store.incidents.save_attempt(begun, leg=False)
    assert case.store.incidents.watching(now) == ()
    assert case.store.incidents.watching(now + timedelta(seconds=10)) == (begun,)
    assert case.store.incidents.load(known).state is IncidentState.ACTING
    ran = replace(begun, outcome=outcome(begun.id, now))
    case.store.incidents.save_attempt(ran, leg=False)
    assert case.store.incidents.load(known).attempts == (ran,)
    assert case.store.incidents.load(known).state is IncidentState.WATCHING


def test_a_step_of_a_plan_comes_back_with_what_it_was_checked_by(case: Case) -> None:
    known, now = opened(case), case.clock.now()
    first = replace(proposal(known), then=(THEN,), expects=str(DISK), words="room first, 然后启动", step=1)
    begun = attempt(case.store.approvals.open(approval(known, now, asks=first), ()), now)
    seen = (Measurement("web-1", DISK, 41.0, now),)
    done = replace(begun, checks=str(DISK), step_quiet=3, step_seen=seen, ending=Ending.STEP)
    case.store.incidents.save_attempt(done, leg=True)
    assert case.store.incidents.load(known).attempts == (done,)
    assert step_before(case.store.incidents.load(known)) == first


def test_an_ending_starts_the_conclude_leg_once_and_stays(case: Case) -> None:
    known, now = opened(case), case.clock.now()
    begun = attempt(case.store.approvals.open(approval(known, now), ()), now)
    legs: list[Leg] = []
    case.store.on_leg(legs.append)
    ended = replace(begun, ending=Ending.FIXED)
    case.store.incidents.save_attempt(ended, leg=True)
    case.store.incidents.save_attempt(ended, leg=True)
    case.store.incidents.save_attempt(begun, leg=False)
    assert case.store.incidents.load(known).attempts == (ended,)
    assert case.store.incidents.watching(now + timedelta(days=1)) == ()
    assert [(leg.leg, leg.subject) for leg in legs] == [("conclude", begun.id)]


def test_closing_is_one_end_with_an_anchor(case: Case) -> None:
    known, now = opened(case), case.clock.now()
    pending = case.store.approvals.open(approval(known, now), ())
    closed = case.store.incidents.close(report(known, now), (episode("e1", now),), (card("r1"),))
    assert closed.audit_count > 0
    assert closed.audit_head
    incident = case.store.incidents.load(known)
    assert (incident.state, incident.ending, incident.closed) == (IncidentState.CLOSED, Ending.FIXED, now)
    assert case.store.approvals.load(pending.id).verdict is Verdict.WITHDRAWN
    assert [item.card for item in case.store.outbox.due("console", 9, now)] == [card("r1")]
    assert case.store.memory.recall("f" * 16, "web")[0].verified == 1
    again = case.store.incidents.close(report(known, case.clock.advance(5), Ending.WORSE), (episode("e2", now),), ())
    assert again == closed
    assert len(case.store.memory.search("", 10)) == 1


def test_refusals_are_part_of_what_was_tried(case: Case) -> None:
    known = opened(case)
    case.store.approvals.refuse(
        Refusal(1, "free_rotated_logs", Ending.REJECTED, ("li",), "not now"), known, "investigate"
    )
    incident = case.store.incidents.load(known)
    assert incident.tried == {"free_rotated_logs"}
    assert incident.round == 2
