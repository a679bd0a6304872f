"""The brain over real HTTP: what leaves, and every way in which a service can be slow, wrong, cut off or somebody else."""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from adapters.brain_openai import OpenAIBrain
from core.errors import ModelError
from core.model import ModelReply, ModelRequest, Role, Tool, ToolCall, Turn
from tests.model_servers.openai import MODEL, Answer, OpenAIServer, Raw, Say, refused

KEY = "sk-test-0123456789abcdefghij"
LOOK = Tool("look", "Looks.", {"type": "object", "properties": {}})
REQUEST = ModelRequest("p@1", (Turn(Role.USER, "why?"),), (LOOK,), most_tokens=77)


@contextmanager
def asking(*answers: Answer) -> Iterator[tuple[OpenAIBrain, OpenAIServer]]:
    with OpenAIServer(*answers) as server:
        brain = OpenAIBrain(server.url, MODEL, KEY)
        yield brain, server
        brain.close()


def nobody(_piece: str) -> None:
    """Does not listen."""


def error_of(*answers: Answer, seconds: float = 10, request: ModelRequest = REQUEST) -> ModelError:
    """How one call ends; whatever it is, the key is not in it."""
    with asking(*answers) as (brain, _), pytest.raises(ModelError) as caught:
        brain.complete(request, seconds, nobody)
    assert KEY not in repr(caught.value) + str(caught.value.__cause__)
    assert "\n" not in caught.value.message
    return caught.value


# ---- what leaves ------------------------------------------------------------------------------------------------------------------


def test_only_what_was_asked_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "OPENAI_API_KEY": "sk-of-somebody-else",
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
        "OPENAI_ORG_ID": "org-secret",
        "OPENAI_PROJECT_ID": "proj-secret",
        "OPENAI_CUSTOM_HEADERS": "X-Leak: leaked",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
        "ALL_PROXY": "socks5://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    with asking(Say("because")) as (brain, server):
        assert brain.complete(REQUEST, 10, nobody).text == "because"
        (asked,) = server.asked
        left = server.left
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert set(asked.headers) <= {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "content-type",
        "content-length",
        "user-agent",
        "authorization",
    }
    assert [
        word for word in ("somebody-else", "org-secret", "proj-secret", "leaked", "stainless") if word in left
    ] == []
    assert asked.body["model"] == MODEL
    assert asked.body["messages"] == [{"role": "user", "content": "why?"}]
    assert asked.body["tools"][0]["function"]["name"] == "look"
    assert (asked.body["tool_choice"], asked.body["max_completion_tokens"]) == ("auto", 77)


def test_calls_and_what_they_came_to_are_told_in_the_words_of_the_protocol() -> None:
    call = ToolCall("c1", "look", '{"path": "/"}')
    turns = (Turn(Role.ASSISTANT, "", (call,)), Turn(Role.TOOL, "97 %", answers="c1"))
    with asking(Say("ok")) as (brain, server):
        brain.complete(ModelRequest("p@1", turns), 10, nobody)
        told = server.asked[0].body["messages"]
    assert told[0]["tool_calls"] == [
        {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"path": "/"}'}}
    ]
    assert told[1] == {"role": "tool", "content": "97 %", "tool_call_id": "c1"}


def test_without_a_key_none_is_sent() -> None:
    with OpenAIServer(Say("ok")) as server:
        brain = OpenAIBrain(server.url, MODEL, "")
        brain.complete(REQUEST, 10, nobody)
        brain.close()
        assert "authorization" not in server.asked[0].headers


# ---- dialects ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("says", "then"),
    [
        ("Unrecognized request argument supplied: max_completion_tokens", "max_tokens"),
        ("Unsupported parameter: 'max_completion_tokens' is not supported, use 'max_tokens'", "max_tokens"),
    ],
)
def test_how_an_answer_is_bounded_is_learned_once(says: str, then: str) -> None:
    with asking(refused(400, says), Say("one"), Say("two")) as (brain, server):
        assert [brain.complete(REQUEST, 10, nobody).text for _ in range(2)] == ["one", "two"]
        assert [then in one.body for one in server.asked] == [False, True, True]


