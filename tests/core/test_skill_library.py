"""Libraries for skills: what the lock may say, what a header may declare, what the gate then lets through, what a yes binds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.errors import InvalidError
from core.skill_admission import question
from core.skill_catalog import parse_skill
from core.skill_library import read_libraries
from tests.core.skill_texts import FREE_LOGS

PATH = "skills/disk/free_logs.py"
ROW = {"version": "4.1", "modules": ["bs4"], "needs": ["soupsieve"], "sha256": "a" * 64}
OTHER = {"version": "2.0", "modules": ["soupsieve"], "needs": [], "sha256": "b" * 64}
LOCKED = read_libraries(json.dumps({"beautifulsoup4": ROW, "soupsieve": OTHER}))


def with_library(pin: str = "beautifulsoup4==4.1", line: str = "from bs4 import BeautifulSoup") -> str:
    text = FREE_LOGS.replace("# dependencies = []", f'# dependencies = ["{pin}"]')
    return text.replace("from core.skill import", f"{line}\nfrom core.skill import", 1)


def test_a_declared_library_brings_what_it_needs_and_becomes_part_of_who_the_skill_is() -> None:
    skill = parse_skill(PATH, with_library(), locked=LOCKED)
    assert [library.pin for library in skill.libraries] == ["beautifulsoup4==4.1", "soupsieve==2.0"]
    assert skill.identity != skill.sha256
    other = (skill.libraries[0], replace(skill.libraries[1], sha256="c" * 64))
    swapped = replace(skill, libraries=other)
    assert swapped.identity != skill.identity
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert question(swapped, (), now).digest != question(skill, (), now).digest


def test_who_declares_nothing_is_who_their_text_is() -> None:
    skill = parse_skill(PATH, FREE_LOGS, locked=LOCKED)
    assert (skill.libraries, skill.identity) == ((), skill.sha256)


@pytest.mark.parametrize(
    "pin",
    [
        "beautifulsoup4",
        "beautifulsoup4==4.2",
        "beautifulsoup4>=4.1",
        "bs4==4.1",
        "requests==2.0",
        "beautifulsoup4 @ file:///x",
    ],
)
def test_what_is_not_on_the_lock_word_for_word_is_refused(pin: str) -> None:
    with pytest.raises(InvalidError, match=r"is not in skills/deps\.lock; known: beautifulsoup4==4\.1"):
        parse_skill(PATH, with_library(pin), locked=LOCKED)


@pytest.mark.parametrize(
    "line", ["import soupsieve", "from bs4.builder import os", "import bs4.dammit", "from .bs4 import x"]
)
def test_the_gate_lets_through_what_was_declared_and_nothing_beside_it(line: str) -> None:
    with pytest.raises(InvalidError, match="is not among what a skill may import"):
        parse_skill(PATH, with_library(line=line), locked=LOCKED)


def test_a_library_on_the_lock_that_was_not_declared_is_not_imported() -> None:
    text = with_library().replace('"beautifulsoup4==4.1"', "")
    with pytest.raises(InvalidError, match="from bs4 import"):
        parse_skill(PATH, text, locked=LOCKED)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        json.dumps({"a": {**OTHER, "more": 1}}),
        json.dumps({"a": {**OTHER, "sha256": "b"}}),
        json.dumps({"a": {**OTHER, "modules": ["core"]}}),
        json.dumps({"a": {**OTHER, "modules": []}}),
        json.dumps({"a": {**OTHER, "modules": ["../x"]}}),
        json.dumps({"a": {**OTHER, "needs": "b"}}),
        json.dumps({"a": ROW}),
        json.dumps({"../a": OTHER}),
    ],
)
def test_a_lock_that_says_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match=r"deps\.lock"):
        read_libraries(text)
