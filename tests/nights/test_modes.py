"""Nights under each mode: observe shows and does nothing, auto acts alone where trust is earned and only there."""

from __future__ import annotations

import pytest

from core.approval import Answer, Verdict
from core.card import CardKind
from core.episode import Episode
from core.incident import Ending
from core.inventory import Mode
from core.proposal import Tier
from core.skill_manifest import SkillState
from tests.nights.night import GROUP, Night, disk_full_on
from tests.nights.remedies import ROTATED, rotate_logs, says_fixed

FIXED = (Ending.FIXED,) * 3


def remembered(*endings: Ending, skill: str = "rotate_logs", sha256: str = rotate_logs().sha256) -> list[Episode]:
    """What happened before with this very fault in this group, oldest first."""
    before = Night(disk_full_on("web-1"))
    (alert, at) = (before.incident.alert, before.incident.opened)
    return [
        Episode(f"e{n}", alert.fingerprint, GROUP, "web-1", str(alert.signal), skill, sha256, ending, f"i{n}", at)
        for n, ending in enumerate(endings)
    ]


def test_observe_shows_what_it_would_have_asked_and_does_nothing() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()], mode=Mode.OBSERVE)
    (shown,) = night.questions
    assert (shown.answer, shown.verdict) == (Answer.DENY, Verdict.DENIED)
    assert shown.proposal is not None
    assert [str(effect) for effect in shown.proposal.plan] == [f"fs.delete {ROTATED}"]
    assert night.report.reason.startswith("not permitted: observe | medium | owned | probe")
    assert night.host("web-1").effects == []
    assert night.cards == [CardKind.DECIDED, CardKind.REPORT]


def test_observe_trusts_nobody_either() -> None:
    night = Night(disk_full_on("web-1"), [rotate_logs()], Mode.OBSERVE, remembered(*FIXED))
    assert night.host("web-1").effects == []


def test_auto_lets_a_trusted_recall_act_alone() -> None:
    night = Night(disk_full_on("web-1"), [rotate_logs()], Mode.AUTO, remembered(*FIXED))
    assert (night.report.ending, night.report.tier) == (Ending.FIXED, Tier.MEMORY)
    assert night.report.decided_by == ("policy",)
    assert night.cards == [CardKind.DECIDED, CardKind.REPORT]
    assert night.verified == {"rotate_logs": 4}


@pytest.mark.parametrize(
    "endings",
    [
        (),
        FIXED[:2],
        (*FIXED, Ending.STILL_BAD),
        (*FIXED, Ending.WORSE, Ending.FIXED),
        (Ending.UNPROVEN,) * 5,
        (Ending.WENT_AWAY,) * 5,
    ],
)
def test_auto_asks_while_trust_is_not_earned(endings: tuple[Ending, ...]) -> None:
    night = Night(disk_full_on("web-1"), [rotate_logs()], Mode.AUTO, remembered(*endings))
    assert night.asked.answer is Answer.ASK1
    assert night.host("web-1").effects == []


def test_approve_asks_for_a_trusted_recall_too() -> None:
    night = Night(disk_full_on("web-1"), [rotate_logs()], Mode.APPROVE, remembered(*FIXED))
    assert night.asked.proposal is not None
    assert (night.asked.proposal.tier, night.asked.proposal.times_verified) == (Tier.MEMORY, 3)


def test_trust_in_another_text_of_the_skill_is_no_trust() -> None:
    night = Night(disk_full_on("web-1"), [rotate_logs()], Mode.AUTO, remembered(*FIXED, sha256="0" * 64))
    assert night.asked.proposal is not None
    assert night.asked.proposal.tier is Tier.RULES


def test_a_trial_skill_asks_however_well_it_did() -> None:
    trial = rotate_logs(state=SkillState.TRIAL)
    night = Night(disk_full_on("web-1"), [trial], Mode.AUTO, remembered(*FIXED))
    assert night.asked.answer is Answer.ASK1


@pytest.mark.parametrize("state", [SkillState.CHANGED, SkillState.DRAFT, SkillState.QUARANTINED, SkillState.RETIRED])
def test_a_skill_that_may_not_run_is_not_even_proposed(state: SkillState) -> None:
    night = Night(disk_full_on("web-1"), [rotate_logs(state=state)], Mode.AUTO, remembered(*FIXED))
    assert (night.report.ending, night.questions) == (Ending.HANDED_OVER, [])


def test_a_failure_while_it_acted_alone_ends_the_trust() -> None:
    liar = says_fixed()
    known = remembered(*FIXED, skill=liar.name, sha256=liar.sha256)
    night = Night(disk_full_on("web-1"), [liar], Mode.AUTO, known)
    assert (night.report.ending, night.verified) == (Ending.HANDED_OVER, {"says_fixed": 0})
    night.break_again()
    assert night.asked.answer is Answer.ASK1


def test_high_risk_needs_two_people() -> None:
    night = Night(disk_full_on("web-1"), [rotate_logs(risk="high")], Mode.AUTO)
    night.answer(Verdict.APPROVED, by="li")
    night.answer(Verdict.APPROVED, by="li")
    assert night.host("web-1").effects == []
    night.answer(Verdict.APPROVED, by="bo")
    assert (night.report.ending, night.report.decided_by) == (Ending.FIXED, ("li", "bo"))
