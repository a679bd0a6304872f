"""Nights in which a person asks for something by hand: a run, and taking back what a run did."""

from __future__ import annotations

from core.alert import AlertStatus
from core.approval import Verdict
from core.incident import Ending
from core.inventory import Mode
from core.task import UNDO, task
from tests.nights.night import PULSE, Night, Play, Trouble, disk_full_on
from tests.nights.remedies import ROTATED, rotate_logs, says_fixed


def calm(host: str) -> Trouble:
    """Nothing is wrong; there is a rotated log all the same."""
    trouble = disk_full_on(host)
    return Trouble(host, trouble.signal, trouble.world, lambda _host: 41.0)


def asks(night: Night, metric: str, subject: str, *, is_yes: bool = False, **typed: str) -> None:
    """A person types it; the night goes on until somebody is asked or it is over."""

    def put(play: Play) -> None:
        now = play.store.clock.now()
        play.take_in(
            task(f"console:{metric}:{now}", "li", "web-1", metric, subject, typed=typed, at=now, is_yes=is_yes)
        )

    night.wait(PULSE)
    night.both(put)
    night.settle()


def test_a_run_by_hand_is_shown_asked_and_done() -> None:
    night = Night(calm("web-1"), skills=[rotate_logs()])
    asks(night, "run", "rotate_logs")
    assert night.host("web-1").effects == []
    night.answer(Verdict.APPROVED, by="bo")
    assert night.report.ending is Ending.UNPROVEN
    assert night.host("web-1").effects == [f"delete {ROTATED}"]


def test_a_complete_command_by_an_approver_is_itself_the_yes() -> None:
    night = Night(calm("web-1"), skills=[rotate_logs()])
    asks(night, "run", "rotate_logs", is_yes=True)
    assert (night.report.ending, night.report.decided_by) == (Ending.UNPROVEN, ("li",))


def test_in_observe_a_run_by_hand_does_nothing_either() -> None:
    night = Night(calm("web-1"), skills=[rotate_logs()], mode=Mode.OBSERVE)
    asks(night, "run", "rotate_logs", is_yes=True)
    assert night.report.ending is Ending.HANDED_OVER
    assert night.host("web-1").effects == []


def test_a_skill_nobody_knows_is_said_and_nothing_is_done() -> None:
    night = Night(calm("web-1"))
    asks(night, "run", "rotate_logs")
    assert (night.report.ending, night.report.reason) == (Ending.HANDED_OVER, "there is no skill 'rotate_logs'")


def test_what_a_run_did_is_taken_back_on_request() -> None:
    night = Night(calm("web-1"), skills=[says_fixed()])
    asks(night, "run", "says_fixed", is_yes=True)
    (action,) = night.report.actions
    run = night.both(lambda play: play.store.history.run_of(int(action.id))[0])
    assert (action.is_undoable, night.host("web-1").files["/var/tmp/says_fixed.flag"]) == (True, "on")
    asks(night, UNDO, action.id, run=run)
    night.answer(Verdict.APPROVED, by="bo")
    assert (night.report.ending, night.report.tried) == (Ending.UNPROVEN, ("undo: done, unproven",))
    assert night.host("web-1").files["/var/tmp/says_fixed.flag"] is None
    asks(night, UNDO, action.id, run=run)
    assert "nothing left to take back" in night.report.reason


def test_a_claim_that_calls_itself_a_task_is_no_task() -> None:
    outsider = Trouble("web-1", "task.run:rotate_logs", disk_full_on("web-1").world, None, "claim:ops")
    night = Night(outsider, skills=[rotate_logs()])
    assert night.report.ending is Ending.HANDED_OVER
    night.both(lambda play: play.say(AlertStatus.FIRING))
    assert night.host("web-1").effects == []