def test_what_a_service_does_not_know_is_left_away() -> None:
    answers = (refused(400, "extra fields: stream_options"), refused(422, "tool_choice required is not supported"))
    with asking(*answers, Say("ok")) as (brain, server):
        brain.complete(ModelRequest("p@1", REQUEST.turns, (LOOK,), must_call=True), 10, nobody)
        first, _, last = (one.body for one in server.asked)
    assert (first["tool_choice"], "stream_options" in first) == ("required", True)
    assert ("tool_choice" in last, "stream_options" in last) == (False, False)


def test_a_service_that_does_not_stream_is_understood() -> None:
    whole = {
        "model": "m",
        "choices": [{"message": {"content": "ok", "tool_calls": None}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1},
    }
    heard: list[str] = []
    with asking(Raw(json.dumps(whole).encode())) as (brain, _):
        assert brain.complete(REQUEST, 10, heard.append) == ModelReply("ok", (), "m", 3, 1)
    assert heard == ["ok"]


def test_what_is_not_counted_is_nothing_here_and_estimated_by_who_asks() -> None:
    with asking(Say("ok", usage=None)) as (brain, _):
        reply = brain.complete(REQUEST, 10, nobody)
    assert (reply.tokens_in, reply.tokens_out) == (0, 0)


# ---- refusals ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key(status: int) -> None:
    error = error_of(refused(status, f"Incorrect API key provided: {KEY}"))
    assert error.is_lasting
    assert "set BRAIN_API_KEY" in error.message


@pytest.mark.parametrize(
    "answer",
    [
        refused(404, "The model `scripted` does not exist", "model_not_found"),
        refused(400, "unknown model scripted"),
        Raw(b"404 page not found", 404, "text/plain"),
    ],
)
def test_a_model_that_is_not_there(answer: Answer) -> None:
    error = error_of(answer)
    assert error.is_lasting
    assert "set BRAIN_MODEL" in error.message


def test_too_often() -> None:
    error = error_of(refused(429, "slow down", retry_after="7"))
    assert (error.is_lasting, error.retry_after, error.is_billed) == (False, 7.0, False)
    assert error_of(refused(429, "slow down", retry_after="Fri, 31 Dec 1999 23:59:59 GMT")).retry_after == 0.0


@pytest.mark.parametrize("status", [500, 502, 503, 529])
def test_a_service_in_trouble(status: int) -> None:
    error = error_of(Raw(b"<html>oops</html>", status, "text/html"))
    assert not error.is_lasting
    assert str(status) in error.message


def test_a_request_that_it_does_not_take() -> None:
    error = error_of(refused(400, "this context is too\nlong \x1b[31m"))
    assert (error.is_lasting, "too" in error.message, "\x1b" in error.message) == (True, True, False)


def test_a_key_that_is_said_back_is_hidden_before_anything_is_cut() -> None:
    error = error_of(refused(400, f"{'x' * 130} bad header {KEY} and more"))
    assert KEY[:12] not in error.message


def test_a_redirect_is_not_followed() -> None:
    error = error_of(Raw(b"", 302, headers={"Location": "http://127.0.0.1:9/"}))
    assert (error.is_lasting, "redirect" in error.message) == (True, True)


# ---- no answer --------------------------------------------------------------------------------------------------------------------


def test_nobody_there() -> None:
    brain = OpenAIBrain("http://127.0.0.1:9/v1", MODEL, KEY)
    with pytest.raises(ModelError, match=r"127[.]0[.]0[.]1:9 cannot be reached") as caught:
        brain.complete(REQUEST, 5, nobody)
    assert (caught.value.is_lasting, caught.value.is_billed) == (False, False)


def test_a_server_that_speaks_no_tls() -> None:
    with OpenAIServer(Say("ok")) as server:
        brain = OpenAIBrain(server.url.replace("http:", "https:"), MODEL, KEY)
        with pytest.raises(ModelError, match=r"cannot be reached: .*SSL") as caught:
            brain.complete(REQUEST, 5, nobody)
    assert not caught.value.is_billed


@pytest.mark.parametrize(
    "answer",
    [
        Say("late", delay=3),
        Say("a long story", pause=0.2, piece=1),
        Raw(b'{"choices": []' + b" " * 200, drip=0.05),
        Raw(b"data: " + b"x" * 200, kind="text/event-stream", drip=0.05),
        Raw(b"<html>" + b"x" * 200, 500, "text/html", drip=0.05),
    ],
    ids=["slow", "slow pieces", "dripping json", "dripping stream", "dripping error"],
)
def test_the_time_is_over_however_it_passes(answer: Answer) -> None:
    began = time.monotonic()
    error = error_of(answer, seconds=0.5)
    assert "did not answer within 0.5 s" in error.message
    assert error.is_billed
    assert time.monotonic() - began < 2.5


@pytest.mark.parametrize(
    "answer",
    [
        Raw(None),
        Say("cut off in the middle of it", cut=2),
        Say(calls=(("look", {"path": "/var"}),), cut=3),
        Raw(b"", kind="text/event-stream"),
        Raw(b"data: [DONE]\n\n", kind="text/event-stream"),
        Raw(b'data: {"choices": []}\n\ndata: [DONE]\n\n', kind="text/event-stream"),
        Raw(b'{"choices": []}'),
        Raw(b"{}"),
        Raw(b'{"error": "no"}'),
    ],
)
def test_an_answer_that_is_none_or_half_of_one(answer: Answer) -> None:
    error = error_of(answer)
    assert (error.is_lasting, "broke off" in error.message) == (False, True)


@pytest.mark.parametrize(
    "answer",
    [
        Raw(b'{"choices": [{"message"'),
        Raw(b"[]" * 10),
        Raw(b"data: {broken\n\n", kind="text/event-stream"),
        Raw(b'data: {"error": {"message": "overloaded"}}\n\n', kind="text/event-stream"),
        Raw(b"\xff\xfe\x00", kind="application/json"),
        Raw(b"[" * 200_000),
        Raw(b"data: " + b"[" * 200_000 + b"\n\n", kind="text/event-stream"),
        Raw(b'data: "text"\n\ndata: 17\n\ndata: null\n\n', kind="text/event-stream"),
        Raw(b'data: {"choices": {"a": 1}}\n\n', kind="text/event-stream"),
        Raw(b'data: {"choices": [{"delta": {"tool_calls": 5, "content": {"a": 1}}}]}\n\n', kind="text/event-stream"),
    ],
)
def test_an_answer_that_is_nonsense(answer: Answer) -> None:
    assert not error_of(answer).is_lasting


def test_a_web_page_is_no_answer() -> None:
    error = error_of(Raw(b"<html>Sign in</html>", kind="text/html; charset=utf-8"))
    assert (error.is_lasting, "correct BRAIN_BASE_URL" in error.message) == (True, True)


def test_an_endless_answer_ends() -> None:
    assert "over 4 MiB" in error_of(Say("x" * (5 << 20), piece=1 << 16)).message
    assert "over 4 MiB" in error_of(Raw(b" " * (5 << 20))).message


def test_a_compressed_answer_is_not_unpacked_without_bound() -> None:
    """What is packed is not unpacked at all: some hundred kilobytes would be hundreds of megabytes."""
    packed = gzip.compress(b"data: " + b"A" * (128 << 20), 9)
    for kind in ("text/event-stream", "application/json"):
        tracemalloc.start()
        error_of(Raw(packed, kind=kind, headers={"Content-Encoding": "gzip"}))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 16 << 20


# ---- other ways of use ------------------------------------------------------------------------------------------------------------


def test_many_may_ask_at_once() -> None:
    with OpenAIServer(script=lambda body: Say(body["messages"][0]["content"], delay=0.05)) as server:
        brain = OpenAIBrain(server.url, MODEL, KEY)
        asked = [ModelRequest("p@1", (Turn(Role.USER, f"number {n}"),)) for n in range(12)]
        with ThreadPoolExecutor(12) as pool:
            said = list(pool.map(lambda one: brain.complete(one, 10, nobody).text, asked))
    assert said == [f"number {n}" for n in range(12)]


def test_the_models_there_are() -> None:
    with OpenAIServer(models=("big", "small\x1b[0m")) as server:
        assert OpenAIBrain(server.url, MODEL, KEY).models(5) == ("big", "small")


def test_closed_in_the_middle_of_an_answer_it_ends_at_once_and_asks_nothing_any_more() -> None:
    with asking(Say("late", delay=20)) as (brain, server), ThreadPoolExecutor(1) as pool:
        asked = pool.submit(brain.complete, REQUEST, 30, nobody)
        while not server.asked:
            time.sleep(0.01)
        began = time.monotonic()
        brain.close()
        with pytest.raises(ModelError):
            asked.result(5)
        with pytest.raises(ModelError):
            brain.complete(REQUEST, 30, nobody)
        assert time.monotonic() - began < 5
        assert len(server.asked) == 1
