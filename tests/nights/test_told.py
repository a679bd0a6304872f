"""Nights under rules that people told: obeyed when it is asked and again before it runs; dropped, they are gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from core.approval import Answer, Verdict
from core.incident import Ending
from core.inventory import Mode
from core.told_rule import RuleKind, ToldRule, When
from tests.nights.night import Night, Play, disk_full_on
from tests.nights.remedies import ROTATED, rotate_logs

ALWAYS = When()


def tell(play: Play, kind: RuleKind = RuleKind.NEVER, when: When = ALWAYS) -> None:
    """Li said it, and confirmed what was understood."""
    now = play.store.clock.now()
    rule = ToldRule("R1", kind, "never delete /var/log", "li", now, "delete", "/var/log", "web", when, confirmed=now)
    play.store.rules.put(rule, "li", now)


def drop(play: Play) -> None:
    """Li takes it back."""
    now = play.store.clock.now()
    play.store.rules.change("R1", lambda rule: replace(rule, ended=now, ended_by="li"), "li", now)


def test_what_a_rule_forbids_is_not_even_asked_and_the_report_names_the_rule() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.answer(Verdict.APPROVED)
    night.both(tell)
    night.break_again()
    (shown,) = night.questions
    assert (shown.answer, shown.verdict) == (Answer.DENY, Verdict.DENIED)
    assert "rule R1 of li: never delete /var/log" in night.report.reason
    assert night.host("web-1").files[ROTATED] is not None


def test_a_rule_that_comes_between_the_yes_and_the_run_is_obeyed() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.before("measure again", tell)
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.HANDED_OVER
    assert night.host("web-1").effects == []


def test_a_rule_that_wants_to_be_asked_wakes_somebody_even_where_trust_is_earned() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()], mode=Mode.AUTO)
    for _ in range(3):
        night.answer(Verdict.APPROVED)
        night.wait(3600)
        night.break_again()
    assert night.report.decided_by == ("policy",)
    night.both(lambda play: tell(play, RuleKind.ASK))
    night.wait(3600)
    night.break_again()
    assert night.asked.restraints == ("rule R1 of li: never delete /var/log",)


def test_a_rule_holds_only_at_its_time() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    tomorrow = night.both(lambda play: (play.store.clock.now() + timedelta(days=1)).weekday())
    night.both(lambda play: tell(play, when=When(weekdays=(tomorrow,))))
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.FIXED


def test_a_rule_that_was_dropped_is_gone() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.both(tell)
    night.both(drop)
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.FIXED
