"""Fixtures for contract tests of the store's ports: each runs on the fakes, on SQLite, and on PostgreSQL where it can be started."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.adapters.postgres import PostgresServer, programs, why_not
from tests.stores import Case, in_memory, on_postgres, on_sqlite

KINDS = ["memory", "sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.slow])]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests of this process."""
    found = programs()
    if why_not() or found is None:
        pytest.skip(why_not())
    server = PostgresServer(found)
    yield server
    server.close()


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
