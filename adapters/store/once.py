"""The once-ledger: what was begun is never begun again, whoever asks."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from adapters.store.database import Database
from adapters.store.rows import epoch
from adapters.store.schema import ONCE
from core.ports import Clock


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether it may be done now; if not, what came of it, None when a former play died inside it."""

    is_mine: bool
    result: str | None = None


class Once:
    """Keys in `ns_once`, each `started` and then `done`."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def begin(self, key: str) -> Turn:
        """Durable before it returns: from here on nobody else has this turn."""
        with self._db.write() as tx:
            if tx.insert_new(ONCE, key=key, state="started", result="", at=epoch(self._clock.now())):
                return Turn(is_mine=True)
            row = tx.conn.execute(sa.select(ONCE.c.state, ONCE.c.result).where(ONCE.c.key == key)).one()
        return Turn(is_mine=False, result=row.result if row.state == "done" else None)

    def done(self, key: str, result: str) -> None:
        """Notes what came of it, as JSON text."""
        with self._db.write() as tx:
            tx.conn.execute(sa.update(ONCE).where(ONCE.c.key == key).values(state="done", result=result))
