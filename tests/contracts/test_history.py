"""Contract of port History."""

from __future__ import annotations

from core.approval import Verdict
from tests.contracts.nouns import alert, approval, report
from tests.stores import Case


def test_questions_and_report_of_an_incident_are_kept(case: Case) -> None:
    now = case.clock.now()
    (known,) = case.store.intake.take_in([alert("a1", now)], now)
    asked = case.store.approvals.open(approval(known, now), ())
    decided = case.store.approvals.decide(asked.id, Verdict.REJECTED, "li", "no", now)
    assert case.store.history.approvals(known) == (decided,)
    assert case.store.history.report(known) is None
    closed = case.store.incidents.close(report(known, now), (), ())
    assert case.store.history.report(known) == closed


def test_of_an_unknown_incident_there_is_nothing(case: Case) -> None:
    assert case.store.history.approvals("ff") == ()
    assert case.store.history.report("ff") is None
