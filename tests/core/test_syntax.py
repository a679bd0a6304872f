"""Skills are read by several threads at once, on Pythons whose parser cannot bear that."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from core import skill_catalog, syntax

THREADS, TIMES = 4, 40


class Rubbish:
    """What waits for the collector, which runs whenever it likes, and lets other threads in."""

    def __init__(self) -> None:
        self.myself = self

    def __del__(self) -> None:
        sum(range(50))


def parsed(source: str) -> str:
    """One tree, beside some rubbish."""
    Rubbish()
    return ast.dump(syntax.tree_of(source))


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hurried")
def test_many_threads_parse_at_once() -> None:
    source = inspect.getsource(skill_catalog)
    once = ast.dump(ast.parse(source))
    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(lambda _: parsed(source), range(THREADS * TIMES))) == {once}


def test_what_does_not_parse_leaves_the_next_one_its_turn() -> None:
    with pytest.raises(SyntaxError):
        syntax.tree_of("def (")
    assert syntax.tree_of("").body == []
