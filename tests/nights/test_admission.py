"""A skill whose text has changed: left out, asked about once, on trial where it was admitted, and owned again once it has earned it."""

from __future__ import annotations

from dataclasses import replace

from core.approval import Answer, Verdict
from core.card import CardKind
from core.incident import Ending
from core.inventory import Mode
from core.skill_manifest import SkillState
from tests.nights.night import Night, Play, disk_full_on
from tests.nights.remedies import looks, rotate_logs
from tests.nights.test_orders import again

DAY = 86400.0


def admit(play: Play) -> None:
    """An approver lets it exist again."""
    (asked,) = play.team.trust.admission.open_questions()
    play.team.trust.admission.admit(asked.id, "li")


def test_a_changed_skill_is_left_out_and_one_card_asks_for_it() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs(state=SkillState.CHANGED)])
    assert (night.report.ending, night.questions) == (Ending.HANDED_OVER, [])
    assert "not as they were admitted: rotate_logs" in night.report.reason
    again(night)
    assert night.cards.count(CardKind.ADMIT) == 1
    assert night.host("web-1").effects == []


def test_admitted_it_is_on_trial_until_three_approved_runs_on_two_days_were_verified() -> None:
    night = Night(disk_full_on("web-1"), [rotate_logs(state=SkillState.CHANGED)], Mode.AUTO)
    night.both(admit)
    again(night)
    for wait in (3600.0, DAY, 3600.0):
        assert (night.asked.answer, night.asked.policy_line.split(" | ")[2]) == (Answer.ASK1, "trial")
        night.answer(Verdict.APPROVED)
        assert night.report.ending is Ending.FIXED
        again(night, wait)
    (alone,) = night.questions
    assert (alone.verdict, alone.policy_line) == (Verdict.APPROVED, "auto | medium | owned | recall -> go")
    notes = night.both(lambda play: [i.card.text for i in play.store.shelf.outbox.values() if "owned" in i.card.key])
    assert notes == ["rotate_logs is owned on web now: 3 approved runs there were verified"]


def test_changed_once_more_it_is_out_again() -> None:
    night = Night(disk_full_on("web-1"), [rotate_logs(state=SkillState.CHANGED)])
    night.both(admit)
    night.both(lambda play: play.catalog.put(rotate_logs(timeout=21, state=SkillState.CHANGED)))
    again(night)
    assert night.report.ending is Ending.HANDED_OVER
    assert night.cards.count(CardKind.ADMIT) == 2


def test_a_looker_on_trial_does_not_look_by_itself() -> None:
    looker = replace(looks(share=0.9), state=SkillState.TRIAL)
    cure = rotate_logs(share="share", when=["share > 0.5"], lookers=[looker.name])
    night = Night(disk_full_on("web-1"), skills=[looker, cure])
    assert (night.report.ending, night.questions) == (Ending.HANDED_OVER, [])
    assert [one.text for one in night.report.evidence if one.source == looker.name] == [
        "on trial, it looks when an approver asks: run look_at_logs host=web-1"
    ]
