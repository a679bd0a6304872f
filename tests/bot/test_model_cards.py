"""Cards of what a model proposed or asked: its words stand apart in quotes, what is decided by comes from typed data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import render, words_of
from bot.messages.screen import ROWS, rows_of
from core.approval import Answer, Verdict
from core.capability import PlannedEffect, Risk, Verb
from core.card import Card, CardKind
from core.incident import Ending
from core.origin import Origin, Value
from core.proposal import MODELS, Evidence, PlanStep, Proposal, Question, Tier
from tests.bot.open_night import OpenNight
from tests.bot.test_messages import GOLDEN, LANGUAGES, NOW, nouns_of, report_of
from tests.bot.test_phone_cards import LETTERS, SCENES, scene_of, shown

SAID = "WAL cannot be written | seen: /var is full | expects: room again"
THEN = (
    PlanStep(
        "start_service", (("service", "postgresql"),), "process.down:postgres", "it stopped when the disk was full"
    ),
    PlanStep("restart_service", (("service", "shop"),), "", "its pool holds dead connections"),
)


def plan_of(night: OpenNight) -> Proposal:
    """The first of three steps, with a value that only the model names."""
    days = ("days", Value(3, Origin.MODEL))
    known = tuple(pair for pair in night.proposal().parameters if pair[0] != "days")
    expects = "disk.used_percent:/var/log"
    return replace(night.proposal(), tier=Tier.BRAIN, words=SAID, expects=expects, then=THEN, parameters=(*known, days))


def planned(night: OpenNight, language: str) -> str:
    return shown(night, CardKind.PROPOSAL, night.ask(plan_of(night)), language, scene=scene_of(night))


def last_step(night: OpenNight, language: str) -> str:
    evidence = (Evidence("plan", "its step 2 is done: start_service"), *night.proposal().evidence)
    asked = replace(plan_of(night), step=3, then=(), evidence=evidence)
    return shown(night, CardKind.PROPOSAL, night.ask(asked), language)


def voted(night: OpenNight, language: str) -> str:
    asked = replace(night.proposal(), tier=Tier.CEREBELLUM)
    return shown(night, CardKind.PROPOSAL, night.ask(asked), language)


def asks_openly(night: OpenNight, language: str) -> str:
    return shown(night, CardKind.QUESTION, night.ask(question(night)), language, has_keys=True)


def asks_which(night: OpenNight, language: str) -> str:
    asked = question(night, "the primary", "the replica", "neither of them")
    return shown(night, CardKind.QUESTION, night.ask(asked), language, has_keys=True)


def answered(night: OpenNight, language: str) -> str:
    row = replace(night.ask(question(night)), verdict=Verdict.ANSWERED, by=("li",), why="the replica", decided=NOW)
    return shown(night, CardKind.DECIDED, row, language)


def misses_a_skill(night: OpenNight, language: str) -> str:
    full = report_of(night.store.incidents.load(night.incident), Ending.HANDED_OVER)
    wanted = "move the oldest WAL archives to another disk"
    bare = replace(full, actions=(), proof=(), tier=None, tried=(), decided_by=(), gap=wanted)
    report = replace(bare, reason="the brain hands over: “no skill of mine does that”")
    return render(Card("k", CardKind.REPORT, night.incident, night.incident), nouns_of(night, report=report), language)


def question(night: OpenNight, *options: str) -> Question:
    """What only a person knows."""
    seen = (Evidence("look_at_disk", "two databases write to it"),)
    return Question(
        night.incident, 1, "localhost", "Which of the two databases may be stopped for a minute?", options, seen
    )


CARDS: dict[str, Callable[[OpenNight, str], str]] = {
    card.__name__: card for card in (planned, last_step, voted, asks_openly, asks_which, answered, misses_a_skill)
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CARDS)
def test_a_card_reads_as_agreed_and_fits_a_phone(name: str, language: str) -> None:
    night = OpenNight()
    text = CARDS[name](night, language).replace(night.incident, "INCIDENT")
    assert text + "\n" == (GOLDEN / f"{name}.{language}.txt").read_text(encoding="utf-8")
    assert sum(map(rows_of, text.splitlines())) <= ROWS


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=25, deadline=None)
@given(
    scene=SCENES,
    text=LETTERS,
    tier=st.sampled_from(sorted(MODELS)),
    values=st.lists(LETTERS, min_size=1, max_size=8),
    steps=st.integers(0, 4),
)
def test_a_proposal_of_a_model_is_decided_by_what_is_typed_whatever_it_says(
    language: str, scene: object, text: str, tier: Tier, values: list[str], steps: int
) -> None:
    night = OpenNight()
    asked = replace(
        night.proposal(risk=Risk.HIGH),
        tier=tier,
        words=text,
        expects=text,
        then=(PlanStep(text, (), text, text),) * steps,
        step=2,
        parameters=tuple((f"p{n}", Value(value, Origin.MODEL)) for n, value in enumerate(values)),
        plan=tuple(PlannedEffect(Verb.FS_DELETE, f"/{value}", Risk.HIGH, is_reversible=False) for value in values),
        evidence=(Evidence(text, text),) * 2,
    )
    approval = night.ask(asked, Answer.ASK2)
    card = shown(night, CardKind.PROPOSAL, approval, language, scene=scene)
    lines, say = card.splitlines(), words_of(language).say
    assert sum(map(rows_of, lines)) <= ROWS
    assert lines[-1] == say("card.type", id=approval.id)
    assert say("card.risk", risk=say("risk.high"), undo=say("card.final")) in lines
    assert say("card.ask2", id=approval.id, host="localhost") in lines
    assert not any(line.startswith("[AAAAAA]") for line in lines)
    assert not set(card) & set("\x1b\u202e\u200b\u2028")
    assert "http" not in card.replace("hxxp", "")


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=25, deadline=None)
@given(scene=SCENES, text=LETTERS, options=st.lists(LETTERS, max_size=12), keys=st.booleans())
def test_a_question_fits_and_says_how_to_answer_whatever_a_model_asks(
    language: str, scene: object, text: str, options: list[str], keys: bool
) -> None:
    night = OpenNight()
    asked = Question(night.incident, 1, "localhost", text, tuple(options), (Evidence(text, text),) * 2)
    approval = night.ask(asked)
    card = shown(night, CardKind.QUESTION, approval, language, scene=scene, has_keys=keys)
    lines = card.splitlines()
    assert sum(map(rows_of, lines)) <= ROWS
    kind = {True: "options", False: "question"}[bool(options)]
    assert lines[-1] == words_of(language).say(f"card.type.{kind}", id=approval.id)
    assert [n for n in range(1, min(5, len(options)) + 1) if not any(x.startswith(f"{n}. ") for x in lines)] == []
    assert not set(card) & set("\x1b\u202e\u200b\u2028")
    assert "http" not in card.replace("hxxp", "")
