"""Nights in which the repair does not help, lies, harms, or would do more than was shown: measurements and the plan decide."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest

from core.approval import Verdict
from core.card import CardKind
from core.incident import Ending
from core.inventory import Mode
from tests.nights.night import BAD, Night, Play, disk_full_on
from tests.nights.remedies import FURTHER, ROTATED, UPTIME, grows, looks, rotate_logs, says_fixed, skill

STORM = {UPTIME: ["calm", "calm", "storm"]}


# ---- nothing is believed ------------------------------------------------------------------------------------------------------------


def test_a_skill_that_always_says_fixed_closes_nothing_and_is_taken_back() -> None:
    night = Night(disk_full_on("web-1"), skills=[says_fixed()])
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.HANDED_OVER
    assert night.report.tried == ("says_fixed: still bad",)
    assert [proof.value for proof in night.report.proof] == [BAD] * 3
    assert night.host("web-1").files["/var/tmp/says_fixed.flag"] is None
    assert night.verified == {"says_fixed": 0}


def three_liars() -> list[object]:
    """Each more promising than the next, and a fourth that would not be reached."""
    facts = {"first": 1.0, "second": 0.7, "third": 0.4, "fourth": 0.1}
    return [looks(**facts), *(says_fixed(f"liar_{n}", share=n, lookers=["look_at_logs"]) for n in facts)]


def test_after_three_rounds_a_person_has_it_and_everything_was_taken_back() -> None:
    night = Night(disk_full_on("web-1"), skills=three_liars())  # type: ignore[arg-type]
    for _ in range(3):
        night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.HANDED_OVER
    assert night.report.tried == ("liar_first: still bad", "liar_second: still bad", "liar_third: still bad")
    assert night.cards == [*[CardKind.PROPOSAL] * 3, CardKind.REPORT]
    flags = [f"/var/tmp/liar_{n}.flag" for n in ("first", "second", "third")]
    assert night.host("web-1").effects == [f"{verb} {flag}" for flag in flags for verb in ("write", "delete")]
    assert [action.is_undoable for action in night.report.actions] == [False] * 3


def test_the_second_round_may_be_the_one_that_helps() -> None:
    skills = [
        looks(first=0.9, second=0.4),
        says_fixed(share="first", lookers=["look_at_logs"]),
        rotate_logs(share="second", lookers=["look_at_logs"]),
    ]
    night = Night(disk_full_on("web-1"), skills=skills)
    night.answer(Verdict.APPROVED)
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.FIXED
    assert night.report.tried == ("says_fixed: still bad", "rotate_logs: fixed")
    assert night.verified == {"rotate_logs": 1, "says_fixed": 0}


def test_what_settles_is_waited_for() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs(settles=120)])
    began = night.incident.opened
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.FIXED
    assert (night.report.closed - began).total_seconds() >= 120 + 2 * 10


def test_a_repair_that_breaks_something_else_is_worse_and_taken_back() -> None:
    harm = {"http.failed:http://web-1/": lambda host: float(host.files.get("/var/tmp/harms.flag") is not None)}
    body = """
freed = sum(host.delete(file.path) for file in host.list("/var/log") if file.name.endswith(".1"))
host.write("/var/tmp/harms.flag", "on")
return Outcome(ok=True, summary=f"freed {freed}")
"""
    harms = skill("harms", body, "fs.list:/var/log", "fs.delete:/var/log/*;rotated", "fs.write:/var/tmp/harms.flag")
    night = Night(replace(disk_full_on("web-1"), others=harm), skills=[harms])
    night.both(lambda play: play.decide(Verdict.APPROVED, "li", ""))
    night.wait(60)
    assert night.endings[0] is Ending.WORSE
    assert night.host("web-1").files["/var/tmp/harms.flag"] is None
    assert night.verified == {}


# ---- the plan that was shown is the ceiling -----------------------------------------------------------------------------------------


def test_more_effects_than_were_shown_are_asked_for_again() -> None:
    world = {"files": {ROTATED: "old", FURTHER: "older"}, "exec": {UPTIME: ["calm", "storm"]}}
    night = Night(disk_full_on("web-1", **world), skills=[grows()])
    night.answer(Verdict.APPROVED)
    assert night.host("web-1").effects == []
    assert night.asked.proposal is not None
    assert [str(effect) for effect in night.asked.proposal.plan] == [f"fs.delete {ROTATED}", f"fs.delete {FURTHER}"]
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.FIXED


def test_a_run_that_reaches_beyond_its_plan_ends_there() -> None:
    world = {"files": {ROTATED: "old", FURTHER: "older"}, "exec": STORM}
    night = Night(disk_full_on("web-1", **world), skills=[grows()])
    night.answer(Verdict.APPROVED)
    assert night.host("web-1").effects == [f"delete {ROTATED}"]
    (attempt,) = night.incident.attempts
    assert attempt.outcome is not None
    assert attempt.outcome.error == f"PlanExceededError: not in the approved plan: fs.delete {FURTHER}"
    assert night.report.ending is Ending.FIXED


def test_a_situation_that_keeps_changing_is_handed_over() -> None:
    turns = ["calm", "storm", "calm", "storm", "calm", "storm"]
    night = Night(
        disk_full_on("web-1", files={ROTATED: "old", FURTHER: "older"}, exec={UPTIME: turns}), skills=[grows()]
    )
    for _ in range(3):
        night.answer(Verdict.APPROVED)
    assert (night.report.ending, night.host("web-1").effects) == (Ending.HANDED_OVER, [])
    assert "kept changing" in night.report.reason


def test_other_bytes_than_were_shown_are_asked_for_again() -> None:
    body = f"""
