"""Alerts taken in by a real `up` on the loopback, durable before each answer, and counted afterwards: none lost, none doubled."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.bench.figure import Figure
from tests.bench.places import ROOT
from tests.bench.up_child import UpChild, up_child

CONNECTIONS = 64
ROUNDS = 6


def figures() -> Iterator[Figure]:
    """One alert per request, then fifty. A round is one sample, in alerts per second."""
    with up_child() as child:
        _round(child, 500, 1, "warm")
        singles = tuple(_round(child, 2_500, 1, f"single-{number}") for number in range(ROUNDS))
        batches = tuple(_round(child, 400, 50, f"batch-{number}") for number in range(ROUNDS))
        _require_all(child.home, 500 + ROUNDS * (2_500 + 400 * 50))
    yield Figure(1, "alerts.single", "1/s", 1_500, singles, is_floor=True)
    yield Figure(1, "alerts.batch50", "1/s", 10_000, batches, is_floor=True)


def _round(child: UpChild, posts: int, batch: int, prefix: str) -> float:
    """Alerts per second, every one of them accepted."""
    token = (child.home / "alert-token").read_text().strip()
    arguments = (child.port, token, CONNECTIONS, posts, batch, prefix)
    command = [sys.executable, "-m", "tests.bench.load", *map(str, arguments)]
    said = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=90).stdout)
    if said["accepted"] != posts:
        raise AssertionError(f"{posts - said['accepted']} of {posts} posts were refused")
    return float(posts * batch / said["seconds"])


def _require_all(home: Path, sent: int) -> None:
    """Each alert is one row, and is counted once in its incident."""
    with closing(sqlite3.connect(f"file:{home}/nightshift.db?mode=ro", uri=True)) as database:
        (rows,) = database.execute("SELECT count(*) FROM ns_alert WHERE key LIKE 'claim:%'").fetchone()
        (counted,) = database.execute(
            "SELECT sum(count) FROM ns_incident WHERE json_extract(alert, '$.source') LIKE 'claim:%'"
        ).fetchone()
    if (rows, counted) != (sent, sent):
        raise AssertionError(f"{sent} alerts were answered, {rows} are written down, {counted} are counted")
