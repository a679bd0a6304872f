"""Questions about the night and about Nightshift itself: answered by the views there are, in both languages, and by no model."""

from __future__ import annotations

import pytest

from bot.minds import Minds
from bot.own_questions import Topic, topic_of
from core.errors import ModelError
from tests.bot.talks import Talks
from tests.fakes.brain import FakeBrain


@pytest.mark.parametrize(
    ("words", "topic"),
    [
        ("what happened last night?", Topic.NIGHT),
        ("How was the night?", Topic.NIGHT),
        ("what did you do while I was asleep", Topic.NIGHT),
        ("what did I miss?", Topic.NIGHT),
        ("how much did the brain cost today?", Topic.NIGHT),
        ("昨晚发生了什么？", Topic.NIGHT),
        ("昨晚有什么情况吗", Topic.NIGHT),
        ("昨晚你做了什么", Topic.NIGHT),
        ("花了多少钱", Topic.NIGHT),
        ("why was I woken?", Topic.WOKEN),
        ("why did you wake me up last night", Topic.WOKEN),
        ("what woke me?", Topic.WOKEN),
        ("为什么叫醒我？", Topic.WOKEN),
        ("昨晚为什么叫我", Topic.WOKEN),
        ("what's going on right now?", Topic.OPEN),
        ("is everything ok?", Topic.OPEN),
        ("现在有什么问题吗？", Topic.OPEN),
        ("what is waiting for me?", Topic.WAITING),
        ("有什么要我批准的吗", Topic.WAITING),
        ("hey, what can you do?", Topic.ABLE),
        ("who are you?", Topic.ABLE),
        ("你会什么", Topic.ABLE),
        ("你能做什么？", Topic.ABLE),
        ("who may approve?", Topic.APPROVERS),
        ("谁能批准？", Topic.APPROVERS),
        ("what happened to nginx last night?", None),
        ("昨晚 nginx 发生了什么", None),
        ("what can you do about the disk?", None),
        ("is everything ok on web-1?", None),
        ("why was nginx restarted?", None),
        ("who may approve this flight to Berlin", None),
    ],
)
def test_only_words_that_wholly_ask_about_it_are_taken_for_it(words: str, topic: Topic | None) -> None:
    assert topic_of(words) is topic


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("what happened last night?", "digest"),
        ("昨晚发生了什么", "digest"),
        ("is everything ok?", "status"),
        ("what is waiting for me?", "approvals"),
        ("why was I woken?", "digest"),
    ],
)
def test_what_has_a_view_is_answered_by_it(words: str, command: str) -> None:
    talks = Talks()
    assert talks.say(words).text == talks.say(command).text


def test_who_asks_why_they_were_woken_gets_the_last_alarm_and_not_a_wish_of_their_own() -> None:
    talks = Talks()
    opened = talks.say("alert load.per_core host=web-1 value=9")
    talks.store.clock.advance(60)
    talks.say("restart nginx on web-1")
    assert talks.say("why was I woken?").text == talks.say(f"why {opened.incident}").text


def test_what_it_can_do_is_said_with_its_hosts_and_skills() -> None:
    english, chinese = Talks().say("what can you do?").text, Talks("zh").say("你会什么？").text
    assert "I watch web-1, db-1." in english
    assert "4 ways to look and 4 repairs" in english
    assert "4 种查看、4 种修复" in chinese


def test_who_may_approve_is_said_by_name_role_and_place() -> None:
    answer = Talks().say("who may approve?").text
    assert "li: approver, all hosts" in answer
    assert "re:" not in answer
    assert "vi:" not in answer


def test_no_model_is_asked_for_it() -> None:
    brain = FakeBrain(ModelError("nobody may be asked"))
    answer = Talks(minds=Minds(brain=brain)).say("what happened last night?")
    assert (answer.ok, brain.asked) == (True, [])


def test_whoever_may_not_see_anything_is_told_nothing() -> None:
    answer = Talks().say("who may approve?", by="slack:U9", channel="slack")
    assert not answer.ok
    assert "li" not in answer.text.split()


def test_programs_get_the_rows_behind_the_view() -> None:
    data = Talks().say("is everything ok?").data
    assert isinstance(data, dict)
    assert (data["kind"], data["about"]) == ("view", "open")
    assert data["view"]["modes"] == {"web-1": "approve", "db-1": "approve"}
