"""Nobody's work is walked into, and what changed before stands on the card."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.approval import Answer, Verdict
from core.errors import UnavailableError
from core.incident import Ending
from core.inventory import Mode
from core.scene import HostEvent, Login, Mark, Scene
from tests.nights.night import Night, Play, disk_full_on
from tests.nights.remedies import ROTATED, rotate_logs
from tests.nights.test_modes import FIXED, remembered

LI = Login("li", "pts/0", idle=300.0)


def trusted_night() -> Night:
    """Memory may act alone here; the first trouble is over, and the next one is yet to come."""
    return Night(disk_full_on("web-1"), skills=[rotate_logs()], mode=Mode.AUTO, episodes=remembered(*FIXED))


def scene(night: Night) -> Scene | None:
    return night.both(lambda play: play.store.scenes.of(play.store.incidents.incidents(False, 1)[0].id))


def test_nobody_is_asked_while_nobody_is_there() -> None:
    night = trusted_night()
    assert (night.report.ending, night.report.decided_by) == (Ending.FIXED, ("policy",))


def test_somebody_on_the_box_turns_go_into_ask_and_is_named() -> None:
    night = trusted_night()
    night.both(lambda play: play.presence.set("web-1", LI))
    night.break_again()
    assert (night.asked.answer, night.asked.restraints) == (Answer.ASK1, ("li is logged in (pts/0, idle 5 min)",))
    assert night.host("web-1").files[ROTATED]
    night.answer(Verdict.APPROVED)
    assert (night.report.ending, night.report.decided_by) == (Ending.FIXED, ("li",))


def test_somebody_who_comes_after_the_yes_of_policy_is_asked_before_the_run() -> None:
    night = trusted_night()

    def someone_comes(play: Play) -> None:
        play.presence.set("web-1", LI)

    night.before("think again", someone_comes)
    night.break_again()
    assert night.asked.restraints == ("li is logged in (pts/0, idle 5 min)",)
    assert night.host("web-1").files[ROTATED], "nothing has run yet"
    night.answer(Verdict.APPROVED, by="bo")
    assert night.report.decided_by == ("bo",)


def test_a_yes_by_a_person_holds_whoever_comes_after_it() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.both(lambda play: play.presence.set("web-1", LI))
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.FIXED


def test_where_nobody_can_tell_who_is_there_a_person_is_asked() -> None:
    night = trusted_night()
    night.both(lambda play: play.presence.hide("web-1", UnavailableError("the line is dead")))
    night.break_again()
    assert night.asked.restraints == ("I cannot see who is logged in: the line is dead",)
    seen = scene(night)
    assert seen is not None
    assert seen.blind == "logins: the line is dead"


def test_what_changed_in_the_hour_before_is_kept_with_the_incident() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.answer(Verdict.APPROVED)

    def deploy(play: Play) -> None:
        now = play.store.clock.now()
        play.store.marks.add(Mark("ci:1", "web-1", "deploy api v2.3", "li", now))
        play.store.marks.add(Mark("ci:2", "db-1", "deploy of another host", "li", now))
        play.changes.add("web-1", HostEvent("config", "/etc/nginx/nginx.conf", now - timedelta(minutes=10)))
        play.changes.add("web-1", HostEvent("config", "/etc/hosts", now - timedelta(hours=3)))

    night.both(deploy)
    night.break_again()
    seen = scene(night)
    assert seen is not None
    assert [event.what for event in seen.changes] == ["deploy api v2.3", "/etc/nginx/nginx.conf"]


@pytest.mark.parametrize("seconds", [60, 3600])
def test_the_scene_is_the_first_look_however_often_the_incident_is_investigated(seconds: int) -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs("one"), rotate_logs("two")])
    before = scene(night)
    night.wait(seconds)
    night.both(lambda play: play.presence.set("web-1", LI))
    night.both(lambda play: play.decide(Verdict.PICKED, "li", "one"))
    night.settle()
    assert scene(night) == before
