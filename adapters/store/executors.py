"""Replicas and their heartbeats: who is alive, and whose work is to be taken over (PostgreSQL only; one process has a SQLite file)."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from adapters.store.database import Database
from adapters.store.schema import EXECUTOR
from core.ports import Clock

_REAPER = 774411
"""The advisory lock under which one replica at a time looks for dead ones."""


class Executors:
    """Heartbeats in `ns_executor`, in the database's time."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def join(self, id: str) -> None:
        """This replica is alive, whatever was said of it before."""
        with self._db.write() as tx:
            tx.put(EXECUTOR, [{"id": id, "beat": tx.seconds(self._clock), "is_dead": False}])

    def beat(self, id: str) -> bool:
        """Still alive; False if it was declared dead meanwhile, so that it must stop at once."""
        with self._db.write() as tx:
            mine = sa.update(EXECUTOR).where(EXECUTOR.c.id == id, EXECUTOR.c.is_dead == sa.false())
            return tx.conn.execute(mine.values(beat=tx.seconds(self._clock))).rowcount == 1

    def leave(self, id: str) -> None:
        """Ends in order: whatever is left unfinished may be taken over at once."""
        with self._db.write() as tx:
            tx.conn.execute(sa.update(EXECUTOR).where(EXECUTOR.c.id == id).values(beat=0.0))

    def reap(self, lease: float, take_over: Callable[[str], None]) -> None:
        """Declares dead who was silent for `lease` seconds and calls `take_over` with each, all before the commit: a reaper
        that dies halfway has declared nothing."""
        with self._db.write() as tx:
            if not tx.conn.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_REAPER))).scalar():
                return
            silent = sa.and_(EXECUTOR.c.is_dead == sa.false(), EXECUTOR.c.beat < tx.seconds(self._clock) - lease)
            dead = tx.conn.execute(sa.update(EXECUTOR).where(silent).values(is_dead=True).returning(EXECUTOR.c.id))
            for name in sorted(dead.scalars()):
                take_over(name)
