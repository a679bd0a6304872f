"""Contract of port ApprovalBook."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest

from core.approval import Answer, Verdict
from core.card import CardKind
from core.errors import InvalidError, UnknownError
from core.incident import Ending, IncidentState, Refusal
from core.proposal import Choices, Proposal, Question
from tests.contracts.nouns import alert, approval, card, choices, proposal, question
from tests.stores import Case


@pytest.fixture
def incident(case: Case) -> str:
    """An open incident."""
    (known,) = case.store.intake.take_in([alert("a1", case.clock.now())], case.clock.now())
    return str(known)


@pytest.fixture
def legs(case: Case, incident: str) -> list[str]:
    """Ids of the legs written after the incident was opened."""
    del incident
    heard: list[str] = []
    case.store.on_leg(lambda leg: heard.append(leg.id))
    return heard


def test_a_question_comes_back_as_it_was_with_its_card(case: Case, incident: str, legs: list[str]) -> None:
    asked = approval(incident, case.clock.now())
    assert case.store.approvals.open(asked, (card("c1"),)) == asked
    assert case.store.approvals.load(asked.id) == asked
    assert case.store.approvals.pending() == (asked,)
    assert case.store.incidents.load(incident).state is IncidentState.WAITING
    assert [item.card for item in case.store.outbox.due("console", 9, case.clock.now())] == [card("c1")]
    assert legs == []


def test_the_same_question_again_is_the_first_one_even_with_a_later_expiry(case: Case, incident: str) -> None:
    asked = case.store.approvals.open(approval(incident, case.clock.now()), (card("c1"),))
    again = approval(incident, case.clock.advance(1))
    assert again.id != asked.id
    assert case.store.approvals.open(again, (card("c2"),)) == asked
    assert case.store.approvals.pending() == (asked,)
    assert len(case.store.outbox.due("console", 9, case.clock.now())) == 1


@pytest.mark.parametrize(
    "verdict", [Verdict.APPROVED, Verdict.REJECTED, Verdict.EXPIRED, Verdict.TAKEN, Verdict.WITHDRAWN]
)
def test_a_verdict_writes_the_act_leg_once(case: Case, incident: str, legs: list[str], verdict: Verdict) -> None:
    asked = case.store.approvals.open(approval(incident, case.clock.now()), ())
    now = case.clock.advance(60)
    decided = case.store.approvals.decide(asked.id, verdict, "li", "because", now)
    assert (decided.verdict, decided.by, decided.why, decided.decided) == (verdict, ("li",), "because", now)
    assert case.store.approvals.decide(asked.id, Verdict.APPROVED, "wang", "", now) == decided
    assert case.store.approvals.load(asked.id) == decided
    assert case.store.approvals.pending() == ()
    assert legs == [f"act:{asked.id}:1"]


@pytest.mark.parametrize("verdict", [Verdict.APPROVED, Verdict.DENIED])
def test_what_policy_decided_is_written_decided_with_its_leg(
    case: Case, incident: str, legs: list[str], verdict: Verdict
) -> None:
    asked = case.store.approvals.open(approval(incident, case.clock.now(), verdict=verdict), ())
    assert case.store.approvals.load(asked.id).verdict is verdict
    assert legs == [f"act:{asked.id}:1"]


def test_two_people_are_two_people(case: Case, incident: str, legs: list[str]) -> None:
    now = case.clock.now()
    asked = case.store.approvals.open(approval(incident, now, answer=Answer.ASK2), ())
    assert case.store.approvals.decide(asked.id, Verdict.APPROVED, "li", "", now).verdict is Verdict.PENDING
    assert case.store.approvals.decide(asked.id, Verdict.APPROVED, "li", "", now).verdict is Verdict.PENDING
    assert legs == []
    both = case.store.approvals.decide(asked.id, Verdict.APPROVED, "wang", "", now)
    assert (both.verdict, both.by) == (Verdict.APPROVED, ("li", "wang"))
    assert legs == [f"act:{asked.id}:1"]


def test_an_account_without_a_name_is_not_the_second_of_two(case: Case, incident: str) -> None:
    now = case.clock.now()
    asked = case.store.approvals.open(approval(incident, now, answer=Answer.ASK2), ())
    for who in ("li", "os:0"):
        assert case.store.approvals.decide(asked.id, Verdict.APPROVED, who, "", now).verdict is Verdict.PENDING
    typed = case.store.approvals.decide(asked.id, Verdict.APPROVED, "os:0 typed localhost", "", now)
    assert typed.verdict is Verdict.APPROVED


def test_two_who_both_asked_for_it_need_a_third(case: Case, incident: str, legs: list[str]) -> None:
    now = case.clock.now()
    made = replace(approval(incident, now, answer=Answer.ASK2), asked_by=("li", "wang"))
    asked = case.store.approvals.open(made, ())
    for who in ("li", "wang"):
        assert case.store.approvals.decide(asked.id, Verdict.APPROVED, who, "", now).verdict is Verdict.PENDING
    assert legs == []
    assert case.store.approvals.decide(asked.id, Verdict.APPROVED, "bo", "", now).verdict is Verdict.APPROVED


def test_after_its_time_every_verdict_is_expired(case: Case, incident: str) -> None:
    asked = case.store.approvals.open(approval(incident, case.clock.now()), ())
    case.clock.advance(4 * 3600)
    assert case.store.approvals.overdue(case.clock.now()) == (asked,)
    late = case.store.approvals.decide(asked.id, Verdict.APPROVED, "li", "", case.clock.now())
    assert (late.verdict, late.by) == (Verdict.EXPIRED, ())
    assert case.store.approvals.overdue(case.clock.now()) == ()


def test_a_pick_goes_back_to_the_investigation_of_the_same_round(case: Case, incident: str, legs: list[str]) -> None:
    now = case.clock.now()
    asked = case.store.approvals.open(approval(incident, now, asks=choices(incident)), ())
    with pytest.raises(UnknownError):
        case.store.approvals.decide(asked.id, Verdict.PICKED, "li", "format_disk", now)
    with pytest.raises(InvalidError):
        case.store.approvals.decide(asked.id, Verdict.APPROVED, "li", "", now)
    case.store.approvals.decide(asked.id, Verdict.PICKED, "li", "truncate_deleted", now)
    assert case.store.incidents.load(incident).picked == "truncate_deleted"
    assert case.store.incidents.load(incident).round == 1
    assert legs == [f"investigate:{incident}:1:{asked.id}"]


def test_an_answer_goes_to_the_act_leg_in_the_persons_words(case: Case, incident: str, legs: list[str]) -> None:
    now = case.clock.now()
    asked = case.store.approvals.open(approval(incident, now, asks=question(incident)), ())
    assert case.store.approvals.load(asked.id).asks == question(incident)
    answered = case.store.approvals.decide(asked.id, Verdict.ANSWERED, "li", "可以，但留一份", now)
    assert (answered.verdict, answered.by, answered.why) == (Verdict.ANSWERED, ("li",), "可以，但留一份")
    assert case.store.approvals.decide(asked.id, Verdict.ANSWERED, "wang", "no", now) == answered
    assert case.store.approvals.load(asked.id) == answered
    assert case.store.incidents.load(incident).state is IncidentState.OPEN
    assert legs == [f"act:{asked.id}:1"]


@pytest.mark.parametrize("words", ["", "  ", "x" * 501])
def test_an_answer_has_words_and_not_too_many(case: Case, incident: str, legs: list[str], words: str) -> None:
    now = case.clock.now()
    asked = case.store.approvals.open(approval(incident, now, asks=question(incident)), ())
    with pytest.raises(InvalidError):
        case.store.approvals.decide(asked.id, Verdict.ANSWERED, "li", words, now)
    assert case.store.approvals.pending() == (asked,)
    assert legs == []


YES = {"proposal": Verdict.APPROVED, "choices": Verdict.PICKED, "question": Verdict.ANSWERED}
ASKS: dict[str, Callable[[str], Proposal | Choices | Question]] = {
    "proposal": proposal,
    "choices": choices,
    "question": question,
}


@pytest.mark.parametrize("verdict", YES.values())
@pytest.mark.parametrize("kind", YES)
def test_each_kind_of_question_has_one_yes(
    case: Case, incident: str, legs: list[str], kind: str, verdict: Verdict
) -> None:
    now = case.clock.now()
    asked = case.store.approvals.open(approval(incident, now, asks=ASKS[kind](incident)), ())
    fits = verdict is YES[kind]
    refusal: dict[bool, AbstractContextManager[object]] = {True: nullcontext(), False: pytest.raises(InvalidError)}
    with refusal[fits]:
        case.store.approvals.decide(asked.id, verdict, "li", "truncate_deleted", now)
    assert case.store.approvals.load(asked.id).verdict is {True: verdict, False: Verdict.PENDING}[fits]
    assert len(legs) == int(fits)


@pytest.mark.parametrize("kind", YES)
@pytest.mark.parametrize("verdict", [Verdict.REJECTED, Verdict.TAKEN, Verdict.HELD, Verdict.EXPIRED])
def test_every_kind_of_question_can_be_refused(case: Case, incident: str, kind: str, verdict: Verdict) -> None:
    now = case.clock.now()
    asked = case.store.approvals.open(approval(incident, now, asks=ASKS[kind](incident)), ())
    assert case.store.approvals.decide(asked.id, verdict, "li", "no", now).verdict is verdict


def test_the_same_question_again_is_the_first_one_and_other_words_are_another(case: Case, incident: str) -> None:
    now = case.clock.now()
    first = case.store.approvals.open(approval(incident, now, asks=question(incident)), ())
    later = approval(incident, case.clock.advance(1), asks=question(incident))
    assert case.store.approvals.open(later, ()) == first
    other = approval(incident, now, asks=replace(question(incident), options=("yes", "no", "ask wang")))
    assert case.store.approvals.open(other, ()).id != first.id


def test_a_reminder_is_posted_once(case: Case, incident: str) -> None:
    asked = case.store.approvals.open(approval(incident, case.clock.now()), ())
    assert case.store.approvals.reminders_due(case.clock.now()) == ()
    now = case.clock.advance(2 * 3600)
    assert case.store.approvals.reminders_due(now) == (asked,)
    assert case.store.approvals.reminders_due(now) == ()
    (item,) = case.store.outbox.due("console", 9, now)
    assert (item.card.kind, item.card.subject, item.card.thread) == (CardKind.REMINDER, asked.id, incident)


def test_a_refusal_starts_the_next_round_once_and_forgets_the_pick(case: Case, incident: str, legs: list[str]) -> None:
    now = case.clock.now()
    asked = case.store.approvals.open(approval(incident, now, asks=choices(incident)), ())
    case.store.approvals.decide(asked.id, Verdict.PICKED, "li", "truncate_deleted", now)
    legs.clear()
    refusal = Refusal(1, "truncate_deleted", Ending.REJECTED, ("li",), "no")
    case.store.approvals.refuse(refusal, incident, "investigate")
    case.store.approvals.refuse(replace(refusal, why="again"), incident, "investigate")
    known = case.store.incidents.load(incident)
    assert (known.round, known.picked, known.refusals) == (2, "", (refusal,))
    assert legs == [f"investigate:{incident}:2"]


def test_a_refusal_without_a_next_leg_starts_none(case: Case, incident: str, legs: list[str]) -> None:
    case.store.approvals.refuse(Refusal(1, "", Ending.EXPIRED, (), ""), incident, "")
    assert legs == []
    assert case.store.incidents.load(incident).round == 1


def test_what_nobody_asked_is_unknown(case: Case) -> None:
    with pytest.raises(UnknownError):
        case.store.approvals.load("AAAAAA")
    with pytest.raises(UnknownError):
        case.store.approvals.decide("AAAAAA", Verdict.APPROVED, "li", "", case.clock.now())
    with pytest.raises(UnknownError):
        case.store.approvals.open(approval("00000000ff", case.clock.now()), ())


def test_pending_questions_come_oldest_first(case: Case, incident: str) -> None:
    first = case.store.approvals.open(approval(incident, case.clock.now()), ())
    later = case.clock.now() + timedelta(seconds=1)
    second = case.store.approvals.open(approval(incident, later, asks=choices(incident)), ())
    assert case.store.approvals.pending() == (first, second)
