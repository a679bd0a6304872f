"""Plans of several steps: PostgreSQL is down because its disk is full, and one repair alone cannot help.

Every night is played straight, and killed before each of its steps: each of these plans is also one that was cut off between any two.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.approval import Verdict
from core.incident import Ending
from core.plan import MOST_STEPS
from core.proposal import Proposal, Tier
from core.skill_manifest import Skill
from core.world import Json
from tests.fakes.host import FakeHost
from tests.nights.night import BAD, GOOD, Night, Trouble
from tests.nights.remedies import ROTATED, rotate_logs, says_fixed
from tests.nights.scripted_brain import Scripted, call, calls, propose

DISK = "disk.used_percent:/var"
ELSEWHERE = "memory.used_percent"
"""What these repairs are for, so that no rule chooses them for a database that is down."""
STARTED = "/var/tmp/start_postgres.flag"


def disk(host: FakeHost) -> float:
    """Full as long as the rotated log is there."""
    return BAD if host.files.get(ROTATED) else GOOD


def postgres(host: FakeHost) -> float:
    """Down until there is room and somebody has started it; up where nothing is broken."""
    is_started = bool(host.files.get(STARTED)) or not host.files
    return GOOD if is_started and not host.files.get(ROTATED) else BAD


def postgres_down(waking: Callable[[FakeHost], float] = postgres, **unwatched: Callable[[FakeHost], float]) -> Trouble:
    """The disk is measured, and watched by no check."""
    files = {"/var/log/app.log": "live", ROTATED: "old and large"}
    seen = {DISK: disk} | {f"disk.used_percent:/{name}": measure for name, measure in unwatched.items()}
    return Trouble("db-1", "process.down:postgres", {"files": files}, waking, unwatched=seen)


def step(skill: str, expects: str) -> dict[str, Json]:
    """One further step, as a model writes it."""
    return {"skill": skill, "expects": expects, "why": f"{skill} is needed then", "parameters": {}}


REMEDIES = [rotate_logs(cures=[ELSEWHERE]), says_fixed("start_postgres", cures=[ELSEWHERE])]
GIVES_UP = calls(call("hand_over", reason="I know no more"))
TWO_STEPS = propose("rotate_logs", DISK, [step("start_postgres", "process.down:postgres")])


def plan_night(brain: Scripted, trouble: Trouble | None = None, skills: list[Skill] | None = None) -> Night:
    """A night with a brain."""
    return Night(trouble or postgres_down(), skills=skills or REMEDIES, minds=brain.minds())


def proposed(night: Night) -> Proposal:
    """What is asked now."""
    asks = night.asked.asks
    assert isinstance(asks, Proposal)
    return asks


def test_two_steps_each_asked_and_checked_by_what_it_is_for() -> None:
    brain = Scripted({1: [TWO_STEPS]})
    night = plan_night(brain)
    first = proposed(night)
    assert (first.skill, first.step, first.expects) == ("rotate_logs", 1, DISK)
    assert [one.skill for one in first.then] == ["start_postgres"]
    night.answer(Verdict.APPROVED)
    second = proposed(night)
    assert (second.skill, second.step, second.then, second.tier) == ("start_postgres", 2, (), Tier.BRAIN)
    assert ("plan", "its step 1 is done: rotate_logs") in [(one.source, one.text) for one in second.evidence]
    (attempt,) = night.incident.attempts
    assert (attempt.ending, attempt.checks) == (Ending.STEP, DISK)
    assert [seen.value for seen in attempt.step_seen[-3:]] == [GOOD] * 3
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.FIXED
    assert night.report.tried == ("rotate_logs: step done", "start_postgres: fixed")
    assert [action.text for action in night.report.actions] == [f"fs.delete {ROTATED}", f"fs.write {STARTED}"]
    assert len(brain.asked) == 2, "once in each of the two plays: a step that follows is not thought out again"


def test_a_repair_that_needed_the_steps_before_it_earns_no_trust_of_its_own() -> None:
    night = plan_night(Scripted({1: [TWO_STEPS]}))
    night.answer(Verdict.APPROVED)
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.FIXED
    assert night.verified == {"rotate_logs": 0, "start_postgres": 0}
    assert not night.is_offered
    night.break_again()
    assert proposed(night).tier is Tier.BRAIN


def test_where_the_first_step_is_enough_the_rest_is_dropped() -> None:
    night = plan_night(Scripted({1: [TWO_STEPS]}), postgres_down(disk))
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.FIXED
    assert night.report.reason == "rotate_logs was enough; the rest of the plan is dropped"
    assert night.host("db-1").effects == [f"delete {ROTATED}"]
    assert night.verified == {"rotate_logs": 1}


def test_a_second_step_that_is_rejected_ends_the_plan_and_the_first_one_stays() -> None:
    night = plan_night(Scripted({1: [TWO_STEPS], 3: [GIVES_UP]}))
    night.answer(Verdict.APPROVED)
    night.answer(Verdict.REJECTED, why="I start it myself")
    assert night.report.ending is Ending.HANDED_OVER
    assert night.report.tried == ("rotate_logs: step done", "start_postgres: rejected (I start it myself)")
    assert [action.text for action in night.report.actions] == [f"fs.delete {ROTATED}"]
    assert night.host("db-1").files[ROTATED] is None


def test_a_second_step_that_does_not_help_is_undone_alone() -> None:
    def never(_: FakeHost) -> float:
        return BAD

    night = plan_night(Scripted({1: [TWO_STEPS], 3: [GIVES_UP]}), postgres_down(never))
    night.answer(Verdict.APPROVED)
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.HANDED_OVER
    assert night.report.tried == ("rotate_logs: step done", "start_postgres: still bad")
    assert night.host("db-1").effects == [f"delete {ROTATED}", f"write {STARTED}", f"delete {STARTED}"]


def test_a_step_whose_own_signal_stays_bad_is_undone_and_the_plan_is_over() -> None:
    wrong = propose("start_postgres", DISK, [step("rotate_logs", DISK)])
    night = plan_night(Scripted({1: [wrong], 2: [propose("rotate_logs", DISK)]}))
    night.answer(Verdict.APPROVED)
    assert night.incident.attempts[0].ending is Ending.STILL_BAD
    assert night.host("db-1").files[STARTED] is None
    assert (proposed(night).skill, proposed(night).step, proposed(night).then) == ("rotate_logs", 1, ())


@pytest.mark.parametrize(
    "expects",
    [
        pytest.param("disk.used_percent:/elsewhere", id="not measured here"),
        pytest.param("the disk has room again", id="words"),
        pytest.param("process.down:postgres", id="what woke us"),
        pytest.param("disk.used_percent:/quiet", id="quiet before anything was done"),
    ],
)
def test_what_would_prove_nothing_checks_no_step(expects: str) -> None:
    plan = propose("rotate_logs", expects, [step("start_postgres", "process.down:postgres")])
    trouble = postgres_down(quiet=lambda _: GOOD)
    night = plan_night(Scripted({1: [plan], 2: [GIVES_UP]}), trouble)
    night.answer(Verdict.APPROVED)
    (attempt,) = night.incident.attempts
    assert (attempt.checks, attempt.ending) == ("", Ending.STILL_BAD)
    assert night.report.ending is Ending.HANDED_OVER


def test_the_last_step_is_checked_by_what_woke_us_whatever_it_expects() -> None:
    night = plan_night(Scripted({1: [propose("rotate_logs", DISK)], 2: [GIVES_UP]}))
    night.answer(Verdict.APPROVED)
    (attempt,) = night.incident.attempts
    assert (attempt.checks, attempt.ending) == ("", Ending.STILL_BAD)


def test_a_step_that_does_not_fit_any_more_is_thought_over() -> None:
    plan = propose("rotate_logs", DISK, [step("rotate_logs", "process.down:postgres")])
    brain = Scripted({1: [plan], 2: [propose("start_postgres")]})
    night = plan_night(brain)
    night.answer(Verdict.APPROVED)
    assert (proposed(night).skill, proposed(night).step) == ("start_postgres", 1)
    told = [one.text for one in proposed(night).evidence if one.source == "plan"]
    assert told == [
        "its step 2 does not fit any more: rotate_logs finds nothing to do",
        "its step 1 is done: rotate_logs",
    ]
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.FIXED


def test_quiet_again_before_the_next_step_is_asked_went_away_with_its_reason() -> None:
    night = plan_night(Scripted({1: [TWO_STEPS]}))
    night.answer(Verdict.APPROVED)
    night.heal()
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.WENT_AWAY
    assert night.report.reason == "rotate_logs was enough; the rest of the plan is dropped"


def test_after_five_steps_a_person_has_it() -> None:
    names = ["one", "two", "three", "four", "five", "six"]
    skills = [says_fixed(name, cures=[ELSEWHERE]) for name in names]
    rooms = {name: _until(f"/var/tmp/{name}.flag") for name in names}
    steps = [step(name, f"disk.used_percent:/{name}") for name in names]
    again = propose("six", "disk.used_percent:/six", [steps[0]])
    rounds = {1: [propose("one", "disk.used_percent:/one", steps[1:5])], 5: [again], 6: [again]}
    night = plan_night(Scripted(rounds), postgres_down(lambda _: BAD, **rooms), skills)
    for _ in range(4):
        night.answer(Verdict.APPROVED)
    assert (proposed(night).skill, proposed(night).step) == ("five", 5)
    night.answer(Verdict.REJECTED, why="not that one")
    assert (proposed(night).skill, proposed(night).step) == ("six", 1)
    night.answer(Verdict.APPROVED)
    assert len([one for one in night.incident.attempts if one.ending is Ending.STEP]) == MOST_STEPS
    assert (night.report.ending, night.report.reason) == (Ending.HANDED_OVER, "five steps were done and it is not over")
    assert len(night.report.actions) == MOST_STEPS


def test_finished_steps_use_up_no_try() -> None:
    plans = {1: [TWO_STEPS]} | {n: [propose("start_postgres")] for n in (3, 4)}
    skills = [*REMEDIES, says_fixed("second", cures=[ELSEWHERE]), says_fixed("third", cures=[ELSEWHERE])]
    plans |= {3: [propose("second")], 4: [propose("third")]}
    night = plan_night(Scripted(plans), postgres_down(lambda _: BAD), skills)
    for _ in range(4):
        night.answer(Verdict.APPROVED)
    assert [one.ending for one in night.incident.attempts] == [Ending.STEP, *[Ending.STILL_BAD] * 3]
    assert night.report.ending is Ending.HANDED_OVER


def _until(flag: str) -> Callable[[FakeHost], float]:
    return lambda host: GOOD if host.files.get(flag) else BAD
