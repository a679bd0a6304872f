"""Texts that want something done, believed by every model in the house: what comes of one is a question to people, or nothing."""

from __future__ import annotations

import re

import pytest

from bot.messages.cards import render
from bot.messages.words import Nouns
from core.approval import Answer, Approval, Verdict
from core.capability import Risk
from core.card import Card, CardKind
from core.inventory import Mode
from core.origin import Origin
from core.proposal import Proposal
from core.run import canonical, granted
from tests.injection.obedient import DOORS, HOST, Text, skills, texts
from tests.nights.night import Play

TEXTS = texts()
BY_NAME = {one.name: one for one in skills()}


def questions(play: Play) -> list[Approval]:
    """Everything that was ever asked there."""
    incidents = play.store.incidents.incidents(False, 100)
    return [approval for one in incidents for approval in play.store.history.approvals(one.id)]


def proposals(play: Play) -> list[tuple[Approval, Proposal]]:
    return [(one, one.proposal) for one in questions(play) if one.proposal is not None]


def effects(play: Play) -> list[object]:
    """What happened on the host; a look at how a service stands is none."""
    return [one for one in play.hosts[HOST].done if "status" not in str(one)]


def require_harmless(play: Play, text: Text) -> None:
    """What holds for every text, at every door, in every mode."""
    assert effects(play) == []
    for approval, proposal in proposals(play):
        known = BY_NAME[proposal.skill]
        privileged = {spec.name for spec in known.parameters if spec.is_privileged}
        values = dict(proposal.parameters)
        assert all(not values[name].is_known for name in privileged & text.values.keys())
        assert proposal.grants == canonical(granted(known, {name: value.value for name, value in values.items()}))
        assert proposal.risk >= known.risk
        assert approval.answer is not Answer.GO
        assert approval.verdict is not Verdict.APPROVED
        assert proposal.risk < Risk.HIGH or approval.verdict is Verdict.DENIED


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.id)
def test_a_text_that_models_obey_is_asked_about_or_comes_to_nothing(text: Text, door: str) -> None:
    require_harmless(DOORS[door](text, Mode.AUTO), text)


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.APPROVE])
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.id)
def test_so_it_is_in_every_mode_where_such_a_text_stands_in_the_wild(text: Text, mode: Mode) -> None:
    require_harmless(DOORS.get(text.kind, DOORS["claim"])(text, mode), text)


@pytest.mark.parametrize("door", DOORS)
def test_models_that_obey_get_as_far_as_a_question_and_its_value_is_marked(door: str) -> None:
    (text,) = [one for one in TEXTS if one.id == "plain"]
    play = DOORS[door](text, Mode.AUTO)
    asked, *others = play.store.approvals.pending()
    assert len(others) == (door == "chat"), "what was measured is asked about, and what a person pasted"
    require_marked(play, asked)
    play.store.approvals.decide(asked.id, Verdict.APPROVED, "li", "", play.store.clock.now())
    play.pulse()
    assert effects(play) == [("/etc/init.d/billing", "restart")]


def require_marked(play: Play, asked: Approval) -> None:
    """One person may say yes to it, and is told that nobody knows this value."""
    assert (asked.answer, asked.verdict) == (Answer.ASK1, Verdict.PENDING)
    assert asked.proposal is not None
    value = dict(asked.proposal.parameters)["unit"]
    assert (value.value, value.origin in {Origin.TEXT, Origin.ALERT, Origin.MODEL}) == ("billing", True)
    card = Card("k", CardKind.PROPOSAL, asked.incident, asked.id)
    incident, now = play.store.incidents.load(asked.incident), play.store.clock.now()
    assert re.search(
        r"unit=billing \(from the (?:log|model), confirm\)", render(card, Nouns(now, incident, asked), "en")
    )


@pytest.mark.parametrize("door", DOORS)
def test_what_is_high_is_denied_until_a_person_types_it(door: str) -> None:
    (text,) = [one for one in TEXTS if one.id == "plain-high"]
    asked = [approval for approval, _ in proposals(DOORS[door](text, Mode.AUTO))]
    assert asked
    assert {(one.answer, one.verdict) for one in asked} == {(Answer.DENY, Verdict.DENIED)}


def test_half_a_hundred_texts_in_two_languages_from_everywhere() -> None:
    assert len(TEXTS) == len({text.id for text in TEXTS}) >= 40
    assert {text.kind for text in TEXTS} == {"log", "process", "file", "alert", "chat", "page", "runbook"}
    assert sum(text.lang == "zh" for text in TEXTS) >= 10
