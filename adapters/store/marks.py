"""Port Marks: what people and pipelines say they changed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from adapters.store.database import Database
from adapters.store.rows import clean, dump, epoch, load
from adapters.store.schema import MARK
from core.scene import Mark

_KEPT = 60 * 86400.0
"""Seconds after which a mark is forgotten; an incident keeps those that stood on its card."""
_MOST = 20


class StoredMarks:
    """Marks in `ns_mark`; they carry no authority and no seal."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, mark: Mark) -> bool:
        """See `core.people_ports.Marks`."""
        at = epoch(mark.at)
        with self._db.write() as tx:
            tx.conn.execute(sa.delete(MARK).where(MARK.c.at < at - _KEPT))
            return tx.insert_new(MARK, id=clean(mark.id), host=clean(mark.host), at=at, body=dump(mark, Mark))

    def between(self, host: str, since: datetime, until: datetime) -> tuple[Mark, ...]:
        """See `core.people_ports.Marks`."""
        is_there = MARK.c.host.in_(("", clean(host))) & MARK.c.at.between(epoch(since), epoch(until))
        newest = sa.select(MARK.c.body).where(is_there).order_by(MARK.c.at.desc(), MARK.c.id).limit(_MOST)
        with self._db.read() as conn:
            return tuple(load(body, Mark) for body in conn.execute(newest).scalars())
