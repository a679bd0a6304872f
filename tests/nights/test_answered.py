"""Nights in which people answer: yes, no, a pick, I have it; and what memory makes of it the next time."""

from __future__ import annotations

import pytest

from core.approval import Verdict
from core.card import CardKind
from core.incident import Ending
from core.proposal import Choices, Tier
from tests.nights.night import GOOD, Night, disk_full_on
from tests.nights.remedies import ROTATED, looks, rotate_logs, says_fixed


def test_fixed_after_a_yes() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    assert night.host("web-1").effects == []
    night.answer(Verdict.APPROVED, by="li")
    report = night.report
    assert (report.ending, report.tier, report.decided_by) == (Ending.FIXED, Tier.RULES, ("li",))
    assert [proof.value for proof in report.proof] == [GOOD] * 3
    assert [action.text for action in report.actions] == [f"fs.delete {ROTATED}"]
    assert night.host("web-1").effects == [f"delete {ROTATED}"]
    assert night.cards == [CardKind.PROPOSAL, CardKind.REPORT]


def test_the_second_time_it_is_asked_from_memory() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs(), says_fixed()])
    night.answer(Verdict.PICKED, why="rotate_logs")
    night.answer(Verdict.APPROVED)
    night.break_again()
    assert night.asked.proposal is not None
    assert (night.asked.proposal.tier, night.asked.proposal.times_verified) == (Tier.MEMORY, 1)
    night.answer(Verdict.APPROVED)
    assert (night.report.ending, night.report.tier) == (Ending.FIXED, Tier.MEMORY)
    assert night.verified == {"rotate_logs": 2}


TWO = (
    looks(logs=0.9, flags=0.4),
    rotate_logs(share="flags", lookers=["look_at_logs"]),
    says_fixed(share="logs", lookers=["look_at_logs"]),
)


def test_a_no_brings_the_next_best_which_may_still_help() -> None:
    night = Night(disk_full_on("web-1"), skills=TWO)
    night.answer(Verdict.REJECTED, why="not that one")
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.FIXED
    assert night.report.tried == ("says_fixed: rejected (not that one)", "rotate_logs: fixed")
    assert night.host("web-1").effects == [f"delete {ROTATED}"]


def test_a_second_no_is_handed_over() -> None:
    night = Night(disk_full_on("web-1"), skills=TWO)
    night.answer(Verdict.REJECTED)
    night.answer(Verdict.REJECTED, by="bo", why="I look myself")
    assert (night.report.ending, night.report.reason) == (Ending.REJECTED, "rejected by bo: I look myself")
    assert len(night.questions) == 2
    assert night.host("web-1").effects == []


def test_a_no_with_nothing_else_to_offer_is_handed_over() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.answer(Verdict.REJECTED, why="no")
    assert night.report.ending is Ending.HANDED_OVER
    assert night.report.tried == ("rotate_logs: rejected (no)",)
    assert night.host("web-1").effects == []


def test_what_a_person_picks_is_asked_for_and_remembered() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs(), says_fixed()])
    assert isinstance(night.asked.asks, Choices)
    assert set(night.asked.asks.skills) == {"rotate_logs", "says_fixed"}
    night.answer(Verdict.PICKED, why="rotate_logs")
    assert night.asked.proposal is not None
    assert (night.asked.proposal.skill, night.asked.proposal.tier) == ("rotate_logs", Tier.PERSON)
    night.answer(Verdict.REJECTED, why="not yet")
    night.resolve()
    night.break_again()
    assert night.asked.proposal is not None
    assert (night.asked.proposal.skill, night.asked.proposal.tier) == ("rotate_logs", Tier.MEMORY)


@pytest.mark.parametrize("verdict", [Verdict.REJECTED, Verdict.EXPIRED])
def test_choices_that_nobody_wants_lead_to_no_effect(verdict: Verdict) -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs(), says_fixed()])
    night.answer(verdict)
    night.settle()
    assert night.host("web-1").effects == []


def test_nothing_that_fits_is_handed_over_without_a_question() -> None:
    night = Night(disk_full_on("web-1"))
    assert (night.report.ending, night.questions) == (Ending.HANDED_OVER, [])
    assert "no cure" in night.report.reason
    assert night.cards == [CardKind.REPORT]
