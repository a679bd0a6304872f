"""Every kind of store for contract tests: in memory, on SQLite, on PostgreSQL, with one way to let time pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.store.store import Store
from tests.fakes.clock import FakeClock
from tests.fakes.seal import FakeSeal
from tests.fakes.store import FakeStore


@dataclass
class Case:
    """One store under test. It is Any, because contracts go through the ports alone and each kind has all of them."""

    store: Any
    clock: FakeClock
    wait: Callable[[float], object]

    def pass_time(self, seconds: float) -> None:
        """Lets time pass; for leases on PostgreSQL, which go by its clock, really."""
        self.wait(seconds)


def in_memory() -> Case:
    """The fakes."""
    clock = FakeClock()
    return Case(FakeStore(clock), clock, clock.advance)


def on_sqlite(folder: Path) -> Case:
    """A file in a fresh folder."""
    clock = FakeClock()
    store = Store(f"sqlite:///{folder}/nightshift.db", FakeSeal(), clock, folder / "var", ("console",))
    return Case(store, clock, clock.advance)


def on_postgres(url: str, folder: Path) -> Case:
    """A database of a server that a fixture started."""
    clock = FakeClock()
    store = Store(url, FakeSeal(), clock, folder / "var", ("console",))

    def both(seconds: float) -> None:
        clock.advance(seconds)
        time.sleep(seconds)

    return Case(store, clock, both)