host.write("/var/tmp/writes.flag", host.run(["{UPTIME}"]).out)
return Outcome(ok=True, summary="written")
"""
    writes = skill("writes", body, f"exec:{UPTIME}", "fs.write:/var/tmp/writes.flag")
    night = Night(disk_full_on("web-1", exec={UPTIME: ["calm", "storm"]}), skills=[writes])
    former = night.asked.id
    night.answer(Verdict.APPROVED)
    assert night.host("web-1").effects == []
    assert night.asked.id != former


# ---- what changed between the yes and the act ---------------------------------------------------------------------------------------


def test_a_skill_that_was_changed_after_the_yes_is_not_run_under_it() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.before("still the same", lambda play: play.catalog.put(rotate_logs(timeout=21)))
    former = night.asked.id
    night.answer(Verdict.APPROVED)
    assert night.host("web-1").effects == []
    assert night.asked.id != former


def test_a_skill_that_is_changed_at_the_last_instant_is_refused() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.before("execute", lambda play: play.catalog.put(rotate_logs(timeout=21)))
    night.answer(Verdict.APPROVED)
    assert night.host("web-1").effects == []
    assert night.report.ending is Ending.HANDED_OVER


def late(play: Play) -> None:
    """Half an hour and a bit pass while nothing runs."""
    play.store.clock.advance(31 * 60)


def stopped(play: Play) -> None:
    """Somebody says stop."""
    play.store.gate.stop("host:web-1", "bo", play.store.clock.now())


def stop_file(play: Play) -> None:
    """Somebody puts the file STOP there."""
    play.store.shelf.has_stop_file = True


def demoted(play: Play) -> None:
    """Whoever said yes may no longer say it."""
    play.approvers = set()


def observed(play: Play) -> None:
    """The host is only observed from here on."""
    play.ceiling = Mode.OBSERVE


ALWAYS = (stopped, stop_file, demoted, observed)
YES_STEPS = ["load", "load incident", "measure again", "still the same", "begin"]


@pytest.mark.parametrize(
    ("happens", "step"),
    [*itertools.product([late, *ALWAYS], YES_STEPS), *((happens, "execute") for happens in ALWAYS)],
)
def test_a_yes_that_no_longer_holds_lets_no_effect_through(happens: Callable[[Play], None], step: str) -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.before(step, happens)
    night.both(lambda play: play.decide(Verdict.APPROVED, "li", ""))
    night.wait(600)
    assert night.host("web-1").effects == []


@pytest.mark.parametrize("happens", ALWAYS)
def test_what_forbids_it_between_two_effects_ends_the_run(happens: Callable[[Play], None]) -> None:
    world = {"files": {ROTATED: "old", FURTHER: "older"}}
    night = Night(disk_full_on("web-1", **world), skills=[rotate_logs()])

    def arm(play: Play) -> None:
        play.hosts["web-1"].after = lambda _done: happens(play)

    night.both(arm)
    night.answer(Verdict.APPROVED)
    assert night.host("web-1").effects == [f"delete {ROTATED}"]
    (attempt,) = night.incident.attempts
    assert attempt.outcome is not None
    assert attempt.outcome.error.startswith(("StoppedError", "ExpiredError"))


def test_what_was_stopped_before_its_undo_stays_and_is_handed_over() -> None:
    night = Night(disk_full_on("web-1"), skills=[says_fixed()])
    night.before("undo", stopped)
    night.answer(Verdict.APPROVED)
    assert night.host("web-1").effects == ["write /var/tmp/says_fixed.flag"]
    assert night.report.ending is Ending.HANDED_OVER
    assert [action.is_undoable for action in night.report.actions] == [True]


def goes_blind(play: Play) -> None:
    """From here on nothing can be measured."""
    play.probe.is_broken = True


def test_a_yes_is_not_acted_on_while_the_signal_cannot_be_measured() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.before("measure again", goes_blind)
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.HANDED_OVER
    assert "cannot see" in night.report.reason
    assert night.host("web-1").effects == []


# ---- one repair at a time on one host -----------------------------------------------------------------------------------------------


def test_a_second_repair_on_a_host_waits_until_the_first_is_judged() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    claimed = replace(night.incident.alert, id="c", source="claim:grafana")
    night.both(lambda play: play.take_in(claimed))
    night.both(Play.pulse)

    def approve_all(play: Play) -> None:
        for asked in play.store.approvals.pending():
            play.store.approvals.decide(asked.id, Verdict.APPROVED, "li", "", play.store.clock.now())

    assert night.both(lambda play: len(play.store.approvals.pending())) == 2
    night.both(approve_all)
    night.settle()
    assert sorted(map(str, night.endings)) == ["fixed", "went away"]
    assert night.host("web-1").effects == [f"delete {ROTATED}"]
