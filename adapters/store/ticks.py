"""Port Ticks: which replica runs a slot, and what the detectors remember."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from adapters.store.database import Database
from adapters.store.rows import epoch
from adapters.store.schema import DETECTOR, TICK

_KEPT = 1000
"""Slots of one job that are remembered; a replica whose clock is further behind than that runs none."""
_SWEPT_EVERY = 100


class StoredTicks:
    """Slots in `ns_tick`, detector states in `ns_detector`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def claim(self, job: str, slot: int, now: datetime) -> bool:
        """See `core.ports.Ticks`."""
        with self._db.write() as tx:
            if slot % _SWEPT_EVERY == 0:
                tx.conn.execute(sa.delete(TICK).where(TICK.c.job == job, TICK.c.slot < slot - _KEPT))
            claim = tx.insert(TICK).values(job=job, slot=slot, at=epoch(now)).on_conflict_do_nothing()
            return tx.conn.execute(claim.returning(TICK.c.slot)).first() is not None

    def states(self) -> dict[str, str]:
        """See `core.ports.Ticks`."""
        with self._db.read() as conn:
            return {row.key: row.body for row in conn.execute(sa.select(DETECTOR))}

    def save(self, states: dict[str, str]) -> None:
        """See `core.ports.Ticks`."""
        with self._db.write() as tx:
            tx.put(DETECTOR, [{"key": key, "body": body} for key, body in states.items()])
