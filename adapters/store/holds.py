"""Port Holds: incidents that nothing is done about now."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from adapters.store.approvals import lock_incident
from adapters.store.database import Database
from adapters.store.incidents import StoredIncidents
from adapters.store.legs import INVESTIGATE, leg_of, write_leg
from adapters.store.rows import clean
from adapters.store.schema import APPROVAL, INCIDENT
from core.approval import Verdict
from core.incident import Incident, IncidentState


class StoredHolds:
    """Held incidents in `ns_incident`."""

    def __init__(self, db: Database, incidents: StoredIncidents) -> None:
        self._db, self._incidents = db, incidents

    def hold(self, incident: str) -> None:
        """See `core.people_ports.Holds`."""
        with self._db.write() as tx:
            lock_incident(tx, incident)
            still_open = sa.and_(INCIDENT.c.id == incident, INCIDENT.c.closed.is_(None))
            tx.conn.execute(sa.update(INCIDENT).where(still_open).values(state=IncidentState.HELD))

    def release(self, incident: str, reason: str, now: datetime) -> None:
        """See `core.people_ports.Holds`. A round in which something was decided is spent: what is asked next is asked in a new one."""
        with self._db.write() as tx:
            lock_incident(tx, incident)
            is_held = sa.and_(INCIDENT.c.id == incident, INCIDENT.c.state == IncidentState.HELD)
            number = tx.conn.execute(sa.select(INCIDENT.c.round).where(is_held)).scalar()
            if number is None:
                return
            answered = sa.and_(APPROVAL.c.incident == incident, APPROVAL.c.round == number)
            answered = sa.and_(answered, APPROVAL.c.verdict.not_in([Verdict.PENDING, Verdict.HELD]))
            is_spent = tx.conn.execute(sa.select(APPROVAL.c.id).where(answered)).first() is not None
            tx.conn.execute(sa.update(INCIDENT).where(is_held).values(state=IncidentState.OPEN, lead=""))
            write_leg(tx, leg_of(INVESTIGATE, incident, int(number) + is_spent, now, f":{clean(reason)}"))

    def follow(self, incident: str, lead: str) -> None:
        """See `core.people_ports.Holds`."""
        with self._db.write() as tx:
            lock_incident(tx, incident)
            still_open = sa.and_(INCIDENT.c.id == incident, INCIDENT.c.closed.is_(None))
            tx.conn.execute(sa.update(INCIDENT).where(still_open).values(state=IncidentState.HELD, lead=clean(lead)))

    def members(self, lead: str) -> tuple[Incident, ...]:
        """See `core.people_ports.Holds`."""
        return self._incidents.where(INCIDENT.c.lead == clean(lead))

    def held(self) -> tuple[Incident, ...]:
        """See `core.people_ports.Holds`."""
        return self._incidents.of_state(IncidentState.HELD)
