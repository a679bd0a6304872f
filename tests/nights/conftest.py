"""Databases for nights that are killed: a SQLite file, and PostgreSQL where it can be started."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.postgres import PostgresServer, postgres
from tests.nights.graveyard import Graveyard, graveyard

__all__ = ["on_postgres", "on_sqlite", "postgres", "yard"]


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Graveyard]:
    """On a SQLite file."""
    with graveyard(f"sqlite:///{tmp_path}/nightshift.db", tmp_path) as yard:
        yield yard


@pytest.fixture
def on_postgres(postgres: PostgresServer, tmp_path: Path) -> Iterator[Graveyard]:
    """On PostgreSQL."""
    with graveyard(postgres.fresh(), tmp_path) as yard:
        yield yard


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def yard(request: pytest.FixtureRequest) -> Graveyard:
    """On each of them."""
    opened = request.getfixturevalue(f"on_{request.param}")
    assert isinstance(opened, Graveyard)
    return opened
