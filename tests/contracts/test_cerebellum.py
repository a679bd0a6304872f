"""Contract of port Cerebellum: the fake, and both adapters against a real server that chooses as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from adapters.cerebellum.ollama_api import OllamaCerebellum
from adapters.cerebellum.openai_api import CompletionsCerebellum
from core.errors import ModelError
from core.mind_ports import Cerebellum
from core.model import LabelQuestion
from tests.fakes.cerebellum import FakeCerebellum
from tests.model_servers.ollama import LLAMA, MODEL, OllamaServer, always, error

PICK = LabelQuestion("Options:\nA: rotate_logs\nB: start_service\nN: none of these\n\nAnswer:", ("A", "B", "N"))
SPAN = LabelQuestion("Candidates:\nA: nginx\nB: start_service\nN: none of these\n\nAnswer:", ("A", "B", "N"))


@dataclass
class Case:
    """One that picks start_service wherever it may; `breaks` makes it fail from now on."""

    cerebellum: Cerebellum
    breaks: Callable[[], None]


@pytest.fixture(params=["fake", "ollama", "vllm", "llama-server"])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    fake = FakeCerebellum("start_service")
    style = LLAMA if request.param == LLAMA else "vllm"
    with OllamaServer(always("start_service"), style=style) as server:
        by_completions = CompletionsCerebellum(server.url, MODEL)
        by_ollama = OllamaCerebellum(server.url, MODEL, 2048)
        kinds: dict[str, Cerebellum] = {
            "fake": fake,
            "ollama": by_ollama,
            "vllm": by_completions,
            LLAMA: by_completions,
        }

        def broken() -> None:
            fake.broken = "gone"
            server.loading = error(500, "gone")
            server.script = lambda _: error(500, "gone")

        yield Case(kinds[request.param], broken)
        by_ollama.close()
        by_completions.close()


def test_each_label_has_its_share_in_the_order_of_the_question(case: Case) -> None:
    first, second = case.cerebellum.choose([PICK, SPAN], 2.0)
    assert first.probabilities[1] == pytest.approx(0.93)
    assert second.probabilities[1] == pytest.approx(0.93)
    assert all(0 <= share <= 1 for share in first.probabilities)
    assert len(first.probabilities) == 3
    assert sum(first.probabilities) <= 1.0001
    assert first.tokens_in > 0


def test_nothing_asked_is_nothing_said(case: Case) -> None:
    assert case.cerebellum.choose([], 2.0) == ()


def test_it_can_be_warmed_and_has_a_name(case: Case) -> None:
    case.cerebellum.warm()
    assert case.cerebellum.model.endswith(":7b")


def test_what_does_not_answer_is_a_model_error(case: Case) -> None:
    case.breaks()
    with pytest.raises(ModelError, match="gone"):
        case.cerebellum.choose([PICK], 2.0)
