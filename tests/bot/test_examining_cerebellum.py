"""What `doctor` says of the local model, against a real server, and how `up` warms it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from bot.app import Finding
from bot.examining_cerebellum import findings
from bot.minds import Minds, cerebellum_of, thinking_of, warm
from bot.settings import Settings
from bot.settings_files import load
from bot.wiring import rows_of
from tests.fakes.cerebellum import FakeCerebellum
from tests.fakes.store import FakeStore
from tests.model_servers.ollama import MODEL, Answer, Chosen, OllamaServer, error


def settings(home: Path, url: str = "", model: str = MODEL, api: str = "ollama") -> Settings:
    named = {"OLLAMA_HOST": url, "CEREBELLUM_MODEL": model} if url else {}
    (home / "nightshift.toml").write_text(f'[cerebellum]\napi = "{api}"\ntimeout = 300\n')
    return load({"NIGHTSHIFT_HOME": str(home), **named})


def said(home: Path, answer: Answer, model: str = MODEL, api: str = "ollama") -> Finding:
    with OllamaServer(answer) as server:
        (line,) = findings(settings(home, server.url, model, api))
    return line


@pytest.mark.parametrize("api", ["ollama", "openai"])
def test_a_model_that_chooses_in_time_is_well(tmp_path: Path, api: str) -> None:
    line = said(tmp_path, Chosen({"A": 0.9, "B": 0.1}), api=api)
    assert (line.what, line.state) == ("cerebellum", "ok")
    assert line.detail.startswith(f"{MODEL} chose in ")


def test_none_is_nothing_to_worry_about(tmp_path: Path) -> None:
    assert cerebellum_of(settings(tmp_path)) is None
    (line,) = findings(settings(tmp_path))
    assert (line.state, line.advice) == ("ok", "")


def test_a_model_that_is_not_there_is_fetched_by_a_command(tmp_path: Path) -> None:
    line = said(tmp_path, Chosen({"A": 0.9}), model="qwen2.5:7b")
    assert line.state == "warn"
    assert "ollama pull qwen2.5:7b" in line.detail


def test_a_slow_one_is_said_to_be_passed_over(tmp_path: Path) -> None:
    line = said(tmp_path, Chosen({"A": 0.9}, delay=0.4))
    assert (line.state, "300 ms are waited for" in line.detail) == ("warn", True)


@pytest.mark.parametrize("api", ["ollama", "openai"])
def test_a_server_too_old_for_probabilities_is_to_be_updated(tmp_path: Path, api: str) -> None:
    line = said(tmp_path, Chosen(None), api=api)
    assert (line.state, "update the server" in line.advice) == ("warn", True)


def test_a_crash_on_amx_is_told_with_what_helps(tmp_path: Path) -> None:
    assert "AMX" in said(tmp_path, error(500, "signal: segmentation fault")).detail


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    (line,) = findings(settings(tmp_path, "http://127.0.0.1:1"))
    assert (line.state, "cannot be reached" in line.detail) == ("warn", True)


def test_warming_never_waits_and_its_failure_is_told_once() -> None:
    store: Any = FakeStore()
    cold = FakeCerebellum()
    cold.broken = "there is no such model"
    thinking = thinking_of(rows_of(store), Minds(cerebellum=cold))
    warm(thinking)
    warm(thinking)
    deadline = time.monotonic() + 5
    while not thinking.watch.gone() and time.monotonic() < deadline:
        time.sleep(0.01)
    told = [item.card.text for item in store.outbox.due("console", 10, store.clock.now())]
    assert len([text for text in told if "there is no such model" in text]) == 1


def test_a_warm_one_is_loaded_with_the_context_that_is_pinned(tmp_path: Path) -> None:
    with OllamaServer(Chosen({"A": 0.9})) as server:
        one = cerebellum_of(settings(tmp_path, server.url))
        assert one is not None
        one.warm()
        assert one.is_loaded()
        one.close()
        assert json.loads(server.requests[0].text)["options"]["num_ctx"] == 4096
