"""The brain's answers: read strictly into typed data, or refused in a sentence with which it can be mended."""

from __future__ import annotations

import json

import pytest

from core.brain_answer import (
    FINAL_TOOLS,
    FINALS,
    MOST_STEPS,
    AskedPerson,
    BrainAnswer,
    GapReported,
    HandedOver,
    Proposed,
    answered,
)
from core.errors import AnswerError
from core.model import ToolCall
from core.proposal import PlanStep

STEP: dict[str, object] = {
    "skill": "restart_service",
    "parameters": {"unit": "nginx"},
    "expects": "it answers",
    "why": "dead",
}
WHOLE: dict[str, object] = {**STEP, "evidence": ["nginx is not running"]}


def call(name: str, arguments: object) -> ToolCall:
    """A call as a model writes it."""
    return ToolCall("c1", name, arguments if isinstance(arguments, str) else json.dumps(arguments))


def test_each_answer_has_a_tool_and_each_tool_an_answer() -> None:
    assert {tool.name for tool in FINAL_TOOLS} == FINALS
    assert all(tool.schema["additionalProperties"] is False for tool in FINAL_TOOLS)


def test_a_proposal_is_a_step_with_evidence() -> None:
    first = PlanStep("restart_service", (("unit", "nginx"),), "", "dead")
    assert answered(call("propose", WHOLE)) == Proposed(first, (), ("nginx is not running",), "it answers")


def test_what_is_expected_is_measured_where_it_is_a_signal() -> None:
    answer = answered(call("propose", {**WHOLE, "expects": "process.absent:nginx"}))
    assert isinstance(answer, Proposed)
    assert answer.wanted.expects == "process.absent:nginx"


def test_a_plan_has_steps_that_are_read_like_the_first() -> None:
    answer = answered(
        call("propose", {**WHOLE, "then": [{**STEP, "parameters": {"n": 3, "x": ["a"], "y": True, "z": 0.5}}]})
    )
    assert isinstance(answer, Proposed)
    assert answer.then[0].parameters == (("n", 3), ("x", ("a",)), ("y", True), ("z", 0.5))


@pytest.mark.parametrize(
    ("name", "arguments", "answer"),
    [
        ("report_gap", {"wanted": "grow a volume", "why": "full"}, GapReported("grow a volume", "full")),
        ("ask_person", {"question": "这台机器可以重启吗?"}, AskedPerson("这台机器可以重启吗?", ())),
        ("ask_person", {"question": "May it go?", "options": ["yes", "no"]}, AskedPerson("May it go?", ("yes", "no"))),
        ("hand_over", {"reason": "I do\n not  know"}, HandedOver("I do not know")),
    ],
)
def test_the_other_answers(name: str, arguments: object, answer: BrainAnswer) -> None:
    assert answered(call(name, arguments)) == answer


def test_its_words_are_cleaned() -> None:
    answer = answered(call("hand_over", {"reason": "\u202e@all password=hunter2 \x1b[31mred"}))
    assert answer == HandedOver("[at] all password=[hidden] red")


@pytest.mark.parametrize(
    ("name", "arguments", "why"),
    [
        ("propose", "It is fixed now.", "not valid JSON"),
        ("propose", '{"skill": "a"', "not valid JSON"),
        ("propose", {}, "evidence must have at least one line"),
        ("propose", {**WHOLE, "evidence": []}, "evidence must have at least one line"),
        ("propose", {**WHOLE, "evidence": "seen"}, "evidence must be a list"),
        ("propose", {**WHOLE, "evidence": [7]}, "evidence must be a text"),
        ("propose", {**WHOLE, "evidence": ["x"] * 7}, "a list of at most 6"),
        ("propose", {**WHOLE, "skill": ""}, "skill must not be empty"),
        ("propose", {**WHOLE, "skill": "rm -rf /"}, "must be the name of a skill"),
        ("propose", {**WHOLE, "skill": ["a"]}, "skill must be a text"),
        ("propose", {**WHOLE, "why": "x" * 601}, "at most 600 characters"),
        ("propose", {**WHOLE, "approved": True}, "no field 'approved'"),
        ("propose", {**WHOLE, "risk": "low", "tier": "person"}, "no field 'risk', 'tier'"),
        ("propose", {**WHOLE, "parameters": "unit=nginx"}, "parameters must be an object"),
        ("propose", {**WHOLE, "parameters": {"a": {"b": 1}}}, "a must be a text, a number"),
        ("propose", {**WHOLE, "parameters": {"a": 1 << 70}}, "a must be a text, a number"),
        ("propose", {**WHOLE, "parameters": {"a": ["x", 1]}}, "a must be a text, a number"),
        ("propose", {**WHOLE, "parameters": {"a": "x" * 1001}}, "a must be a text, a number"),
        ("propose", {**WHOLE, "parameters": {"A B": 1}}, "is not the name of a parameter"),
        ("propose", {**WHOLE, "parameters": {f"p{n}": n for n in range(21)}}, "at most 20 values"),
        ("propose", {**WHOLE, "then": [STEP] * (MOST_STEPS + 1)}, "a list of at most 4"),
        ("propose", {**WHOLE, "then": ["restart"]}, "each of then must be an object"),
        ("propose", {**WHOLE, "then": [{**STEP, "then": []}]}, "then has no field 'then'"),
        ("report_gap", {"wanted": "x"}, "why must be a text"),
        ("ask_person", {"question": "x", "options": ["a"] * 5}, "a list of at most 4"),
        ("ask_person", {"question": "x", "options": ["a", "a"]}, "no option may stand twice"),
        ("ask_person", {"question": "\u200b\u200b"}, "question must not be empty"),
        ("hand_over", {"reason": 3}, "reason must be a text"),
        ("hand_over", {"reason": "x", "close": "fixed"}, "no field 'close'"),
        ("approve", {"id": "K7Q2MD"}, "there is no final answer 'approve'"),
    ],
)
def test_anything_else_is_refused_in_a_sentence_that_helps(name: str, arguments: object, why: str) -> None:
    with pytest.raises(AnswerError) as caught:
        answered(call(name, arguments))
    assert why in caught.value.message
    assert len(caught.value.message) < 400
