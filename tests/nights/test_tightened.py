"""Nights in which people hold it back: a mode made stricter in chat at any moment, and who counts at high risk."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.approval import Answer, Verdict
from core.incident import Ending
from core.inventory import Mode
from core.tightening import Tightening
from tests.nights.night import GROUP, Night, Play, disk_full_on
from tests.nights.remedies import ROTATED, rotate_logs, says_fixed
from tests.nights.test_modes import FIXED, remembered


def tightened(mode: Mode, scope: str = "host:web-1") -> Callable[[Play], None]:
    """Somebody says `mode web-1 observe`."""

    def say(play: Play) -> None:
        now = play.store.clock.now()
        play.store.tightenings.put(Tightening(f"T{scope}", scope, mode, "bo", now), "bo", now)

    return say


def lost(play: Play) -> None:
    """The list of what was tightened does not verify."""
    play.store.shelf.broken.add("list of every mode")


@pytest.mark.parametrize("step", ["measure again", "begin", "execute"])
@pytest.mark.parametrize("what", [tightened(Mode.OBSERVE), tightened(Mode.OBSERVE, "all"), lost])
def test_a_mode_that_is_made_stricter_after_the_yes_lets_no_effect_begin(
    step: str, what: Callable[[Play], None]
) -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.before(step, what)
    night.answer(Verdict.APPROVED)
    assert night.host("web-1").effects == []
    assert night.report.ending is Ending.HANDED_OVER


@pytest.mark.parametrize("scope", ["all", "host:web-1", f"group:{GROUP}"])
def test_nothing_is_asked_where_people_said_observe(scope: str) -> None:
    night = Night(disk_full_on("web-1"), [rotate_logs()], Mode.AUTO, remembered(*FIXED), tightened(Mode.OBSERVE, scope))
    (shown,) = night.questions
    assert (shown.answer, shown.verdict) == (Answer.DENY, Verdict.DENIED)
    assert night.host("web-1").effects == []


def test_what_would_go_alone_is_asked_where_people_said_approve() -> None:
    night = Night(disk_full_on("web-1"), [rotate_logs()], Mode.AUTO, remembered(*FIXED), tightened(Mode.APPROVE))
    assert night.asked.answer is Answer.ASK1
    assert night.host("web-1").effects == []


def test_what_people_said_never_loosens() -> None:
    night = Night(disk_full_on("web-1"), [rotate_logs()], Mode.OBSERVE, remembered(*FIXED), tightened(Mode.AUTO))
    assert night.host("web-1").effects == []


def test_elsewhere_it_changes_nothing() -> None:
    night = Night(
        disk_full_on("web-1"), [rotate_logs()], Mode.AUTO, remembered(*FIXED), tightened(Mode.OBSERVE, "host:db-1")
    )
    assert night.host("web-1").effects == [f"delete {ROTATED}"]


def test_who_picked_a_repair_of_high_risk_is_one_of_the_two_and_not_both() -> None:
    night = Night(disk_full_on("web-1"), [rotate_logs(risk="high"), says_fixed(risk="high")])
    night.answer(Verdict.PICKED, by="li", why="rotate_logs")
    assert (night.asked.answer, night.asked.asked_by) == (Answer.ASK2, ("li",))
    night.answer(Verdict.APPROVED, by="li")
    assert night.host("web-1").effects == []
    night.answer(Verdict.APPROVED, by="bo")
    assert night.report.decided_by == ("li", "bo")
    assert night.host("web-1").effects == [f"delete {ROTATED}"]
