"""Nights in which nobody answers, or nobody has to: silence, what heals by itself, what went away before anything was done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.approval import Verdict
from core.card import CardKind
from core.incident import Ending
from tests.nights.night import PULSE, Night, Play, disk_full_on
from tests.nights.remedies import rotate_logs, says_fixed

FOUR_HOURS = 4 * 3600.0


def test_nobody_ever_answers_and_it_ends_with_a_report_and_no_effect() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.wait(FOUR_HOURS / 2)
    assert night.cards == [CardKind.PROPOSAL, CardKind.REMINDER]
    night.wait(FOUR_HOURS / 2)
    report = night.report
    assert (report.ending, report.reason) == (Ending.EXPIRED, "nobody answered in time; nothing was done")
    assert (report.actions, report.tried) == ((), ("rotate_logs: expired (nobody answered in time)",))
    assert night.host("web-1").effects == []
    assert night.cards == [CardKind.PROPOSAL, CardKind.REMINDER, CardKind.REPORT]


def test_silence_to_choices_ends_the_same_way() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs(), says_fixed()])
    night.wait(FOUR_HOURS)
    assert night.report.ending is Ending.EXPIRED
    assert night.host("web-1").effects == []


def test_an_answer_after_the_time_is_no_answer() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.both(lambda play: play.store.clock.advance(FOUR_HOURS))
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.EXPIRED
    assert night.host("web-1").effects == []


def test_a_spike_that_heals_by_itself_leaves_a_note_and_asks_nobody() -> None:
    night = Night(replace(disk_full_on("web-1"), lasting=60.0), skills=[rotate_logs()])
    night.wait(3 * PULSE)
    night.heal()
    night.wait(12 * PULSE)
    assert night.cards == [CardKind.NOTE]
    assert night.endings == []


def test_what_lasts_is_asked_about() -> None:
    night = Night(replace(disk_full_on("web-1"), lasting=60.0), skills=[rotate_logs()])
    night.wait(6 * PULSE)
    assert night.cards == [CardKind.PROPOSAL]


def test_what_went_away_while_a_person_was_waited_for_takes_its_question_along() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.heal()
    night.wait(2 * PULSE)
    assert night.report.ending is Ending.WENT_AWAY
    assert [asked.verdict for asked in night.questions] == [Verdict.WITHDRAWN]
    night.wait(FOUR_HOURS)
    assert night.host("web-1").effects == []
    assert night.verified == {}


@pytest.mark.parametrize("step", ["load", "measure again"])
def test_what_went_away_between_the_yes_and_the_act_is_left_alone(step: str) -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.before(step, Play.heal)
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.WENT_AWAY
    assert "by itself" in night.report.reason
    assert (night.host("web-1").effects, night.verified) == ([], {})
