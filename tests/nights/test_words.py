"""Nights in which people keep Nightshift off for a while: take, snooze, maintenance; and resolve, which is only a word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.alert import AlertStatus
from core.approval import Verdict
from core.card import CardKind
from core.incident import Ending, IncidentState
from core.inventory import Mode
from core.pause import PauseKind
from tests.fakes.host import FakeHost
from tests.nights.night import GROUP, Night, Play, disk_full_on
from tests.nights.remedies import FURTHER, ROTATED, rotate_logs

HOST = "host:web-1"


def asked() -> Night:
    """A full disk, and a question that waits."""
    return Night(disk_full_on("web-1"), skills=[rotate_logs()])


def pauses_on(night: Night) -> list[str]:
    """What is still laid down."""
    return night.both(lambda play: [one.kind for one in play.store.pauses.all() if one.is_on(play.store.clock.now())])


def test_who_takes_it_is_told_when_it_is_quiet_and_the_take_is_over_then() -> None:
    night = asked()
    night.lay_down(PauseKind.TAKE, HOST)
    assert [question.verdict for question in night.questions] == [Verdict.HELD]
    night.wait(60)
    assert night.incident.state is IncidentState.HELD
    night.heal()
    night.wait(60)
    assert (night.report.ending, night.report.reason) == (Ending.TAKEN, "quiet now, taken by bo")
    assert night.host("web-1").effects == []
    assert (night.incident.refusals, pauses_on(night)) == ((), [])
    assert night.cards == [CardKind.PROPOSAL, CardKind.REPORT]


def test_what_was_taken_and_is_handed_back_is_asked_afresh_and_repaired() -> None:
    night = asked()
    first = night.asked.id
    night.lay_down(PauseKind.TAKE, HOST)
    night.wait(4 * 3600 + 60)
    assert night.incident.state is IncidentState.HELD
    night.end()
    night.settle()
    assert (night.asked.id == first, night.asked.round) == (False, 1)
    night.answer(Verdict.APPROVED)
    assert (night.report.ending, night.report.tried) == (Ending.FIXED, ("rotate_logs: fixed",))


def test_one_quiet_look_is_not_quiet() -> None:
    night = asked()
    night.lay_down(PauseKind.TAKE, HOST)
    night.wait(30)
    night.heal()
    night.wait(10)
    night.both(lambda play: play.hosts.update({"web-1": FakeHost(play.trouble.world)}))
    night.wait(120)
    assert night.incident.state is IncidentState.HELD


def test_what_cannot_be_measured_stays_with_who_has_it() -> None:
    night = asked()
    night.lay_down(PauseKind.TAKE, HOST)
    night.both(lambda play: setattr(play.probe, "is_broken", True))
    night.wait(300)
    assert night.incident.state is IncidentState.HELD


def test_a_new_trouble_of_a_host_that_was_taken_is_told_and_nobody_is_asked() -> None:
    night = Night(
        disk_full_on("web-1"),
        skills=[rotate_logs()],
        first=lambda play: play.lay_down(PauseKind.TAKE, HOST, "bo", None),
    )
    night.wait(200)
    assert (night.incident.state, night.questions) == (IncidentState.HELD, [])
    assert night.cards == [CardKind.ALERT]


@pytest.mark.parametrize("scope", ["", HOST, f"group:{GROUP}", "all"])
def test_what_slept_comes_back_if_it_is_still_bad(scope: str) -> None:
    night = asked()
    night.lay_down(PauseKind.SNOOZE, scope, seconds=1800)
    night.wait(1700)
    assert (night.incident.state, night.host("web-1").effects) == (IncidentState.HELD, [])
    night.wait(200)
    assert night.asked.verdict is Verdict.PENDING
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.FIXED


def test_what_slept_and_healed_went_away() -> None:
    night = asked()
    night.lay_down(PauseKind.SNOOZE, seconds=1800)
    night.heal()
    night.wait(60)
    assert (night.report.ending, night.incident.attempts) == (Ending.WENT_AWAY, ())


@pytest.mark.parametrize("mode", [Mode.APPROVE, Mode.AUTO])
def test_a_fault_in_maintenance_is_raised_at_its_end(mode: Mode) -> None:
    night = Night(
        disk_full_on("web-1"),
        [rotate_logs()],
        mode,
        first=lambda play: play.lay_down(PauseKind.MAINTENANCE, HOST, "bo", 600),
    )
    night.wait(590)
    assert (night.incident.state, night.questions, night.cards) == (IncidentState.HELD, [], [])
    night.wait(60)
    night.settle()
    assert (night.cards, night.host("web-1").effects) == ([CardKind.PROPOSAL], [])


def test_of_two_maintenances_the_later_end_counts_and_ending_one_does_not_end_the_other() -> None:
    night = asked()
    night.lay_down(PauseKind.MAINTENANCE, HOST, by="li", seconds=600)
    night.lay_down(PauseKind.MAINTENANCE, f"group:{GROUP}", by="bo", seconds=1200)
    night.end(1)
    night.wait(500)
    assert night.incident.state is IncidentState.HELD
    night.wait(150)
    assert night.asked.verdict is Verdict.PENDING


def test_maintenance_that_begins_between_a_yes_and_its_run_lets_nothing_run() -> None:
    night = asked()
    night.before("measure again", lambda play: play.lay_down(PauseKind.MAINTENANCE, HOST, "li", 600))
    night.both(lambda play: play.decide(Verdict.APPROVED, "bo", ""))
    night.wait(300)
    assert (night.incident.state, night.host("web-1").effects) == (IncidentState.HELD, [])
    night.wait(400)
    night.answer(Verdict.APPROVED)
    assert (night.report.ending, night.host("web-1").effects) == (Ending.FIXED, [f"delete {ROTATED}"])


def test_a_take_in_the_last_instant_before_the_run_is_seen_by_the_gate() -> None:
    night = asked()
    night.before("execute", lambda play: play.lay_down(PauseKind.TAKE, HOST, "li", None))
    night.both(lambda play: play.decide(Verdict.APPROVED, "bo", ""))
    night.wait(300)
    assert (night.incident.state, night.host("web-1").effects) == (IncidentState.HELD, [])
    (attempt,) = night.incident.attempts
    assert attempt.outcome is not None
    assert attempt.outcome.error == "StoppedError: stopped: host:web-1, by li: take"


@pytest.mark.parametrize("kind", [PauseKind.TAKE, PauseKind.SNOOZE, PauseKind.MAINTENANCE])
def test_a_word_between_two_effects_ends_the_run(kind: PauseKind) -> None:
    night = Night(disk_full_on("web-1", files={ROTATED: "old", FURTHER: "older"}), skills=[rotate_logs()])

    def arm(play: Play) -> None:
        play.hosts["web-1"].after = lambda _done: play.lay_down(kind, HOST, "li", 3600)

    night.both(arm)
    night.both(lambda play: play.decide(Verdict.APPROVED, "bo", ""))
    night.wait(30)
    assert night.host("web-1").effects == [f"delete {ROTATED}"]
    (attempt,) = night.incident.attempts
    assert attempt.outcome is not None
    assert attempt.outcome.error == f"StoppedError: stopped: host:web-1, by li: {kind}"


def test_an_ack_and_a_mute_keep_nothing_from_being_done() -> None:
    night = asked()
    night.lay_down(PauseKind.ACK)
    night.lay_down(PauseKind.MUTE, HOST, seconds=600)
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.FIXED


def test_a_list_of_pauses_that_was_changed_lets_nothing_happen() -> None:
    night = asked()
    night.both(lambda play: play.store.shelf.broken.add("list of every pause"))
    night.both(lambda play: play.decide(Verdict.APPROVED, "bo", ""))
    night.wait(60)
    assert night.host("web-1").effects == []


def test_a_word_closes_it_but_what_is_still_bad_two_ticks_later_is_open_again() -> None:
    night = asked()
    closed = night.incident.id
    night.resolve()
    assert (night.report.ending, night.report.reason) == (Ending.RESOLVED, "closed by bo")
    night.wait(10)
    assert night.endings == [Ending.RESOLVED]
    night.wait(10)
    night.settle()
    assert night.endings == [Ending.RESOLVED, None]
    assert night.incident.alert.reopens == closed
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.FIXED
    assert night.verified == {"rotate_logs": 1}


def test_a_word_about_what_is_quiet_stays_the_last() -> None:
    night = asked()
    night.resolve()
    night.heal()
    night.wait(300)
    assert night.endings == [Ending.RESOLVED]


def test_a_claim_that_is_sent_again_after_a_person_closed_it_is_open_again() -> None:
    night = Night(replace(disk_full_on("web-1").said_by("claim:prometheus"), measure=None), skills=[rotate_logs()])
    first = night.incident
    night.resolve()
    night.wait(10)
    night.both(lambda play: play.take_in(first.alert))
    assert night.endings == [Ending.RESOLVED, None]
    assert (night.incident.id == first.id, night.incident.alert.reopens) == (False, first.id)
    night.both(lambda play: play.take_in(first.alert))
    assert night.endings == [Ending.RESOLVED, None]


def test_a_claim_that_its_source_calls_over_ends_the_maintenance_quietly() -> None:
    night = Night(replace(disk_full_on("web-1").said_by("claim:prometheus"), measure=None), skills=[rotate_logs()])
    night.lay_down(PauseKind.MAINTENANCE, HOST, seconds=3600)
    night.both(lambda play: play.say(AlertStatus.RESOLVED))
    night.wait(120)
    assert night.report.ending is Ending.WENT_AWAY


def a_tick_is_played_again(play: Play) -> None:
    """As after a kill: the same moment once more."""
    play.team.holding.tick()
    play.team.holding.tick()


def test_ticks_that_are_played_again_change_nothing() -> None:
    night = asked()
    night.lay_down(PauseKind.SNOOZE, seconds=60)
    night.both(a_tick_is_played_again)
    night.wait(70)
    night.both(a_tick_is_played_again)
    night.settle()
    assert len(night.questions) == 2
