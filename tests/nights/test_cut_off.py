"""Both chat channels are dead and nobody answers: who was paged, when, what was done, and what is told once they are back."""

from __future__ import annotations

from dataclasses import replace

from core.alert import Severity
from core.approval import Answer, Verdict
from core.card import Card, CardKind
from core.inventory import Mode
from core.lifesign import Lifesign
from core.page import PageReason
from tests.fakes.heartbeat import FakeHeartbeat
from tests.fakes.host import FakeHost
from tests.nights.night import Night, Play, disk_full_on
from tests.nights.remedies import rotate_logs
from tests.nights.test_modes import FIXED, remembered

MINUTE = 60
CHANNELS = ("slack", "wecom")


def go_dark(play: Play) -> None:
    play.is_cut_off = True


def could_say_nothing_for_a_while(play: Play) -> None:
    """Before anything breaks, something of yesterday cannot be told."""
    play.is_cut_off = True
    play.heal()
    play.store.outbox.post(Card("yesterday", CardKind.SELF, "", "", "good morning"), play.store.clock.now())
    play.wait(3 * MINUTE)
    play.hosts["web-1"] = FakeHost(play.trouble.world)


def come_back(play: Play) -> None:
    play.is_cut_off = False


def dark_night(severity: Severity = Severity.ASK) -> Night:
    trouble = replace(disk_full_on("web-1"), severity=severity)
    return Night(trouble, skills=[rotate_logs()], first=go_dark, ladder=("li", "bo"), channels=CHANNELS)


def reasons(play: Play) -> list[tuple[int, str, str]]:
    pages = play.store.pages.of(play.store.incidents.incidents(False, 1)[0].id)
    opened = play.store.incidents.incidents(False, 1)[0].opened
    return [(int((one.due - opened).total_seconds()) // MINUTE, one.reason.value, one.person) for one in pages]


def test_who_is_on_call_is_told_once_that_it_is_cut_off_and_the_ladder_goes_on_by_pager() -> None:
    night = dark_night()
    night.wait(26 * MINUTE)
    assert night.both(reasons) == [
        (2, PageReason.CUT_OFF.value, "li"),
        (20, PageReason.UNANSWERED.value, "li"),
        (25, PageReason.UNANSWERED.value, "bo"),
    ]
    assert night.both(lambda play: [card.kind for card in play.heard]) == []


def test_nothing_is_done_and_the_pages_are_in_the_journal() -> None:
    night = dark_night(Severity.PAGE)
    night.wait(5 * 3600)
    assert night.host("web-1").effects == []
    paged = night.both(lambda play: [row for row in play.store.shelf.audit if row.kind == "page"])
    assert {row.body["person"] for row in paged} == {"li", "bo"}
    assert len(paged) == len(night.both(lambda play: list(play.store.shelf.pages)))


def test_back_again_each_channel_gets_one_message_about_it_in_its_last_state() -> None:
    night = dark_night()
    night.wait(4 * 3600 + 10 * MINUTE)
    night.both(come_back)
    night.wait(10 * MINUTE)
    assert night.both(lambda play: [card.kind for card in play.heard]) == [CardKind.REPORT] * len(CHANNELS)


def test_a_question_that_is_still_open_then_is_shown_once_and_can_be_answered() -> None:
    night = dark_night()
    night.wait(15 * MINUTE)
    night.both(come_back)
    night.wait(6 * MINUTE)
    assert night.both(lambda play: [card.subject for card in play.heard]) == [night.asked.id] * len(CHANNELS)
    night.answer(Verdict.APPROVED)
    assert night.host("web-1").effects != []


def test_trust_alone_does_not_act_while_nobody_could_see_it_or_say_stop() -> None:
    trusted = Night(
        disk_full_on("web-1"),
        skills=[rotate_logs()],
        mode=Mode.AUTO,
        episodes=remembered(*FIXED),
        first=could_say_nothing_for_a_while,
        channels=CHANNELS,
    )
    assert (trusted.asked.answer, trusted.host("web-1").effects) == (Answer.ASK1, [])
    assert "cut off from every channel: only standing orders act" in trusted.asked.restraints


def test_no_beat_is_sent_once_the_watch_has_stopped() -> None:
    night = dark_night()
    (play, _) = night._plays
    heartbeat = FakeHeartbeat(play.store.clock)
    lifesign = Lifesign(heartbeat, play.store.ticks, play.store.outbox, play.store.clock, str)
    assert lifesign.beat(lambda: "")
    assert not lifesign.beat(lambda: ""), "one a minute"
    play.store.clock.advance(60)
    assert not lifesign.beat(lambda: "pulse")
    assert len(heartbeat.beats) == 1
