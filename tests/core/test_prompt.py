"""Prompts: versioned, filled by name, and never changed under the same version."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import core
from core.errors import InvalidError
from core.prompt import Prompt, prompt

PROMPTS = Path(core.__file__).parent / "prompts"
LOCK = Path(__file__).with_name("prompts.lock")
NAMES = sorted(path.stem for path in PROMPTS.glob("*.md"))


def locked(name: str) -> str:
    """One line of the lock: the id that every call is kept with, and the text that it means."""
    one = prompt(name)
    return f"{one.id} {hashlib.sha256(one.text.encode()).hexdigest()}"


def test_a_text_is_never_changed_under_the_same_version() -> None:
    """Where this fails: raise the version in the prompt's first line, and put the new line in place of the old one."""
    assert [locked(name) for name in NAMES] == LOCK.read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_every_prompt_has_a_version_and_a_text(name: str) -> None:
    assert prompt(name).version >= 1
    assert prompt(name).text


def test_what_stands_in_a_value_is_never_filled_again() -> None:
    text = Prompt("x", 1, "{{a}} and {{b}}").filled(a="{{b}}", b="{{a}}")
    assert text == "{{b}} and {{a}}"


@pytest.mark.parametrize("values", [{}, {"a": "1"}, {"a": "1", "b": "2", "c": "3"}])
def test_a_prompt_is_filled_whole_or_not_at_all(values: dict[str, str]) -> None:
    with pytest.raises(InvalidError, match="has the places a, b"):
        Prompt("x", 1, "{{a}} and {{b}}").filled(**values)
