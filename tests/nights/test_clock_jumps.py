"""Nights in which somebody sets the clock: nobody is left asleep, nobody is woken every second, and nothing acts under an old yes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.messages import words_of
from core.alert import Severity
from core.approval import Verdict
from core.card import CardKind
from core.incident import Ending, IncidentState
from core.pause import PauseKind
from core.storm import LIMIT
from tests.fakes.host import FakeHost
from tests.nights.fleet import Fleet
from tests.nights.night import Night, Play, disk_full_on
from tests.nights.remedies import rotate_logs

MINUTE, HOUR = 60, 3600
BACK = -5 * HOUR
SEVERE = replace(disk_full_on("web-1"), severity=Severity.PAGE)
LADDER = ("li", "bo")


def jump(night: Night, seconds: float) -> None:
    """Somebody sets the clock."""
    night.both(lambda play: play.store.clock.advance(seconds))


def set_back(play: Play) -> None:
    play.store.clock.advance(BACK)


def people(night: Night) -> list[str]:
    return [person for _, person in night.woken]


# ---- who is woken -------------------------------------------------------------------------------------------------------------------


def test_set_back_after_a_page_the_ladder_goes_on_and_is_not_climbed_every_second() -> None:
    night = Night(SEVERE, skills=[rotate_logs()], ladder=LADDER)
    assert people(night) == ["li"]
    jump(night, BACK)
    night.wait(11 * MINUTE)
    assert people(night) == ["li", "bo", "li", "bo"]


def test_an_answer_under_the_new_time_lets_the_others_sleep() -> None:
    night = Night(SEVERE, skills=[rotate_logs()], ladder=LADDER)
    jump(night, BACK)
    night.lay_down(PauseKind.ACK)
    night.wait(HOUR)
    assert people(night) == ["li"]


@pytest.mark.parametrize("seconds", [-2, -30, BACK])
def test_set_back_before_anybody_was_woken_wakes_one_person_after_the_other(seconds: int) -> None:
    night = Night(replace(SEVERE, lasting=60.0), skills=[rotate_logs()], ladder=LADDER)
    night.wait(70)
    woken = people(night)
    jump(night, seconds)
    night.wait(4 * MINUTE)
    assert 1 <= len(people(night)) <= len(woken) + 1


def test_a_question_that_was_asked_before_the_clock_was_set_back_wakes_somebody_at_once_and_not_in_hours() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()], ladder=LADDER)
    jump(night, BACK)
    night.wait(6 * MINUTE)
    assert people(night) == ["li", "bo"]


def test_what_was_handed_over_before_it_is_told_to_one_after_the_other() -> None:
    night = Night(disk_full_on("web-1"), ladder=LADDER)
    assert night.report.ending is Ending.HANDED_OVER
    jump(night, BACK)
    night.wait(6 * MINUTE)
    assert 1 <= len(people(night)) <= 3


# ---- what was asked and repaired ----------------------------------------------------------------------------------------------------


def test_a_repair_under_way_is_judged_though_the_clock_was_set_back() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.before("watch", set_back)
    night.answer(Verdict.APPROVED)
    night.wait(10 * MINUTE)
    assert night.report.ending is Ending.FIXED


def test_and_one_that_was_being_judged_when_it_was_set_back_is_judged_on() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])

    def judged_while_set_back(play: Play) -> None:
        play.decide(Verdict.APPROVED, "li", "")
        play.pulse()
        assert play.store.incidents.incidents(True, 1)[0].state is IncidentState.WATCHING
        play.store.clock.advance(BACK)

    night.both(judged_while_set_back)
    night.wait(10 * MINUTE)
    assert night.report.ending is Ending.FIXED


def test_a_yes_of_before_does_nothing_after_it() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.before("execute", set_back)
    night.answer(Verdict.APPROVED)
    assert night.host("web-1").effects == []
    assert night.report.tried == ("rotate_logs: failed (its yes did not hold any more)",)
    assert words_of("zh").tried(night.report.tried[0]).endswith("(之前的同意已失效)")


def test_a_jump_ahead_ends_a_question_and_says_why() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    jump(night, 5 * HOUR)
    night.wait(MINUTE)
    assert night.questions[0].verdict is Verdict.EXPIRED
    assert "nobody answered in time" in night.report.reason or night.report.ending is Ending.EXPIRED
    assert night.host("web-1").effects == []


# ---- pauses and storms --------------------------------------------------------------------------------------------------------------


def test_a_jump_ahead_ends_a_snooze_and_what_is_still_bad_is_asked_about() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.lay_down(PauseKind.SNOOZE, seconds=2 * HOUR)
    night.wait(MINUTE)
    assert night.incident.state is IncidentState.HELD
    jump(night, 3 * HOUR)
    night.wait(MINUTE)
    assert night.asked.proposal is not None


def test_set_back_during_a_snooze_nothing_is_done_and_it_is_looked_at() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.lay_down(PauseKind.SNOOZE, seconds=2 * HOUR)
    jump(night, BACK)
    night.wait(5 * MINUTE)
    assert night.incident.state is IncidentState.HELD
    night.heal()
    night.wait(5 * MINUTE)
    assert night.report.ending is Ending.WENT_AWAY


def test_a_storm_ends_though_the_clock_was_set_back() -> None:
    names = [f"web-{n}" for n in range(LIMIT + 1)]
    fleet = Fleet(dict.fromkeys(names, ()), skills=[rotate_logs()])
    fleet.fill(*names)
    fleet.pulse()
    fleet.store.clock.advance(BACK)
    fleet.wait(2 * MINUTE)
    fleet.machines.update({host: FakeHost({}) for host in names[1:]})
    fleet.wait(8 * MINUTE)
    assert fleet.store.storms.running() == ()
    assert CardKind.STORM in fleet.kinds()


def test_alarms_of_a_time_that_is_not_yet_are_no_storm_now() -> None:
    names = [f"web-{n}" for n in range(LIMIT + 1)]
    fleet = Fleet(dict.fromkeys(names, ()), skills=[rotate_logs()])
    for host in names[1:]:
        fleet.fill(host)
        fleet.wait(10 * MINUTE, 10 * MINUTE)
    fleet.store.clock.advance(BACK)
    fleet.fill(names[0])
    fleet.wait(MINUTE)
    assert fleet.store.storms.running() == ()
