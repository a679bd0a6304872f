"""Services as they really are: each speaks chat completions in its own way, and says no in its own words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from adapters.brain_openai import OpenAIBrain
from core.errors import ModelError, NoToolsError, UnfitError
from core.model import ModelReply, ModelRequest, Role, Tool, ToolCall, Turn
from tests.model_servers.openai import MODEL, Answer, OpenAIServer, Raw, Say, refused

LOOK = Tool("look", "Looks.", {"type": "object", "properties": {}})
REQUEST = ModelRequest("p@1", (Turn(Role.USER, "why?"),), (LOOK,), must_call=True)
PATH = '{"path": "/var/日志"}'


@contextmanager
def asking(*answers: Answer) -> Iterator[tuple[OpenAIBrain, OpenAIServer]]:
    with OpenAIServer(*answers) as server:
        brain = OpenAIBrain(server.url, MODEL, "sk-test-0123456789")
        yield brain, server
        brain.close()


def reply_to(answer: Answer) -> tuple[ModelReply, list[str]]:
    """What is made of it, and what was heard while it came."""
    heard: list[str] = []
    with asking(answer) as (brain, _):
        return brain.complete(REQUEST, 10, heard.append), heard


def error_of(answer: Answer) -> ModelError:
    with asking(answer) as (brain, server), pytest.raises(ModelError) as caught:
        brain.complete(REQUEST, 10, lambda _: None)
    assert len(server.asked) <= 3
    return caught.value


def piece(delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def stream(*events: Mapping[str, Any] | str, line: str = "\n", done: str = "data: [DONE]") -> Raw:
    """Events as they are; a text is a line of its own, as a comment is."""
    texts = [one if isinstance(one, str) else f"data: {json.dumps(one, ensure_ascii=False)}" for one in events]
    return Raw((line * 2).join([*texts, done, ""]).encode(), kind="text/event-stream")


def called(name: str = "look", given: object = PATH, **more: object) -> dict[str, Any]:
    return {"tool_calls": [{"type": "function", "function": {"name": name, "arguments": given}, **more}]}


# ---- what comes -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "events",
    [
        [piece(called(id="a", index=0)), piece({}, "tool_calls")],
        [piece(called(given="", id="a", index=0)), *(piece(called("", one, index=0)) for one in PATH), piece({}, "x")],
        [piece(called(given="", id="a", index=0)), *(piece(called("", one, index=0, id="")) for one in PATH)],
        [piece(called(given="", id="a")), *(piece(called("", one, id="")) for one in PATH), piece({}, "stop")],
        [piece(called(given="", id="a")), *(piece(called("look", one, id="a")) for one in PATH), piece({}, "stop")],
        [piece(called(given=json.loads(PATH), id="a", index=0), "tool_calls")],
    ],
    ids=["at once", "in pieces", "empty ids, no finish", "not counted", "all said again", "as an object"],
)
def test_one_call_however_it_comes(events: list[dict[str, Any]]) -> None:
    (call,) = reply_to(stream(*events))[0].calls
    assert (call.id, call.name, json.loads(call.arguments)) == ("a", "look", json.loads(PATH))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"index": 0, "id": "a"}, {"index": 1, "id": "b"}),
        ({"index": 0, "id": "a"}, {"index": 1, "id": "a"}),
        ({"index": 0, "id": "a"}, {"index": 0, "id": "b"}),
        ({"id": "a"}, {"id": "b"}),
        ({"id": ""}, {"id": ""}),
        ({}, {}),
    ],
    ids=["in order", "one id for both", "one index for both", "no index", "nothing", "less than nothing"],
)
def test_two_calls_at_once_stay_two(first: dict[str, Any], second: dict[str, Any]) -> None:
    reply, _ = reply_to(stream(piece(called(given='{"n": 1}', **first)), piece(called("again", '{"n": 2}', **second))))
    assert [(one.name, one.arguments) for one in reply.calls] == [("look", '{"n": 1}'), ("again", '{"n": 2}')]


def test_a_flood_of_calls_is_bounded() -> None:
    flood = [piece(called(id=str(n), index=n, given="{}")) for n in range(3000)]
    assert len(reply_to(stream(*flood))[0].calls) == 64


def test_words_beside_a_call_and_empty_choices_and_usage_of_its_own() -> None:
    usage = {"prompt_tokens": 7, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 4}}
    events: list[Mapping[str, Any] | str] = [
        {"model": "m", "choices": [], "prompt_filter_results": []},
        ": keep-alive",
        ": OPENROUTER PROCESSING",
        piece({"role": "assistant", "content": None, "reasoning_content": "hm"}),
        piece({"content": "I look\u2028. 看"}),
        piece(called(id="a", index=0)),
        {**piece({}, "tool_calls"), "usage": usage},
        {"choices": [], "usage": usage},
        {"model": "m", "choices": []},
    ]
    for line in ("\n", "\r\n"):
        reply, heard = reply_to(stream(*events, line=line, done="data:[DONE]"))
        assert reply == ModelReply("I look\u2028. 看", (ToolCall("a", "look", PATH),), "m", 7, 5)
        assert heard == ["I look\u2028. 看"]


def test_letters_are_cut_anywhere_on_the_wire() -> None:
    body = stream(piece({"content": "磁盘满了"}), piece({}, "stop")).body
    assert reply_to(Raw(body, kind="text/event-stream", drip=0.001))[0].text == "磁盘满了"


def test_an_end_that_is_only_a_mark_is_one_and_a_mark_in_words_is_none() -> None:
    assert reply_to(stream(piece({"content": "ok"})))[0].text == "ok"
    assert "broke off" in error_of(stream(piece({"content": "data: [DONE]"}), done="")).message


@pytest.mark.parametrize(
    ("pieces", "said", "heard"),
    [
        (["<think>a", "b</think>", "\n\nok", " then"], "ok then", ["\n\nok", " then"]),
        (["<th", "ink>", "a</thi", "nk> ok", "!"], "ok!", ["ok", "!"]),
        (["\n", "<think>never ends"], "", []),
        (["ok", " <think>x</think>"], "ok <think>x</think>", ["ok", " <think>x</think>"]),
        (["a thought</think>ok"], "ok", ["a thought</think>ok"]),
        (["<b>", "ok"], "<b>ok", ["<b>", "ok"]),
    ],
)
def test_what_a_model_thinks_is_not_what_it_says(pieces: list[str], said: str, heard: list[str]) -> None:
    reply, told = reply_to(stream(*(piece({"content": one}) for one in pieces)))
    assert (reply.text, told) == (said, heard)


def test_words_in_parts() -> None:
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "ok"}]
    assert reply_to(stream(piece({"content": parts}, "stop")))[0].text == "ok"


def test_a_refusal_is_what_it_says() -> None:
    assert reply_to(stream(piece({"content": None, "refusal": "I can't."}), piece({}, "stop")))[0].text == "I can't."


def test_what_used_up_its_tokens_in_thought_is_cut_off() -> None:
    assert reply_to(stream(piece({"content": ""}), piece({}, "length")))[0].is_cut


# ---- how they say no --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        refused(429, "You exceeded your current quota, please check your plan.", "insufficient_quota"),
        refused(402, "Insufficient Balance"),
        refused(400, "Your credit balance is too low to access the API."),
        refused(400, "Access denied, make sure your account is in good standing.", "Arrearage"),
    ],
)
def test_an_account_without_money_is_not_asked_again_soon(answer: Answer) -> None:
    error = error_of(answer)
    assert (error.is_lasting, "wants to be paid" in error.message) == (True, True)


@pytest.mark.parametrize(
    "answer",
    [
        refused(400, "This model's maximum context length is 8192 tokens. However, …", "context_length_exceeded"),
        refused(400, "'max_tokens' or 'max_completion_tokens' is too large: 1500. The context length is only 2048"),
        refused(400, "prompt is too long: 210000 tokens > 200000 maximum"),
        refused(400, "Range of input length should be [1, 98304]", "InvalidParameter"),
        refused(400, "the request exceeds the available context size", "exceed_context_size_error"),
        Raw(b"<html>413</html>", 413, "text/html"),
        refused(400, "Content Exists Risk"),
        refused(400, "Output data may contain inappropriate content.", "data_inspection_failed"),
        refused(400, "The response was filtered", "content_filter"),
        stream(piece({"content": "half"}), piece({}, "content_filter")),
    ],
)
def test_what_is_about_this_request_alone_is_no_outage(answer: Answer) -> None:
    error = error_of(answer)
    assert (type(error), error.is_lasting) == (UnfitError, False)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
        (400, "registry.ollama.ai/library/gemma:2b does not support tools"),
        (404, "No endpoints found that support tool use. To learn more about provider routing, …"),
        (400, "deepseek-reasoner does not support Function Calling"),
        (400, "tools is not supported in this model."),
        (422, "Extra inputs are not permitted: tools"),
        (500, "This model does not support tool calls"),
        (400, "The `reasoning_content` in the thinking mode must be passed back to the API."),
    ],
)
def test_a_model_without_tools_says_so(status: int, says: str) -> None:
    assert type(error_of(refused(status, says))) is NoToolsError


@pytest.mark.parametrize(
    "answer",
    [
        refused(400, "max_tokens must be at most 1024, max_completion_tokens as well"),
        refused(400, "tool_choice and stream_options and max_tokens and max_completion_tokens are wrong"),
    ],
)
def test_a_service_that_likes_no_dialect_is_not_asked_for_ever(answer: Answer) -> None:
    with asking(answer) as (brain, server), pytest.raises(ModelError, match="refuses the request"):
        brain.complete(REQUEST, 10, lambda _: None)
    assert len(server.asked) <= 8


def test_an_error_in_the_middle_or_under_a_status_of_success() -> None:
    told = {"error": {"message": "upstream is overloaded", "code": 502}}
    for answer in (stream(piece({"content": "half"}), told), Raw(json.dumps(told).encode())):
        error = error_of(answer)
        assert (error.is_lasting, "upstream is overloaded" in error.message) == (False, True)


def test_a_key_is_refused_by_a_web_page_too() -> None:
    assert "refuses the key" in error_of(Raw(b"<html>Access denied</html>", 401, "text/html")).message


def test_an_address_with_a_version_keeps_it() -> None:
    with OpenAIServer(Say("ok")) as server:
        server_path = server.url.removesuffix("/v1") + "/openai/deployments/night?api-version=2024-10-21"
        brain = OpenAIBrain(server_path, MODEL, "the-key-of-azure")
        with pytest.raises(ModelError):
            brain.complete(REQUEST, 5, lambda _: None)
        brain.close()
        (asked,) = server.requests
    assert asked.path == "/openai/deployments/night/chat/completions?api-version=2024-10-21"
    assert asked.headers["api-key"] == "the-key-of-azure"
