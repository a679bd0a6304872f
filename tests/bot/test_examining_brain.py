"""What `doctor` says of a brain: over real HTTP, without a token."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import Finding
from bot.examining_brain import findings
from bot.settings import EnvSettings, Settings
from tests.model_servers.openai import OpenAIServer, Say, refused

KEY = "sk-test-0123456789abcdefghij"


def settings_of(home: Path, **env: str) -> Settings:
    keys = {name.upper(): value for name, value in env.items()}
    return Settings(home=home, env=EnvSettings(**{"NIGHTSHIFT_KEY_FILE": home.parent / "key", **keys}))  # type: ignore[arg-type]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def brain(home: Path, url: str, model: str = "big", key: str = KEY) -> Finding:
    return findings(settings_of(home, brain_base_url=url, brain_model=model, brain_api_key=key))[0]


def test_none_is_no_fault(home: Path) -> None:
    (found,) = findings(settings_of(home))
    assert (found.what, found.state, found.advice) == ("brain", "ok", "")


def test_a_key_without_a_model_is_half_a_setting(home: Path) -> None:
    (found,) = findings(settings_of(home, brain_api_key=KEY))
    assert (found.state, found.advice) == ("warn", "set BRAIN_MODEL in .env too")


def test_a_model_that_is_there_and_its_budget(home: Path) -> None:
    with OpenAIServer(Say("never asked"), models=("big", "small")) as server:
        settings = settings_of(home, brain_base_url=server.url, brain_model="big", brain_api_key=KEY)
        found, budget = findings(settings)
        assert server.asked == []
    assert (found.state, "the key is taken" in found.detail) == ("ok", True)
    assert (budget.state, budget.detail) == ("ok", "today 0 of 1500000 tokens are used")


def test_a_model_that_is_not_there(home: Path) -> None:
    with OpenAIServer(models=("bigger-2", "small")) as server:
        found = brain(home, server.url, "bigger")
    assert (found.state, found.advice) == ("warn", "correct BRAIN_MODEL in .env")
    assert "nearest: bigger-2" in found.detail


def test_nobody_there(home: Path) -> None:
    found = brain(home, "http://127.0.0.1:9/v1")
    assert (found.state, "127.0.0.1:9 cannot be reached" in found.detail) == ("warn", True)
    assert "rules, memory" in found.advice


@pytest.mark.parametrize(("status", "said"), [(401, "set BRAIN_API_KEY"), (500, "answers 500"), (404, "does not list")])
def test_a_service_that_says_no(home: Path, status: int, said: str) -> None:
    with OpenAIServer() as server:
        server.listing = refused(status, f"no {KEY}")
        found = brain(home, server.url)
    assert said in found.detail
    assert KEY not in repr(found)
