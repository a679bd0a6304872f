"""Port Leases: who works on what, with fencing tokens that only grow."""

from __future__ import annotations

import sqlalchemy as sa

from adapters.store.database import Database
from adapters.store.rows import clean
from adapters.store.schema import LEASE
from core.ports import Clock


class StoredLeases:
    """Leases in `ns_lease`, timed by the database's clock on PostgreSQL, so that replicas agree."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def take(self, resource: str, owner: str, seconds: float) -> int | None:
        """See `core.ports.Leases`."""
        with self._db.write() as tx:
            now = tx.seconds(self._clock)
            statement = tx.insert(LEASE).values(
                resource=clean(resource), owner=clean(owner), fence=1, expires=now + seconds
            )
            is_free = sa.or_(LEASE.c.owner == "", LEASE.c.owner == clean(owner), LEASE.c.expires <= now)
            taken = statement.on_conflict_do_update(
                index_elements=["resource"],
                set_={"owner": clean(owner), "fence": LEASE.c.fence + 1, "expires": now + seconds},
                where=is_free,
            )
            fence = tx.conn.execute(taken.returning(LEASE.c.fence)).scalar()
        return None if fence is None else int(fence)

    def renew(self, resource: str, fence: int, seconds: float) -> bool:
        """Holds a lease longer without a new fence; False if it has gone to somebody else."""
        with self._db.write() as tx:
            mine = sa.update(LEASE).where(
                LEASE.c.resource == clean(resource), LEASE.c.fence == fence, LEASE.c.owner != ""
            )
            return tx.conn.execute(mine.values(expires=tx.seconds(self._clock) + seconds)).rowcount == 1

    def holds(self, resource: str, fence: int) -> bool:
        """See `core.ports.Leases`."""
        now = (
            sa.literal(self._clock.now().timestamp())
            if self._db.is_sqlite
            else sa.text("extract(epoch FROM clock_timestamp())")
        )
        query = sa.select(LEASE.c.fence).where(
            LEASE.c.resource == clean(resource), LEASE.c.fence == fence, LEASE.c.owner != "", LEASE.c.expires > now
        )
        with self._db.read() as conn:
            return conn.execute(query).first() is not None

    def give_back(self, resource: str, fence: int) -> None:
        """Gives back exactly this taking of it; a later one by the same owner stays."""
        with self._db.write() as tx:
            mine = sa.update(LEASE).where(LEASE.c.resource == clean(resource), LEASE.c.fence == fence)
            tx.conn.execute(mine.values(owner=""))

    def release(self, resource: str, owner: str) -> None:
        """See `core.ports.Leases`."""
        with self._db.write() as tx:
            tx.conn.execute(
                sa.update(LEASE)
                .where(LEASE.c.resource == clean(resource), LEASE.c.owner == clean(owner))
                .values(owner="")
            )
