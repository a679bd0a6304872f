"""Journal rows as a broker writes them: an intent with its undo record, and its outcome, each durable before it returns."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from adapters.clock_system import SystemClock
from adapters.key_file import open_key
from adapters.store.store import Store
from core import undo as undoing
from core.capability import Undo
from core.world import Json
from tests.bench.figure import Figure, milliseconds

TIMES = 300
WARM_UP = 20
LIMIT = 3
"""Milliseconds of one row (issue 3)."""


def figures() -> Iterator[Figure]:
    """Rows on SQLite, with the seal and the trail that each of them carries."""
    with tempfile.TemporaryDirectory(prefix="nightshift-bench-") as name:
        folder = Path(name)
        key = open_key({"NIGHTSHIFT_KEY_FILE": str(folder / "key")}, folder / "home")
        store = Store(f"sqlite:///{folder}/nightshift.db", key, SystemClock(), folder / "home")
        try:
            intents, outcomes = _rows(store)
        finally:
            store.close()
    yield Figure(3, "journal.intent", "ms", LIMIT, milliseconds(intents))
    yield Figure(3, "journal.outcome", "ms", LIMIT, milliseconds(outcomes))


def _rows(store: Store) -> tuple[list[float], list[float]]:
    intents, outcomes = [], []
    for number in range(WARM_UP + TIMES):
        undo = Undo(
            "restore", f"/srv/app/{number}.conf", secrets.token_hex(32), secrets.token_hex(32), (("mode", "416"),)
        )
        detail: dict[str, Json] = {"risk": "high", "content": secrets.token_hex(32), "undo": {**undoing.to_json(undo)}}
        began = time.perf_counter()
        action = store.effects.intend("run", "web-1", f"fs.write {undo.target}", detail, store.clock.now())
        middle = time.perf_counter()
        store.effects.done(action, True, "1200 bytes written", undo, store.clock.now())
        ended = time.perf_counter()
        intents.append(middle - began)
        outcomes.append(ended - middle)
    if len(store.effects.of_run("run")) != WARM_UP + TIMES or store.audit.verify().problem:
        raise AssertionError("the journal does not hold what was written")
    return intents[WARM_UP:], outcomes[WARM_UP:]
