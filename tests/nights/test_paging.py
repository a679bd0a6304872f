"""Nights in which somebody must be woken: who, when, how often, and what lets them sleep again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.alert import Severity
from core.approval import Verdict
from core.card import CardKind
from core.incident import Ending
from core.inventory import Mode
from core.page import PageReason
from core.pause import PauseKind
from tests.nights.night import Night, Play, disk_full_on
from tests.nights.remedies import ROTATED, rotate_logs

SEVERE = replace(disk_full_on("web-1"), severity=Severity.PAGE)
LADDER = ("li", "bo")
MINUTE = 60


def severe_night() -> Night:
    return Night(SEVERE, skills=[rotate_logs()], ladder=LADDER)


def by_day(play: Play) -> None:
    play.store.clock.advance(9 * 3600)


def minutes(night: Night) -> list[tuple[int, str]]:
    return [(seconds // MINUTE, person) for seconds, person in night.woken]


def test_severity_1_wakes_who_is_on_call_at_once_and_goes_three_times_round_the_ladder() -> None:
    night = severe_night()
    assert night.woken == [(0, "li")]
    night.wait(29 * MINUTE)
    assert minutes(night) == [(0, "li"), (5, "bo"), (10, "li"), (15, "bo"), (20, "li"), (25, "bo")]


def test_then_everybody_is_woken_every_half_hour_and_not_for_ever() -> None:
    night = severe_night()
    night.wait(56 * MINUTE)
    assert [person for _, person in minutes(night)[6:]] == ["li", "bo"]
    night.wait(3 * 3600 + 2 * MINUTE)
    assert len(night.woken) == 6 + 2 * 7
    night.wait(20 * 3600)
    assert len(night.woken) <= 2 * (6 + 2 * 12)


def test_the_first_sixty_characters_say_host_trouble_and_what_is_wanted() -> None:
    night = severe_night()
    ((line, *_),) = [[line for _, _, line in play.pager.sent] for play in night._plays[:1]]
    assert "web-1" in line[:60]
    assert "97" in line[:60]


@pytest.mark.parametrize("kind", [PauseKind.ACK, PauseKind.TAKE, PauseKind.SNOOZE])
def test_any_word_of_a_person_lets_the_others_sleep(kind: PauseKind) -> None:
    night = severe_night()
    night.both(lambda play: play.lay_down(kind, "", "bo", 3600))
    night.wait(40 * MINUTE)
    assert night.woken == [(0, "li")]


@pytest.mark.parametrize("verdict", [Verdict.APPROVED, Verdict.REJECTED, Verdict.TAKEN])
def test_any_answer_lets_the_others_sleep(verdict: Verdict) -> None:
    night = severe_night()
    night.answer(verdict)
    night.wait(30 * MINUTE)
    assert night.woken == [(0, "li")]


def test_a_stop_there_is_an_answer_too() -> None:
    night = severe_night()
    night.stop("host:web-1")
    night.wait(20 * MINUTE)
    assert night.woken == [(0, "li")]


@pytest.mark.parametrize(("kind", "woken"), [(PauseKind.MAINTENANCE, 0), (PauseKind.MUTE, 1)])
def test_maintenance_is_silent_and_severity_1_comes_through_a_mute(kind: PauseKind, woken: int) -> None:
    night = Night(replace(SEVERE, lasting=60.0), skills=[rotate_logs()], ladder=LADDER)
    night.both(lambda play: play.lay_down(kind, "host:web-1", "bo", 3600))
    night.wait(4 * MINUTE)
    assert len(night.both(lambda play: play.pager.woken)) == woken


def test_what_sleeps_and_comes_back_wakes_people_anew() -> None:
    night = severe_night()
    night.both(lambda play: play.lay_down(PauseKind.SNOOZE, "", "bo", 600))
    night.wait(9 * MINUTE)
    assert len(night.woken) == 1
    night.wait(4 * MINUTE)
    assert [person for _, person in night.woken] == ["li", "li"]


def test_a_question_of_severity_2_is_shown_twice_more_and_wakes_somebody_after_twenty_minutes() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()], ladder=LADDER)
    night.wait(19 * MINUTE)
    assert (night.cards, night.woken) == ([CardKind.PROPOSAL, CardKind.REMINDER, CardKind.REMINDER], [])
    night.wait(8 * MINUTE)
    assert minutes(night) == [(20, "li"), (25, "bo")]


def test_severity_3_wakes_nobody() -> None:
    night = Night(replace(disk_full_on("web-1"), severity=Severity.DIGEST), skills=[rotate_logs()], ladder=LADDER)
    night.wait(5 * 3600)
    assert night.both(lambda play: play.pager.sent) == []


def test_who_cannot_be_reached_is_tried_three_times_then_the_next_is_woken_at_once_and_chat_says_so_once() -> None:
    night = Night(replace(SEVERE, lasting=60.0), skills=[rotate_logs()], ladder=LADDER)
    night.both(lambda play: play.pager.broken.update(li="HTTP 500"))
    night.wait(4 * MINUTE)
    assert night.both(lambda play: play.pager.woken) == ["bo"]
    notes = night.both(lambda play: [i.card.text for i in play.store.shelf.outbox.values() if "page" in i.card.text])
    assert notes == ["Could not page li: HTTP 500"]
    failed, reached = night.both(lambda play: list(play.store.shelf.pages.values()))
    assert (failed.tries, failed.has_arrived, reached.has_arrived) == (3, False, True)
    assert timedelta(seconds=60) <= reached.due - failed.due <= timedelta(seconds=90)


def test_killed_between_the_call_and_its_receipt_a_page_may_double_and_never_vanishes() -> None:
    night = severe_night()

    def forget(play: Play) -> None:
        (name,) = play.store.shelf.pages
        play.store.shelf.pages[name] = replace(play.store.shelf.pages[name], receipt=None)

    night.both(forget)
    night.wait(3 * MINUTE)
    assert [person for _, person in night.woken] == ["li", "li"]
    assert len(night.both(lambda play: list(play.store.shelf.pages))) == 1


def test_what_is_handed_over_in_the_night_with_nobody_having_answered_wakes_somebody() -> None:
    night = Night(disk_full_on("web-1"), ladder=LADDER)
    assert night.report.ending is Ending.HANDED_OVER
    night.wait(6 * MINUTE)
    assert minutes(night) == [(0, "li"), (5, "bo")]


def test_where_only_looking_is_allowed_a_question_that_policy_denied_wakes_nobody() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()], mode=Mode.OBSERVE, ladder=LADDER)
    night.wait(30 * MINUTE)
    assert night.report.ending is Ending.HANDED_OVER
    assert night.woken == []


def test_by_day_a_hand_over_is_read_in_chat() -> None:
    night = Night(disk_full_on("web-1"), ladder=LADDER, first=by_day)
    assert night.report.ending is Ending.HANDED_OVER
    night.wait(60 * MINUTE)
    assert night.woken == []


def test_what_a_person_said_no_to_wakes_nobody() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()], ladder=LADDER)
    night.answer(Verdict.REJECTED)
    night.wait(60 * MINUTE)
    assert night.woken == []


def test_a_repair_that_made_it_worse_wakes_people_though_one_had_said_yes() -> None:
    neighbour = {"process.down:billing": lambda host: float(not host.files.get(ROTATED))}
    night = Night(replace(disk_full_on("web-1"), others=neighbour), skills=[rotate_logs()], ladder=LADDER)
    night.answer(Verdict.APPROVED)
    assert night.endings[0] is Ending.WORSE
    night.wait(MINUTE)
    (page,) = night.both(lambda play: list(play.store.shelf.pages.values()))
    assert (page.reason, page.person) == (PageReason.WORSE, "li")
    night.both(lambda play: play.lay_down(PauseKind.ACK, f"incident:{page.incident}", "li", None))
    night.wait(15 * MINUTE)
    assert len(night.woken) == 1


def test_a_hand_over_right_after_a_page_about_the_same_waits_for_its_answer() -> None:
    night = Night(SEVERE, ladder=LADDER)
    night.wait(11 * MINUTE)
    assert minutes(night) == [(0, "li"), (5, "li"), (10, "bo")]
