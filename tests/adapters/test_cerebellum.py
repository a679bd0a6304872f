"""Both ways to a local model against servers that fail, lie, dawdle and flood: each ends in one sentence, and never in a choice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from adapters.cerebellum.ollama_api import OllamaCerebellum
from adapters.cerebellum.openai_api import CompletionsCerebellum
from core.errors import ModelError
from core.mind_ports import Cerebellum
from core.model import LabelQuestion
from tests.model_servers.ollama import LLAMA, MODEL, VLLM, Answer, Chosen, OllamaServer, error
from tests.model_servers.openai import Raw

PICK = LabelQuestion("Options:\nA: rotate_logs\nB: start_service\nN: none of these\n\nAnswer:", ("A", "B", "N"))
KINDS = ["ollama", "completions"]
PATIENCE = 2.0


@contextmanager
def cerebellum(kind: str, url: str, model: str = MODEL) -> Iterator[Cerebellum]:
    kinds: dict[str, Callable[[], OllamaCerebellum | CompletionsCerebellum]] = {
        "ollama": lambda: OllamaCerebellum(url, model, 2048),
        "completions": lambda: CompletionsCerebellum(url, model),
    }
    one = kinds[kind]()
    try:
        yield one
    finally:
        one.close()


def asked(kind: str, answer: Answer, seconds: float = PATIENCE, style: str = VLLM) -> tuple[float, ...]:
    """What it makes of one answer."""
    with OllamaServer(answer, style=style) as server, cerebellum(kind, server.url) as one:
        (vote,) = one.choose([PICK], seconds)
        return vote.probabilities


def why_not(kind: str, answer: Answer, seconds: float = PATIENCE) -> ModelError:
    """The error that one answer ends in."""
    with pytest.raises(ModelError) as caught:
        asked(kind, answer, seconds)
    return caught.value


def generated(logprobs: object) -> bytes:
    """Both protocols in one body, with log probabilities as somebody wrote them."""
    reply = {"model": MODEL, "response": "A", "done": True, "logprobs": logprobs}
    return json.dumps(reply | {"choices": [{"text": "A", "logprobs": {"content": logprobs}}]}).encode()


def top(*tokens: tuple[object, object]) -> object:
    return [{"token": "A", "logprob": -0.1, "top_logprobs": [{"token": t, "logprob": p} for t, p in tokens]}]


# ---- what is read -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_label_is_told_with_and_without_its_blank(kind: str) -> None:
    said = Raw(generated(top((" A", -1.0), ("A", -2.0), ("\u2581B", -3.0), ("An", -0.9), (" N.", -4.0))))
    assert asked(kind, said) == pytest.approx((0.3679 + 0.1353, 0.0498, 0.0), abs=1e-3)


@pytest.mark.parametrize("style", [VLLM, LLAMA])
def test_completions_are_read_as_both_kinds_of_server_write_them(style: str) -> None:
    assert asked("completions", Chosen({"B": 0.75, "N": 0.2}), style=style) == pytest.approx((0.0, 0.75, 0.2))


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_tells_no_probabilities_is_never_believed(kind: str) -> None:
    assert asked(kind, Chosen(None)) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_prose_instead_of_a_letter_chooses_nothing(kind: str) -> None:
    assert asked(kind, Chosen({"Sure": 0.6, "The": 0.3})) == (0.0, 0.0, 0.0)


# ---- what is sent -------------------------------------------------------------------------------------------------------------------


def test_ollama_is_asked_for_one_token_of_the_raw_prompt_and_keeps_the_model() -> None:
    with OllamaServer(Chosen({"A": 0.9})) as server, closing(OllamaCerebellum(server.url, MODEL, 3072)) as one:
        one.warm()
        one.choose([PICK], PATIENCE)
        loaded, picked = (request.body for request in server.requests)
    options = {"num_predict": 1, "temperature": 0.0, "num_ctx": 3072}
    assert (picked["prompt"], picked["raw"], picked["stream"], picked["think"]) == (PICK.prompt, True, False, False)
    assert (picked["logprobs"], picked["top_logprobs"]) == (True, 20)
    assert [(one["keep_alive"], one["options"]) for one in (loaded, picked)] == [(-1, options)] * 2
    assert not loaded.get("prompt")


def test_completions_ask_to_keep_the_prefix_and_do_without_where_that_is_refused() -> None:
    def strict(_: str) -> Answer:
        has_word = b"cache_prompt" in server.requests[-1].text.encode()
        refusal = Raw(b'{"error": {"message": "extra field cache_prompt not permitted"}}', 400)
        answers: dict[bool, Answer] = {True: refusal, False: Chosen({"B": 0.9})}
        return answers[has_word]

    with OllamaServer(strict) as server, cerebellum("completions", server.url + "/v1/") as one:
        one.choose([PICK], PATIENCE)
        one.choose([PICK], PATIENCE)
        assert ["cache_prompt" in body for body in server.asked] == [True, False, False]
        assert [(body["max_tokens"], body["logprobs"]) for body in server.asked] == [(1, 20)] * 3


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_the_environment_is_used(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "sk-of-somebody-else-0123456789"
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OLLAMA_API_KEY", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, secret)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Key: {secret}")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "OLLAMA_HOST", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with OllamaServer(Chosen({"A": 0.9})) as server, cerebellum(kind, server.url) as one:
        (vote,) = one.choose([PICK], PATIENCE)
        assert vote.probabilities[0] == pytest.approx(0.9)
        assert secret not in server.left


# ---- what goes wrong ----------------------------------------------------------------------------------------------------------------

NO_CHOICES = {
    "html": Raw(b"<html><body>It works!</body></html>", kind="text/html"),
    "nothing": Raw(b""),
    "half": Raw(b'{"model": "x", "respo'),
    "a list": Raw(b"[1, 2, 3]"),
    "a word": Raw(b'"A"'),
    "another object": Raw(b'{"error": "no"}'),
    "deep": Raw(b"[" * 100_000),
    "no utf-8": Raw(b"\xff\xfe{}"),
    "numbers for tokens": Raw(generated(top((7, -0.1)))),
    "texts for numbers": Raw(generated(top(("A", "much")))),
    "nan": Raw(generated(top(("A", float("nan"))))),
    "above one": Raw(generated(top(("A", 0.7)))),
    "infinite": Raw(generated(top(("A", float("inf"))))),
    "more than all": Raw(generated(top(("A", -0.1), ("B", -0.1), ("N", -0.1)))),
    "logprobs of another shape": Raw(generated({"A": 1})),
    "cut off": Raw(None),
    "shorter than said": Raw(b"{}", headers={"Content-Length": "4000"}, drip=0.0),
    "packed": Raw(generated(top(("A", -0.1))), headers={"Content-Encoding": "gzip", "X-Bomb": "1"}, status=500),
    "a flood": Raw(b" " * (3 << 20) + b"{}"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NO_CHOICES)
def test_what_is_no_choice_is_one_sentence(kind: str, name: str) -> None:
    error_ = why_not(kind, NO_CHOICES[name])
    assert len(error_.message) < 250
    assert "\n" not in error_.message


@pytest.mark.parametrize(("kind", "advice"), [("ollama", "ollama pull qwen2.5:7b"), ("completions", "/v1/models")])
def test_a_model_that_is_not_there_is_said_with_what_to_do(kind: str, advice: str) -> None:
    with (
        OllamaServer(Chosen({"A": 0.9})) as server,
        cerebellum(kind, server.url, "qwen2.5:7b") as one,
        pytest.raises(ModelError) as caught,
    ):
        one.choose([PICK], PATIENCE)
    assert advice in caught.value.message
    assert caught.value.is_lasting


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_crashed_on_amx_is_said_with_what_to_do(kind: str) -> None:
    said = why_not(kind, error(500, "llama-server process has terminated: signal: segmentation fault (core dumped)"))
    assert "AMX" in said.message
    assert not said.is_lasting


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("status", "lasts"), [(401, True), (403, True), (404, True), (429, False), (503, False)])
def test_a_refusal_says_whether_it_lasts(kind: str, status: int, lasts: bool) -> None:
    said = why_not(kind, error(status, "no"))
    assert (said.is_lasting, str(status) in said.message) == (lasts, True)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_server_says_is_cleaned_and_cut(kind: str) -> None:
    said = why_not(kind, error(500, "\x1b[31mpassword=hunter2hunter2 @channel " + "x" * 5000))
    assert "hunter2" not in said.message
    assert "\x1b" not in said.message
    assert len(said.message) < 300


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_is_followed_elsewhere(kind: str) -> None:
    with OllamaServer(Chosen({"A": 0.9})) as elsewhere:
        said = why_not(kind, Raw(b"", 307, headers={"Location": f"{elsewhere.url}/api/generate"}))
        assert "not followed" in said.message
        assert elsewhere.requests == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_is_not_there(kind: str) -> None:
    with (
        cerebellum(kind, "http://127.0.0.1:1") as one,
        pytest.raises(ModelError, match=r"cannot be reached at http://127\.0\.0\.1:1"),
    ):
        one.choose([PICK], PATIENCE)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "slow", [Chosen({"A": 0.9}, delay=1.0), Raw(generated(top(("A", -0.1))), drip=0.05)], ids=["late", "drips"]
)
def test_the_deadline_is_kept_whatever_comes(kind: str, slow: Answer) -> None:
    began = time.monotonic()
    assert "within 150 ms" in why_not(kind, slow, 0.15).message
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("kind", KINDS)
def test_after_a_miss_it_is_asked_again_as_if_nothing_had_been(kind: str) -> None:
    with OllamaServer(Chosen({"A": 0.9}, delay=0.6)) as server, cerebellum(kind, server.url) as one:
        with pytest.raises(ModelError):
            one.choose([PICK], 0.1)
        server.script = lambda _: Chosen({"B": 0.8})
        assert one.choose([PICK], PATIENCE)[0].probabilities[1] == pytest.approx(0.8)


def test_a_model_that_was_put_away_is_loaded_again_behind_the_miss() -> None:
    with OllamaServer(Chosen({"A": 0.9}, delay=0.5)) as server, cerebellum("ollama", server.url) as one:
        with pytest.raises(ModelError):
            one.choose([PICK], 0.1)
        deadline = time.monotonic() + 5
        while not server.is_loaded and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.is_loaded


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_takes_as_long_as_one(kind: str) -> None:
    with OllamaServer(Chosen({"A": 0.9}, delay=0.2)) as server, cerebellum(kind, server.url) as one:
        began = time.monotonic()
        votes = one.choose([PICK] * 4, PATIENCE)
        assert time.monotonic() - began < 0.7
        assert len(votes) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_keep_alive_call_has_no_pause_of_forty_milliseconds(kind: str) -> None:
    with OllamaServer(Chosen({"A": 0.9})) as server, cerebellum(kind, server.url) as one:
        one.choose([PICK], PATIENCE)
        took = []
        for _ in range(9):
            began = time.monotonic()
            one.choose([PICK], PATIENCE)
            took.append(time.monotonic() - began)
    assert sorted(took)[2] < 0.035
