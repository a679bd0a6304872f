"""Fixtures for contract tests of the store's ports: each runs on the fakes, on SQLite, and on PostgreSQL where it can be started."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.adapters.postgres import postgres
from tests.stores import Case, in_memory, on_postgres, on_sqlite

__all__ = ["postgres"]

KINDS = ["memory", "sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.slow])]


@pytest.fixture(params=KINDS)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    """One store under test."""
    kinds: dict[str, Callable[[], Case]] = {
        "memory": in_memory,
        "sqlite": lambda: on_sqlite(tmp_path),
        "postgres": lambda: on_postgres(request.getfixturevalue("postgres").fresh(), tmp_path),
    }
    opened = kinds[request.param]()
    yield opened
    opened.store.close()
