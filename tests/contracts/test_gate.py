"""Contract of port Gate."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.approval import Verdict
from core.capability import Risk
from core.errors import ExpiredError, InvalidError, StoppedError, TamperedError
from core.incident import Ending
from core.pause import HOLDING, Pause, PauseKind
from tests.contracts.nouns import alert, approval, attempt, proposal, report
from tests.contracts.test_standing import KINDS, change_list
from tests.stores import Case

PAUSES = KINDS[0]


def check(case: Case, approval: str = "", incident: str = "i1") -> None:
    """One look, as the broker takes it before each effect."""
    case.store.gate.check("web-1", ("web", "all-linux"), incident, approval, case.clock.now())


def granted(case: Case, risk: Risk = Risk.MEDIUM) -> tuple[str, str]:
    """Incident and approval of a yes given now."""
    now = case.clock.now()
    (known,) = case.store.intake.take_in([alert("a1", now)], now)
    asked = case.store.approvals.open(approval(known, now, asks=proposal(known, risk=risk)), ())
    case.store.approvals.decide(asked.id, Verdict.APPROVED, "li", "", now)
    return known, asked.id


def test_nothing_forbids_by_itself(case: Case) -> None:
    check(case)
    assert case.store.gate.stops() == ()


@pytest.mark.parametrize("scope", ["all", "host:web-1", "group:web", "group:all-linux", "incident:i1"])
def test_a_stop_holds_from_that_instant_until_go(case: Case, scope: str) -> None:
    case.store.gate.stop(scope, "li", case.clock.now())
    case.store.gate.stop(scope, "wang", case.clock.now())
    with pytest.raises(StoppedError) as caught:
        check(case)
    assert (caught.value.scope, caught.value.by) == (scope, "li")
    assert case.store.gate.stops() == tuple((scope, by, case.clock.now()) for by in ("li", "wang"))
    case.clock.advance(1)
    assert case.store.gate.go(scope, "li", case.clock.now())
    assert not case.store.gate.go(scope, "li", case.clock.now())
    check(case)


def test_an_earlier_go_lifts_not_even_ones_own_later_stop(case: Case) -> None:
    """A stop is carried out before what was said earlier and still waits to be handled."""
    typed = case.clock.now()
    case.clock.advance(1)
    case.store.gate.stop("all", "li", case.clock.now())
    assert not case.store.gate.go("all", "li", case.clock.now(), typed)
    assert case.store.gate.go("all", "li", case.clock.now(), case.clock.now())


def test_a_go_lifts_no_stop_that_somebody_else_said_in_the_same_second_or_later(case: Case) -> None:
    typed = case.clock.now()
    case.store.gate.stop("all", "li", typed)
    assert not case.store.gate.go("all", "wang", case.clock.now(), typed)
    case.clock.advance(5)
    assert not case.store.gate.go("all", "wang", case.clock.now(), typed)
    case.store.gate.stop("all", "li", case.clock.now())
    assert not case.store.gate.go("all", "wang", case.clock.now(), case.clock.now() + timedelta(days=1))
    with pytest.raises(StoppedError):
        check(case)
    assert case.store.gate.go("all", "li", case.clock.now())
    check(case)


@pytest.mark.parametrize("scope", ["host:web-2", "group:db", "incident:i2"])
def test_a_stop_elsewhere_is_no_stop_here(case: Case, scope: str) -> None:
    case.store.gate.stop(scope, "li", case.clock.now())
    check(case)


@pytest.mark.parametrize("scope", ["", "web-1", "host:", "everything", "HOST:web-1"])
def test_what_is_no_scope_is_refused(case: Case, scope: str) -> None:
    with pytest.raises(InvalidError):
        case.store.gate.stop(scope, "li", case.clock.now())
    with pytest.raises(InvalidError):
        case.store.gate.go(scope, "li", case.clock.now())


def test_stop_and_go_are_in_the_trail(case: Case) -> None:
    case.store.gate.stop("all", "li", case.clock.now())
    case.store.gate.go("all", "li", case.clock.now())
    assert [row.kind for row in case.store.audit.tail(9)] == ["stop", "go"]


def test_a_yes_opens_and_a_question_does_not(case: Case) -> None:
    now = case.clock.now()
    (known,) = case.store.intake.take_in([alert("a1", now)], now)
    asked = case.store.approvals.open(approval(known, now), ())
    with pytest.raises(ExpiredError):
        check(case, asked.id)
    case.store.approvals.decide(asked.id, Verdict.APPROVED, "li", "", now)
    check(case, asked.id)


def test_an_unknown_approval_opens_nothing(case: Case) -> None:
    with pytest.raises(ExpiredError):
        check(case, "AAAAAA")


@pytest.mark.parametrize(("risk", "minutes"), [(Risk.MEDIUM, 30), (Risk.HIGH, 10)])
def test_a_yes_starts_in_time_or_not_at_all(case: Case, risk: Risk, minutes: int) -> None:
    _, yes = granted(case, risk)
    case.clock.advance(minutes * 60)
    check(case, yes)
    case.clock.advance(1)
    with pytest.raises(ExpiredError):
        check(case, yes)


def test_a_run_that_began_in_time_may_end_and_be_undone_until_its_incident_is_closed(case: Case) -> None:
    incident, yes = granted(case)
    case.store.incidents.save_attempt(attempt(case.store.approvals.load(yes), case.clock.now()), leg=False)
    case.store.audit.append("run.began", incident, {"run": yes, "approval": yes}, case.clock.now())
    case.clock.advance(3600)
    check(case, yes, incident)
    case.store.incidents.close(report(incident, case.clock.now(), Ending.HANDED_OVER), (), ())
    with pytest.raises(ExpiredError):
        check(case, yes, incident)


def test_a_clock_that_went_back_voids_a_yes(case: Case) -> None:
    _, yes = granted(case)
    case.clock.advance(-59)
    check(case, yes)
    case.clock.advance(-2)
    with pytest.raises(ExpiredError):
        check(case, yes)


def test_a_clock_that_went_back_after_a_yes_voids_it_too(case: Case) -> None:
    _, yes = granted(case)
    case.clock.advance(600)
    case.store.audit.append("note", "n", {}, case.clock.now())
    case.clock.advance(-59)
    check(case, yes)
    case.clock.advance(-2)
    with pytest.raises(ExpiredError, match="went back"):
        check(case, yes)
    (known,) = case.store.intake.take_in([alert("a2", case.clock.now(), host="web-2")], case.clock.now())
    asked = case.store.approvals.open(approval(known, case.clock.now()), ())
    case.store.approvals.decide(asked.id, Verdict.APPROVED, "li", "", case.clock.now())
    check(case, asked.id)


def test_what_comes_back_is_the_yes_as_it_stands(case: Case) -> None:
    _, yes = granted(case)
    found = case.store.gate.check("web-1", (), "i1", yes, case.clock.now())
    assert found == case.store.approvals.load(yes)
    assert case.store.gate.check("web-1", (), "i1", "", case.clock.now()) is None


HOUR = timedelta(hours=1)


def lay_down(case: Case, kind: PauseKind, scope: str, id: str = "P1") -> Pause:
    """Somebody keeps us off for an hour."""
    now = case.clock.now()
    pause: Pause = case.store.pauses.put(Pause(id, kind, scope, "li", now, now + HOUR), "li", now)
    return pause


@pytest.mark.parametrize("scope", ["all", "host:web-1", "group:web", "incident:i1"])
@pytest.mark.parametrize("kind", sorted(HOLDING))
def test_what_keeps_us_off_holds_from_that_instant_until_it_is_over(case: Case, kind: PauseKind, scope: str) -> None:
    lay_down(case, kind, scope)
    with pytest.raises(StoppedError) as caught:
        check(case)
    assert (caught.value.scope, caught.value.by) == (scope, f"li: {kind}")
    case.clock.advance(3599)
    with pytest.raises(StoppedError):
        check(case)
    case.clock.advance(1)
    check(case)


def test_what_was_taken_back_keeps_us_off_no_more_and_the_other_goes_on(case: Case) -> None:
    lay_down(case, PauseKind.MAINTENANCE, "host:web-1", "P1")
    lay_down(case, PauseKind.TAKE, "host:web-1", "P2")
    now = case.clock.now()
    case.store.pauses.change("P1", lambda one: one.over("bo", now), "bo", now)
    with pytest.raises(StoppedError, match="take"):
        check(case)
    case.store.pauses.change("P2", lambda one: one.over("bo", now), "bo", now)
    check(case)


@pytest.mark.parametrize("kind", [PauseKind.ACK, PauseKind.MUTE])
def test_to_be_awake_or_silent_keeps_nobody_from_acting(case: Case, kind: PauseKind) -> None:
    lay_down(case, kind, "host:web-1")
    check(case)


@pytest.mark.parametrize("scope", ["host:web-2", "group:db", "incident:i2"])
def test_a_pause_elsewhere_is_none_here(case: Case, scope: str) -> None:
    lay_down(case, PauseKind.MAINTENANCE, scope)
    check(case)


@pytest.mark.parametrize("seconds", [-3600, -61, -1])
def test_a_clock_that_is_set_back_neither_suspends_a_pause_nor_brings_one_back(case: Case, seconds: int) -> None:
    lay_down(case, PauseKind.MAINTENANCE, "host:web-1", "P1")
    case.clock.advance(seconds)
    with pytest.raises(StoppedError):
        check(case)
    now = case.clock.now()
    case.store.pauses.change("P1", lambda one: one.over("li", now), "li", now)
    case.clock.advance(seconds)
    check(case)


def test_a_list_of_pauses_that_was_changed_lets_nothing_act(case: Case) -> None:
    lay_down(case, PauseKind.MAINTENANCE, "host:elsewhere")
    check(case)
    change_list(case.store, PAUSES)
    with pytest.raises(TamperedError):
        check(case)
