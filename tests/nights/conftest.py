"""Databases for nights that are killed: a SQLite file, and PostgreSQL where it can be started."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.postgres import PostgresServer, postgres
from tests.nights.graveyard import Graveyard, forker, graveyard

__all__ = ["on_postgres", "on_sqlite", "parent", "postgres", "yard"]


@pytest.fixture(scope="session")
def parent() -> Iterator[subprocess.Popen[str]]:
    """Of all lives that come one after the other."""
    with forker() as process:
        yield process


@pytest.fixture
def on_sqlite(tmp_path: Path, parent: subprocess.Popen[str]) -> Iterator[Graveyard]:
    """On a SQLite file."""
    with graveyard(lambda folder: f"sqlite:///{folder}/nightshift.db", tmp_path, parent) as yard:
        yield yard


@pytest.fixture
def on_postgres(postgres: PostgresServer, tmp_path: Path, parent: subprocess.Popen[str]) -> Iterator[Graveyard]:
    """On PostgreSQL."""
    with graveyard(lambda _folder: postgres.fresh(), tmp_path, parent) as yard:
        yield yard


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.slow])])
def yard(request: pytest.FixtureRequest) -> Graveyard:
    """On each of them."""
    opened = request.getfixturevalue(f"on_{request.param}")
    assert isinstance(opened, Graveyard)
    return opened
