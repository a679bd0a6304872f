"""Contract of port SemanticIndex; below it, what only the real model and its file can be."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.mind_ports import SemanticIndex
from tests.fakes.semantic_index import FakeSemanticIndex

e5 = pytest.importorskip("adapters.semantic_e5", reason="the extra `semantic` is not installed")

TEXTS = ("disk full", "磁盘满了", "certificate expires soon", "restart the web server")
PATIENCE = 60.0


@pytest.fixture(params=["memory", "e5"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> SemanticIndex:
    """One that knows nothing yet."""
    made: dict[str, Callable[[], SemanticIndex]] = {
        "memory": FakeSemanticIndex,
        "e5": lambda: e5.E5SemanticIndex(tmp_path / "words.npz"),
    }
    return made[request.param]()


def learned(index: SemanticIndex, *texts: str) -> SemanticIndex:
    """Once it has an opinion of as many texts."""
    index.learn(texts)
    until = time.monotonic() + PATIENCE
    while len(index.scores("anything")) != len(texts) and time.monotonic() < until:
        getattr(index, "wait", lambda _: None)(1.0)
    return index


def test_what_was_never_learned_has_no_likeness(index: SemanticIndex) -> None:
    assert index.scores("disk full") == ()


def test_each_text_has_a_likeness_in_its_place_and_the_same_words_are_likest(index: SemanticIndex) -> None:
    learned(index, *TEXTS)
    for place, text in enumerate(TEXTS):
        likeness = index.scores(text)
        assert len(likeness) == len(TEXTS)
        assert likeness[place] == max(likeness) == pytest.approx(1.0, abs=0.01)


def test_what_is_learned_anew_takes_the_place_of_what_was(index: SemanticIndex) -> None:
    learned(index, *TEXTS)
    learned(index, *TEXTS[:2])
    assert len(index.scores("disk full")) == 2


@pytest.mark.parametrize("words", ["", " ", "\0", "\ud800", "磁" * 5000, "🔥" * 300])
def test_whatever_was_said_has_a_likeness(index: SemanticIndex, words: str) -> None:
    assert len(learned(index, *TEXTS).scores(words)) == len(TEXTS)


def test_the_same_is_meant_in_either_language(tmp_path: Path) -> None:
    likeness = learned(e5.E5SemanticIndex(tmp_path / "words.npz"), "磁盘满了", "证书过期", "重启服务").scores(
        "disk is full"
    )
    assert likeness[0] == max(likeness)


def test_a_second_start_does_not_learn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learned(e5.E5SemanticIndex(tmp_path / "words.npz"), *TEXTS)
    again = e5.E5SemanticIndex(tmp_path / "words.npz")
    monkeypatch.setattr(again, "_embedded", None)
    again.learn(TEXTS)
    assert again.wait(PATIENCE)
    assert again.progress == ""


@pytest.mark.parametrize("text", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_file_that_holds_something_else_is_learned_over(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "words.npz").write_bytes(text)
    assert len(learned(e5.E5SemanticIndex(tmp_path / "words.npz"), *TEXTS).scores("disk full")) == len(TEXTS)


def test_what_cannot_be_kept_is_learned_all_the_same(tmp_path: Path) -> None:
    index = learned(e5.E5SemanticIndex(tmp_path / "nowhere" / "words.npz"), *TEXTS)
    assert len(index.scores("disk full")) == len(TEXTS)
