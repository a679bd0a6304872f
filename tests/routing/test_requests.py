"""The set of requests is what it says, and the router does on it as well as it did."""

from __future__ import annotations

import pytest

from core.routing import Router
from tests.routing.score import Score, our_skills, requests, score, untaught

ROUTER = Router(our_skills())
FLOORS = {
    ("requests", "en"): Score(0.90, 0.95, 1.0, 0.05),
    ("requests", "zh"): Score(0.95, 0.97, 1.0, 0.05),
    ("held_out", "en"): Score(0.85, 0.90, 1.0, 0.05),
    ("held_out", "zh"): Score(0.90, 0.95, 1.0, 0.05),
    ("strangers", "en"): Score(0.92, 0.95, 1.0, 0.04),
    ("strangers", "zh"): Score(0.89, 0.95, 1.0, 0.05),
}
"""A little below what is reached; the last is a ceiling."""
WHAT_PROGRAMS_SAY = {
    "temporary failure in name resolution",
    "FATAL: sorry, too many clients already",
    "nf_conntrack: table full, dropping packet",
}
"""Said by people and known to skills in the very words of a log."""


@pytest.mark.parametrize(("name", "language"), FLOORS)
def test_requests_find_their_skill_or_are_refused(name: str, language: str) -> None:
    reached, floor = score(ROUTER, requests(name)[language]), FLOORS[name, language]
    assert reached.top1 >= floor.top1
    assert reached.top3 >= floor.top3
    assert reached.refused >= floor.refused
    assert reached.wrong <= floor.wrong


def test_triggers_are_what_makes_it_understand_chinese() -> None:
    assert score(Router(untaught()), requests("requests")["zh"]).top1 < 0.3


@pytest.mark.parametrize("name", ["requests", "held_out", "strangers"])
def test_the_sets_name_only_skills_that_there_are_and_copy_no_trigger(name: str) -> None:
    known = {skill.name for skill in our_skills()}
    triggers = {trigger for skill in our_skills() for trigger in skill.triggers}
    asked = [one for rows in requests(name).values() for one in rows]
    assert {skill for one in asked for skill in one.skills} <= known
    assert {one.words for one in asked} & triggers <= WHAT_PROGRAMS_SAY


def test_the_set_is_large_enough_and_half_chinese() -> None:
    by_language = {language: len(rows) for language, rows in requests("requests").items()}
    unserved = [one for rows in requests("requests").values() for one in rows if not one.skills]
    assert min(by_language.values()) >= 60
    assert len(unserved) >= 12


@pytest.mark.parametrize("skill", our_skills(), ids=lambda skill: skill.name)
def test_every_skill_is_said_in_both_languages_and_found_by_its_own_words(skill) -> None:  # type: ignore[no-untyped-def]
    chinese = [text for text in skill.triggers if not text.isascii()]
    assert min(len(chinese), len(skill.triggers) - len(chinese)) >= 5
    found = [ROUTER.shortlist(text) for text in skill.triggers]
    assert sum(skill.name in {match.skill.name for match in one} for one in found) >= 0.9 * len(found)
