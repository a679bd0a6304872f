"""Recalls kept ready in memory while their rows are what they were: a reflex must not wait for a hundred seals.

On SQLite only: one pragma says in a few microseconds whether any other connection, in any process, has committed since. If one has, the
index says whether an episode of this fault came or went; episodes are only ever added. What another hand changed inside a row cannot buy
trust meanwhile, because what is kept was believed by its seals; it is found after a minute, when the rows are read again byte by byte.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from core.episode import Recall

MOST_KEPT = 50_000
READ_AGAIN_AFTER = 60.0
"""Seconds."""

_COUNTED = 'SELECT count(*), max("at") FROM ns_episode WHERE fingerprint = ? AND host_group = ?'
_ROWS = """
SELECT id, skill, sha256, ending, "at", mark FROM ns_episode
WHERE fingerprint = ? AND host_group = ? ORDER BY "at" DESC, id DESC LIMIT ?
"""

Row: TypeAlias = tuple[str, str, str, str, float, str]
"""Id, skill, hash, ending, at, mark."""
Key: TypeAlias = tuple[str, str]


@dataclass(slots=True)
class _Kept:
    """`version` is that at which the index agreed, `read_at` and `read` those at which the rows themselves did."""

    recalls: tuple[Recall, ...]
    rows: int
    counted: tuple[object, ...]
    version: int
    read_at: int
    read: float


class Remembered:
    """Recalls by fingerprint and host group; `believe` makes them from the newest `most` rows, of those whose seals hold."""

    def __init__(self, database: Path, believe: Callable[[str, str, list[Row]], tuple[Recall, ...]], most: int) -> None:
        self._database, self._believe, self._most = database, believe, most
        self._lock = threading.Lock()
        self._conn: sqlite3.Connection | None = None
        self._kept: dict[Key, _Kept] = {}

    def recall(self, fingerprint: str, group: str) -> tuple[Recall, ...]:
        """As the database has it at this moment."""
        key = (fingerprint, group)
        with self._lock:
            version, now = self._version(), time.monotonic()
            kept = self._kept.get(key)
            if kept is not None and self._still_holds(key, kept, version, now):
                return kept.recalls
            rows, counted = self._rows(key), self._counted(key)
        recalls = self._believe(fingerprint, group, rows)
        with self._lock:
            self._keep(key, _Kept(recalls, _hashed(rows), counted, version, version, now))
        return recalls

    def _still_holds(self, key: Key, kept: _Kept, version: int, now: float) -> bool:
        """`version` was read first: what is committed after it is found by the next recall."""
        is_due = kept.read_at != version and now - kept.read > READ_AGAIN_AFTER
        if kept.version == version and not is_due:
            return True
        if self._counted(key) != kept.counted or (is_due and _hashed(self._rows(key)) != kept.rows):
            return False
        kept.version = version
        if is_due:
            kept.read_at, kept.read = version, now
        return True

    def close(self) -> None:
        """Gives the connection back; the next recall opens another."""
        with self._lock:
            self._kept.clear()
            if self._conn is not None:
                self._conn.close()
                self._conn = None

    def _keep(self, key: Key, kept: _Kept) -> None:
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[key] = kept

    def _version(self) -> int:
        """Another one after every commit of anybody else; this connection never writes."""
        return int(self._connection().execute("PRAGMA data_version").fetchone()[0])

    def _rows(self, key: Key) -> list[Row]:
        return self._connection().execute(_ROWS, (*key, self._most)).fetchall()

    def _counted(self, key: Key) -> tuple[object, ...]:
        """From the index alone."""
        return tuple(self._connection().execute(_COUNTED, key).fetchone())

    def _connection(self) -> sqlite3.Connection:
        if self._conn is None:
            self._conn = sqlite3.connect(self._database, check_same_thread=False, isolation_level=None, timeout=30)
            self._conn.execute("PRAGMA query_only=ON")
        return self._conn


def _hashed(rows: list[Row]) -> int:
    """The rows as they are, in a number that nobody outside this process can aim at."""
    return hash(tuple(rows))
