"""Exact recall with 100,000 episodes in the store; they are made once and kept."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.clock_system import SystemClock
from adapters.key_file import open_key
from adapters.store import memory, rows, schema, sealed
from adapters.store.store import Store
from core import episode as episode_noun
from core.episode import Episode
from core.incident import Ending
from core.ports import Seal
from tests.bench.figure import Figure, milliseconds
from tests.bench.places import cache_for, complete

EPISODES = 100_000
FAULTS = 1_000
"""Different fingerprints: 100 episodes of each, which is a fault that came back twice a week for a year."""
GROUP = "web"
AT_ONCE = 2_000
TIMES = 500


def figures() -> Iterator[Figure]:
    """Recalls of faults drawn by chance, the same ones each time."""
    remembering = store()
    drawn = random.Random(1)
    seconds = []
    for _ in range(TIMES):
        fault = fingerprint(drawn.randrange(FAULTS))
        began = time.perf_counter()
        found = remembering.memory.recall(fault, GROUP)
        seconds.append(time.perf_counter() - began)
        if not found or not found[0].verified:
            raise AssertionError(f"{fault} was not remembered")
    remembering.close()
    yield Figure(1, "recall.exact.100k", "ms", 5, milliseconds(seconds))


def store() -> Store:
    """A store that remembers them all."""
    folder, is_complete = cache_for("episodes", Path(__file__), *_sources())
    opened = Store(f"sqlite:///{folder}/nightshift.db", _key(folder), SystemClock(), folder / "home")
    if not is_complete:
        _fill(opened)
        complete(folder)
    return opened


def fingerprint(fault: int) -> str:
    """As `core.alert` makes one."""
    return f"{fault:016x}"


def _fill(store: Store) -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    for start in range(0, EPISODES, AT_ONCE):
        batch = [_episode(number, began + timedelta(minutes=number)) for number in range(start, start + AT_ONCE)]
        with store.db.write() as tx:
            memory.remember_all(tx, store.sealer, batch)


def _episode(number: int, at: datetime) -> Episode:
    fault = number % FAULTS
    return Episode(
        id=f"bench-{number}",
        fingerprint=fingerprint(fault),
        group=GROUP,
        host=f"web-{number % 50}",
        signal=f"process.down:service-{fault}",
        skill=f"restart_service_{number % 7}",
        sha256=f"{number % 7:064x}",
        ending=Ending.FIXED if number % 11 else Ending.STILL_BAD,
        incident=f"{number:010x}",
        at=at,
        text=f"web-{number % 50} process.down:service-{fault} restarted",
    )


def _key(folder: Path) -> Seal:
    return open_key({**os.environ, "NIGHTSHIFT_KEY_FILE": str(folder / "key")}, folder / "home")


def _sources() -> tuple[Path, ...]:
    migrations = sorted((Path(schema.__file__).parent / "migrations" / "versions").glob("*.py"))
    modules = (memory, rows, schema, sealed, episode_noun)
    return (*(Path(str(module.__file__)) for module in modules), *migrations)
