"""Port Notebook: what a skill keeps on one host for its next run there."""

from __future__ import annotations

import json
from datetime import datetime

import sqlalchemy as sa

from adapters.store.database import Database
from adapters.store.rows import epoch
from adapters.store.schema import NOTE
from adapters.store.sealed import Sealer
from core.errors import InvalidError
from core.people_ports import MOST_NOTES
from core.skill import HostError

MOST_BYTES = 64 * 1024


class StoredNotebook:
    """Notes in `ns_note`, sealed: what a skill goes by on its next run is what it kept, or nothing."""

    def __init__(self, db: Database, sealer: Sealer) -> None:
        self._db, self._sealer = db, sealer

    def recall(self, skill: str, host: str, key: str) -> str | None:
        """See `core.people_ports.Notebook`."""
        named = (NOTE.c.skill == skill) & (NOTE.c.host == host) & (NOTE.c.key == key)
        with self._db.read() as conn:
            row = conn.execute(sa.select(NOTE).where(named)).first()
        if row is None or not self._sealer.holds("note", f"{skill} {host} {key}", row.mark, skill, host, key, row.body):
            return None
        return str(json.loads(row.body))

    def keep(self, skill: str, host: str, key: str, text: str, now: datetime) -> None:
        """See `core.people_ports.Notebook`."""
        if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
            raise InvalidError(f"at most {MOST_BYTES} bytes are kept under one key")
        if self._db.room and self._db.room.is_short():
            raise HostError("full", "the disk of the data folder is full; nothing is kept for the next run")
        body = json.dumps(text)
        mine = (NOTE.c.skill == skill) & (NOTE.c.host == host)
        with self._db.write() as tx:
            tx.alone("notebook")
            keys = set(tx.conn.execute(sa.select(NOTE.c.key).where(mine)).scalars())
            if key not in keys and len(keys) >= MOST_NOTES:
                raise HostError("full", f"a skill keeps at most {MOST_NOTES} keys on a host")
            mark = self._sealer.sign("note", skill, host, key, body)
            tx.put(NOTE, [{"skill": skill, "host": host, "key": key, "at": epoch(now), "body": body, "mark": mark}])
