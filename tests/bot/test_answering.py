"""Answers to what a model asks: in free words, by number, in the incident's thread; and what is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.commands import Command, Verb, parse
from core.approval import MOST_ANSWERED, Approval
from core.message import Message
from core.proposal import Evidence, PlanStep, Question, Tier
from tests.bot.open_night import OpenNight

OPTIONS = ("the primary", "the replica")


def ask(night: OpenNight, *options: str) -> Approval:
    """A question of the brain."""
    seen = (Evidence("look_at_disk", "two databases write to it"),)
    return night.ask(Question(night.incident, 1, "localhost", "Which one may be stopped?", options, seen))


def words_of(night: OpenNight, asked: Approval) -> tuple[str, str]:
    """How it stands, and in which words it was answered."""
    row = night.store.approvals.load(asked.id)
    return str(row.verdict), row.why


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("answer K7Q2MD the replica", Command(Verb.ANSWER, "K7Q2MD", "the replica")),
        ("answer K7Q2MD no, stop the replica first", Command(Verb.ANSWER, "K7Q2MD", "no, stop the replica first")),
        ("回答 K7Q2MD 用从库", Command(Verb.ANSWER, "K7Q2MD", "用从库")),
        ("回答K7Q2MD 用从库", Command(Verb.ANSWER, "K7Q2MD", "用从库")),
        ("回答 用从库", Command(Verb.ANSWER, "", "用从库")),
        ("answer #K7Q2MD 2", Command(Verb.ANSWER, "K7Q2MD", "2")),
        ("answer K7Q2MD", Command(Verb.ANSWER, "K7Q2MD", "")),
    ],
)
def test_an_answer_is_an_id_and_words(typed: str, command: Command) -> None:
    assert parse(typed) == command


def test_the_words_are_kept_as_typed_and_said_back() -> None:
    night = OpenNight()
    asked = ask(night)
    answer = night.say(f"answer {asked.id} the replica,\tbut not before 4")
    assert (answer.ok, answer.incident) == (True, night.incident)
    assert "“the replica, but not before 4”" in answer.text
    assert words_of(night, asked) == ("answered", "the replica, but not before 4")
    assert night.store.approvals.load(asked.id).by == (night.desk._roster.name("os:1000"),)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("pick {id} 2", "the replica"),
        ("answer {id} 2", "the replica"),
        ("选 {id} 1", "the primary"),
        ("answer {id} 2 of them", "2 of them"),
    ],
)
def test_a_number_is_the_option_behind_it(typed: str, why: str) -> None:
    night = OpenNight()
    asked = ask(night, *OPTIONS)
    assert night.say(typed.format(id=asked.id)).ok
    assert words_of(night, asked) == ("answered", why)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("approve {id}", "is a question"),
        ("yes {id}", "is a question"),
        ("answer {id}", "needs words"),
        ("answer {id} \u200b\u202e", "needs words"),
        ("pick {id} 3", "choices 1 to 2"),
        ("answer {id} 99999999999999999999", "choices 1 to 2"),
        ("answer ZZZZZZ the replica", "No open question"),
    ],
)
def test_what_is_no_answer_changes_nothing(typed: str, said: str) -> None:
    night = OpenNight()
    asked = ask(night, *OPTIONS)
    answer = night.say(typed.format(id=asked.id))
    assert (answer.ok, said in answer.text) == (False, True), answer.text
    assert words_of(night, asked) == ("pending", "")


def test_a_question_without_options_has_no_number_to_pick() -> None:
    night = OpenNight()
    asked = ask(night)
    assert "is a question" in night.say(f"pick {asked.id} 1").text
    night.say(f"answer {asked.id} 3")
    assert words_of(night, asked) == ("answered", "3")


def test_a_proposal_and_choices_are_not_answered() -> None:
    night = OpenNight()
    proposal, choices = night.ask(), night.offer()
    assert "is no question" in night.say(f"answer {proposal.id} yes").text
    assert "pick" in night.say(f"answer {choices.id} yes").text
    assert (night.verdict(proposal), night.verdict(choices)) == ("pending", "pending")


@pytest.mark.parametrize(
    ("by", "channel", "verdict"),
    [("slack:U2", "slack", "pending"), ("slack:U9", "slack", "pending"), ("slack:U1", "slack", "answered")],
)
def test_who_may_not_ask_for_a_repair_may_not_steer_one(by: str, channel: str, verdict: str) -> None:
    night = OpenNight()
    asked = ask(night)
    night.say(f"answer {asked.id} the replica", by, channel)
    assert night.verdict(asked) == verdict


def test_the_first_answer_stands_and_the_same_one_again_is_the_same() -> None:
    night = OpenNight()
    asked = ask(night)
    night.say(f"answer {asked.id} the replica", "slack:U1", "slack")
    late = night.say(f"answer {asked.id} the primary")
    assert "answered by li already" in late.text
    assert words_of(night, asked) == ("answered", "the replica")


def test_while_it_is_stopped_nothing_is_answered() -> None:
    night = OpenNight()
    asked = ask(night)
    night.say("stop")
    assert not night.say(f"answer {asked.id} the replica").ok
    assert night.verdict(asked) == "pending"


def test_a_long_answer_is_cut_and_a_hostile_one_is_only_quoted() -> None:
    night = OpenNight()
    asked = ask(night)
    said = night.say(f"answer {asked.id} \x1b[31m” approve all @here https://evil.example/ {'x' * 900}")
    verdict, why = words_of(night, asked)
    assert (verdict, len(why)) == ("answered", MOST_ANSWERED)
    assert not set(why + said.text) & set("\x1b\u202e")
    assert "https://" not in said.text
    assert said.text.count("”") == 1


def test_free_words_in_its_thread_are_an_answer_only_while_it_is_open() -> None:
    night = OpenNight()
    deciding, now = night.desk._deciding, night.store.clock.now()
    here = Message("m1", "slack", "slack:U1", "the replica", night.incident, now)
    assert deciding.answer_in_thread(here) is None
    asked = ask(night)
    assert deciding.answer_in_thread(Message("m2", "slack", "slack:U1", "the replica", "another", now)) is None
    assert deciding.answer_in_thread(Message("m3", "slack", "slack:U1", "the replica", "", now)) is None
    answered = deciding.answer_in_thread(here)
    assert answered is not None
    assert answered.ok
    assert words_of(night, asked) == ("answered", "the replica")
    assert deciding.answer_in_thread(here) is None


def test_why_tells_the_question_and_the_answer() -> None:
    night = OpenNight()
    asked = ask(night, *OPTIONS)
    night.say(f"answer {asked.id} 2", "slack:U1", "slack")
    told = night.say(f"why {night.incident}").text
    assert "Round 1: asked “Which one may be stopped?”" in told
    assert "  option 2: “the replica”" in told
    assert "  answered by li" in told
    assert "  answer: “the replica”" in told


def test_why_tells_all_that_a_model_said_and_the_plan_as_it_was() -> None:
    night = OpenNight()
    then = (PlanStep("start_service", (), "process.down:postgresql", "it stopped when the disk was full"),)
    long = "it is full because " + "of logs and logs " * 30
    made = night.proposal()
    night.ask(replace(made, tier=Tier.BRAIN, words=long, then=then))
    told = night.say(f"why {night.incident}").text
    assert "chosen by the brain" in told
    assert f"its words: “{long.strip()}”" in told
    assert "  step 1 of 2" in told
    assert "  then: “start_service”: “it stopped when the disk was full”" in told


def test_an_open_question_is_listed_and_has_no_plan() -> None:
    night = OpenNight()
    asked = ask(night)
    assert "answer a question" in night.say("approvals").text
    assert "a plan is made from your answer" in night.say(f"plan {asked.id}").text
