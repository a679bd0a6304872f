"""Port Storms: storms as rows, and the incidents that came in them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa

from adapters.store.database import Database, Transaction
from adapters.store.incidents import StoredIncidents
from adapters.store.outbox import post_cards
from adapters.store.rows import clean, dump, epoch, load
from adapters.store.schema import INCIDENT, STORM
from core.approval import ALPHABET
from core.card import Card
from core.errors import UnknownError
from core.grouping import OURS
from core.incident import Incident, IncidentState
from core.set_back import SLACK
from core.storm import WITHIN, Storm, is_storm

_OWN, _CLAIMED, _OURS = '%"source":"probe"%', '%"source":"claim:%', f'%"kind":"{OURS}"%'
"""In the JSON of an alert only its own fields can stand so: quotes inside of texts are escaped."""
_NOT_STARTED = (IncidentState.OPEN, IncidentState.WAITING, IncidentState.HELD)


class StoredStorms:
    """Storms in `ns_storm`, their incidents by a column of `ns_incident`."""

    def __init__(self, db: Database, channels: Sequence[str], incidents: StoredIncidents) -> None:
        self._db, self._channels, self._incidents = db, tuple(channels), incidents

    def running(self) -> tuple[Storm, ...]:
        """See `core.people_ports.Storms`."""
        with self._db.read() as conn:
            bodies = conn.execute(sa.select(STORM.c.body).where(STORM.c.ended.is_(None)).order_by(STORM.c.began))
            return tuple(load(body, Storm) for body in bodies.scalars())

    def load(self, id: str) -> Storm:
        """See `core.people_ports.Storms`."""
        with self._db.read() as conn:
            body = conn.execute(sa.select(STORM.c.body).where(STORM.c.id == clean(id))).scalar()
        if body is None:
            raise UnknownError("storm", id[:80])
        return load(body, Storm)

    def incidents(self, id: str) -> tuple[Incident, ...]:
        """See `core.people_ports.Storms`."""
        return self._incidents.where(INCIDENT.c.storm == clean(id))

    def change(self, id: str, change: Callable[[Storm], Storm], cards: Sequence[Card], now: datetime) -> Storm:
        """See `core.people_ports.Storms`."""
        with self._db.write() as tx:
            row = tx.conn.execute(sa.select(STORM.c.body).where(STORM.c.id == clean(id)).with_for_update()).scalar()
            if row is None:
                raise UnknownError("storm", id[:80])
            before = load(row, Storm)
            after = change(before)
            if after != before:
                tx.put(STORM, [_row(after)])
                post_cards(tx, self._channels, cards, now)
        return after


def storm_of(tx: Transaction, channels: Sequence[str], coming: int, now: datetime, *, is_claims: bool) -> str:
    """The storm in which so many new incidents come, '' for none; one that begins takes in those of the last minutes, and is told once."""
    if not coming:
        return ""
    for body in tx.conn.execute(sa.select(STORM.c.body).where(STORM.c.ended.is_(None))).scalars():
        running = load(body, Storm)
        if running.is_claims == is_claims:
            return running.id
    lately = _lately(now, is_claims=is_claims)
    before = tx.conn.execute(sa.select(sa.func.count()).select_from(INCIDENT).where(lately)).scalar_one()
    if not is_storm(before + coming):
        return ""
    storm = Storm(f"ST-{''.join(secrets.choice(ALPHABET) for _ in range(4))}", is_claims, now, shown_at=now)
    tx.conn.execute(sa.insert(STORM).values(**_row(storm)))
    taken = sa.and_(lately, INCIDENT.c.closed.is_(None), INCIDENT.c.state.in_(_NOT_STARTED))
    tx.conn.execute(sa.update(INCIDENT).where(taken).values(storm=storm.id))
    post_cards(tx, channels, (storm.card,), now)
    return storm.id


def _lately(now: datetime, *, is_claims: bool) -> sa.ColumnElement[bool]:
    """New incidents of one voice that could be part of a storm and that no deeper one leads."""
    alert = INCIDENT.c.alert
    voice = alert.like(_CLAIMED) if is_claims else sa.and_(alert.like(_OWN), alert.not_like(_OURS))
    opened = sa.and_(INCIDENT.c.opened > epoch(now - WITHIN), INCIDENT.c.opened <= epoch(now + SLACK))
    return sa.and_(opened, INCIDENT.c.lead == "", voice)


def _row(storm: Storm) -> dict[str, object]:
    ended = None if storm.ended is None else epoch(storm.ended)
    return {"id": storm.id, "began": epoch(storm.began), "ended": ended, "body": dump(storm, Storm)}
