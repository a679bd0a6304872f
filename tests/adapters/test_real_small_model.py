"""The real clients against a real, very small model: that the pipes fit. Which label it picks is chance, and never asked here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import ollama
import pytest

from adapters.brain_openai import OpenAIBrain
from adapters.cerebellum.ollama_api import OllamaCerebellum
from adapters.cerebellum.openai_api import CompletionsCerebellum
from core.errors import ModelError
from core.model import LabelQuestion, ModelRequest, Role, Turn
from core.picking import MOST_NEW_TOKENS, pick_question, span_question
from core.prompt import prompt
from tests.core.test_picking import MANY, ONE
from tests.model_servers.ollama_shim import OllamaShim
from tests.model_servers.real_small_model import MODEL, NotHereError, llama_server, tokens_in, weights_in

pytestmark = pytest.mark.slow
PATIENCE = 30.0
PICK = pick_question(MANY[:5], "disk / is 97 % full").asked


@dataclass(frozen=True)
class Small:
    """The model's server, and Ollama's API in front of it."""

    llama: str
    shim: OllamaShim


@pytest.fixture(scope="module")
def small(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    has_cache = pytestconfig.pluginmanager.has_plugin("cacheprovider")
    kept_in = pytestconfig.cache.mkdir("small_model") if has_cache else tmp_path_factory.mktemp("small_model")
    try:
        weights = weights_in(kept_in)
        with llama_server(weights) as llama, OllamaShim(llama, MODEL) as shim:
            yield Small(llama, shim)
    except NotHereError as error:
        pytest.skip(str(error))


def is_vote(question: LabelQuestion, shares: tuple[float, ...]) -> bool:
    """Probabilities of its labels, as far as shape goes."""
    return len(shares) == len(question.labels) and all(0 <= one <= 1 for one in shares) and 0 < sum(shares) <= 1.0001


def test_ollama_chooses_and_the_second_time_from_the_cache(small: Small) -> None:
    with closing(OllamaCerebellum(small.shim.url, MODEL, 2048)) as one:
        one.warm()
        assert one.is_loaded()
        (first,), (second,) = one.choose([PICK], PATIENCE), one.choose([PICK], PATIENCE)
    assert is_vote(PICK, first.probabilities)
    assert is_vote(PICK, second.probabilities)
    assert one.tells_probabilities
    assert (first.tokens_in, first.tokens_out) == (tokens_in(small.llama, PICK.prompt), 1)
    assert small.shim.timings[-1]["cache_n"] > 0.9 * first.tokens_in


def test_completions_choose_alike(small: Small) -> None:
    with closing(CompletionsCerebellum(small.llama, MODEL)) as one:
        one.warm()
        (vote,) = one.choose([PICK], PATIENCE)
    with closing(OllamaCerebellum(small.shim.url, MODEL, 2048)) as other:
        (same,) = other.choose([PICK], PATIENCE)
    assert is_vote(PICK, vote.probabilities)
    assert vote.probabilities == pytest.approx(same.probabilities, abs=0.02)


def test_spans_of_one_alert_in_one_batch(small: Small) -> None:
    asked = [span_question(ONE, name, ["/var/log", "/srv"], "disk /srv is full").asked for name in ("path", "target")]
    with closing(OllamaCerebellum(small.shim.url, MODEL, 2048)) as one:
        votes = one.choose(asked, PATIENCE)
    assert [is_vote(question, vote.probabilities) for question, vote in zip(asked, votes, strict=True)] == [True, True]


def test_one_token_ends_for_its_length_and_a_name_nobody_has_is_refused(small: Small) -> None:
    client = ollama.Client(small.shim.url)
    said = client.generate(MODEL, "The disk is", raw=True, options={"num_predict": 1, "temperature": 0})
    client.close()  # type: ignore[no-untyped-call]
    assert (said.done_reason, said.eval_count) == ("length", 1)
    with closing(OllamaCerebellum(small.shim.url, "qwen2.5:7b", 2048)) as one, pytest.raises(ModelError, match="pull"):
        one.choose([PICK], PATIENCE)


def test_a_brain_completes_by_the_same_server(small: Small) -> None:
    heard: list[str] = []
    request = ModelRequest("test@1", (Turn(Role.USER, "Say hello."),), most_tokens=8)
    reply = OpenAIBrain(f"{small.llama}/v1", MODEL, "").complete(request, PATIENCE, heard.append)
    assert "".join(heard) == reply.text
    assert reply.text
    assert reply.tokens_in > 0
    assert 0 < reply.tokens_out <= 8


@pytest.mark.parametrize(
    "alert", ["disk / is 97 % full " * 90, "磁盘使用率过高，请尽快处理" * 90, "9f3a" * 900, "!?" * 900]
)
def test_a_question_is_short_for_a_real_tokenizer(small: Small, alert: str) -> None:
    rules, asked = prompt("pick").text.partition("{{cards}}")[0], pick_question(MANY[:10], alert).asked.prompt
    assert tokens_in(small.llama, asked) - tokens_in(small.llama, rules) <= MOST_NEW_TOKENS
