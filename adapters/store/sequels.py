"""Port Sequels: what is left of a trouble goes on in the row of its cause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from adapters.store.approvals import Writes, lock_incident
from adapters.store.audit import StoredAudit
from adapters.store.incidents import StoredIncidents
from adapters.store.legs import INVESTIGATE, leg_of, write_leg
from adapters.store.memory import remember_all
from adapters.store.schema import INCIDENT
from core.episode import Episode
from core.report import Report


class StoredSequels:
    """One transaction over `ns_incident`, `ns_report`, `ns_episode` and `ns_leg`."""

    def __init__(self, writes: Writes, audit: StoredAudit, incidents: StoredIncidents) -> None:
        self._db, self._sealer, self._audit, self._incidents = writes.db, writes.sealer, audit, incidents

    def go_on(self, incident: str, left: Report, episodes: Sequence[Episode], now: datetime) -> None:
        """See `core.people_ports.Sequels`."""
        with self._db.write() as tx:
            for one in sorted((incident, left.incident)):
                lock_incident(tx, one)
            rows = tx.conn.execute(sa.select(INCIDENT).where(INCIDENT.c.id.in_((incident, left.incident)))).all()
            by_id = {row.id: row for row in rows}
            head, member = by_id[incident], by_id[left.incident]
            if member.closed is not None or head.closed is not None:
                return
            for row in (head, member):
                self._sealer.require("incident", row.id, row.mark, row.id, row.alert)
            filed = self._incidents.end(tx, left)
            remember_all(tx, self._sealer, episodes)
            values = {
                "alert": member.alert,
                "open_key": member.open_key,
                "count": INCIDENT.c.count
                + sa.select(INCIDENT.c.count).where(INCIDENT.c.id == member.id).scalar_subquery(),
                "mark": self._sealer.sign("incident", incident, member.alert),
            }
            tx.conn.execute(sa.update(INCIDENT).where(INCIDENT.c.id == incident).values(**values))
            write_leg(tx, leg_of(INVESTIGATE, incident, head.round + 1, now, ":left"))
        self._audit.anchor_outside(filed)
