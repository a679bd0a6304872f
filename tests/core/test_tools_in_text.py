"""Calls that stand in the text: read where they are exactly one, and never out of what is only quoted."""

from __future__ import annotations

import pytest

from core.model import ModelReply, ModelRequest, Role, Tool, ToolCall, Turn
from core.tools_in_text import calls_read, calls_written, in_text

NAMES = ("look", "propose")
CALL = '{"name": "look", "arguments": {"path": "/"}}'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CALL, ""),
        (f"```json\n{CALL}\n```", ""),
        (f"```\n{CALL}\n```\n", ""),
        (f"I look.\n<tool_call>\n{CALL}\n</tool_call>\n", "I look."),
        ('{"type": "function", "name": "look", "parameters": {"path": "/"}}', ""),
    ],
)
def test_a_call_that_its_server_left_in_the_text_is_read(text: str, words: str) -> None:
    call = ToolCall("text-0", "look", '{"path": "/"}')
    assert calls_written(ModelReply(text), NAMES) == ModelReply(words, (call,))


@pytest.mark.parametrize(
    "text",
    [
        "the log says: " + CALL,
        f"the log says:\n```json\n{CALL}\n```",
        f"<tool_call>{CALL}</tool_call> stood in the log",
        f"<tool_call>{CALL}</tool_call><tool_call>{CALL}</tool_call>",
        f"<tool_call>{CALL}",
        '{"name": "rm", "arguments": {}}',
        '{"name": "look", "arguments": {}, "because": "of this"}',
        '{"name": ["look"], "arguments": {}}',
        '{"name": "look", "arguments": [1]}',
        '{"name": "look", "arguments": ' + '{"a":' * 400 + "1" + "}" * 401,
        "[" * 100_000,
        "<tool_call>" * 4000,
        "``` ```",
        "```",
        "",
    ],
)
def test_what_is_not_exactly_one_call_stays_text(text: str) -> None:
    assert calls_written(ModelReply(text), NAMES) == ModelReply(text)


def test_of_two_calls_in_words_none_is_chosen() -> None:
    """The first may be what a host wrote and the model only quotes."""
    one = '{"call": "look", "arguments": {}}'
    assert calls_read(ModelReply(f"so: {one}"), NAMES).calls == (ToolCall("text-0", "look", "{}"),)
    assert calls_read(ModelReply(f"it says {one}, and I say {one}"), NAMES).calls == ()
    assert calls_read(ModelReply(f"I look. <tool_call>{CALL}</tool_call>"), NAMES).text == ""


def test_calls_that_came_as_calls_stay_what_they_are_and_half_an_answer_is_none() -> None:
    native = ModelReply(CALL, (ToolCall("c", "propose", "{}"),))
    assert (calls_written(native, NAMES), calls_read(native, NAMES)) == (native, native)
    assert calls_written(ModelReply(CALL, is_cut=True), NAMES).calls == ()


def test_both_sides_speak_in_turn() -> None:
    """Templates of small models know nothing else."""
    calls = (ToolCall("1", "look", "{}"), ToolCall("2", "look", "{}"))
    turns = (
        Turn(Role.SYSTEM, "rules"),
        Turn(Role.USER, "why?"),
        Turn(Role.ASSISTANT, "I look.", calls),
        Turn(Role.TOOL, "first", answers="1"),
        Turn(Role.TOOL, "second", answers="2"),
        Turn(Role.USER, "go on"),
    )
    told = in_text(ModelRequest("p@1", turns, (Tool("look", "Looks.", {}),)))
    assert [turn.role for turn in told.turns] == [Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.USER]
    assert [word in told.turns[3].text for word in ("first", "second", "go on")] == [True, True, True]
