"""Legs as rows: written by whoever decides what comes next, played by the engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from adapters.store.database import Database, Transaction
from adapters.store.rows import clean, epoch, moment
from adapters.store.schema import INCIDENT, LEG, TAKEOVER
from core.incident import IncidentState
from core.leg import Leg

INVESTIGATE, ACT, CONCLUDE = "investigate", "act", "conclude"
MOST_TRIES = 40
"""Fresh rows for one leg that is busy or broken; with the pauses below that is about four hours."""
_LONGEST_PAUSE = 300.0
_LONGEST = _LONGEST_PAUSE + 60.0


def leg_of(leg: str, subject: str, round: int, due: datetime, suffix: str = "") -> Leg:
    """The leg whose id says what it is, so that writing it twice changes nothing."""
    return Leg(f"{leg}:{subject}:{round}{suffix}", leg, subject, round, due)


def write_leg(tx: Transaction, leg: Leg) -> bool:
    """Inserts the row, in the caller's transaction; False if it is there. A further round of an investigation is the incident's round."""
    new = tx.insert_new(
        LEG,
        id=leg.id,
        leg=leg.leg,
        subject=leg.subject,
        round=leg.round,
        due=epoch(leg.due),
        state="new",
        tries=0,
        note="",
    )
    if new:
        tx.legs.append(leg)
    if new and leg.leg == INVESTIGATE:
        later = sa.and_(INCIDENT.c.id == leg.subject, INCIDENT.c.round < leg.round)
        tx.conn.execute(sa.update(INCIDENT).where(later).values(round=leg.round, picked="", state=IncidentState.OPEN))
    return new


def pause(tries: int) -> float:
    """Seconds until a busy leg is tried again: 1, 2, 4 … at most 300."""
    return min(_LONGEST_PAUSE, 2.0**tries)


def first_id(id: str) -> str:
    """The id of a leg without the number of its try: what its once-ledger goes by."""
    return id.partition("#")[0]


class Legs:
    """What the engine needs to know of legs."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def start(self, leg: str, subject: str, round: int, now: datetime) -> None:
        """Writes one more leg; nothing happens if it is there."""
        with self._db.write() as tx:
            write_leg(tx, leg_of(leg, clean(subject), round, now))

    def load(self, id: str) -> Leg | None:
        """One leg that is not at its end."""
        with self._db.read() as conn:
            row = conn.execute(sa.select(LEG).where(LEG.c.id == id, LEG.c.state == "new")).first()
        return _leg(row) if row else None

    def due(self, now: datetime, limit: int) -> tuple[Leg, ...]:
        """Legs that should be running by now, oldest first; one that waits longer than any does was written before a clock was set back."""
        is_due = sa.or_(LEG.c.due <= epoch(now), LEG.c.due > epoch(now) + _LONGEST)
        query = sa.select(LEG).where(LEG.c.state == "new", is_due).order_by(LEG.c.due, LEG.c.id).limit(limit)
        with self._db.read() as conn:
            return tuple(_leg(row) for row in conn.execute(query))

    def end(self, id: str, state: str, note: str) -> None:
        """A leg has come to its end: `done`, or `lost` with the reason."""
        with self._db.write() as tx:
            tx.conn.execute(sa.update(LEG).where(LEG.c.id == id).values(state=state, note=clean(note)[:500]))

    def again(self, leg: Leg, note: str, now: datetime) -> bool:
        """Ends this row and writes a fresh one that is due later, one transaction; False once it was tried too often."""
        with self._db.write() as tx:
            tries = tx.conn.execute(sa.select(LEG.c.tries).where(LEG.c.id == leg.id).with_for_update()).scalar()
            if tries is None or tries + 1 >= MOST_TRIES:
                return False
            tx.conn.execute(sa.update(LEG).where(LEG.c.id == leg.id).values(state="done", note=clean(note)[:500]))
            later = replace(leg, id=f"{first_id(leg.id)}#{tries + 2}", due=now + timedelta(seconds=pause(tries)))
            if write_leg(tx, later):
                tx.conn.execute(sa.update(LEG).where(LEG.c.id == later.id).values(tries=tries + 1))
        return True

    def postpone(self, id: str, due: datetime) -> None:
        """Leaves a leg for later."""
        with self._db.write() as tx:
            tx.conn.execute(sa.update(LEG).where(LEG.c.id == id).values(due=epoch(due)))

    def next_due(self) -> datetime | None:
        """When the next waiting leg is due."""
        with self._db.read() as conn:
            due = conn.execute(sa.select(sa.func.min(LEG.c.due)).where(LEG.c.state == "new")).scalar()
        return None if due is None else moment(due)

    def taken_over(self, id: str) -> int:
        """Counts one more death of a replica under this leg; returns how many there were."""
        with self._db.write() as tx:
            tx.insert_new(TAKEOVER, leg=first_id(id), count=0)
            raised = sa.update(TAKEOVER).where(TAKEOVER.c.leg == first_id(id)).values(count=TAKEOVER.c.count + 1)
            return int(tx.conn.execute(raised.returning(TAKEOVER.c.count)).scalar_one())


def _leg(row: sa.Row[tuple[object, ...]]) -> Leg:
    return Leg(row.id, row.leg, row.subject, row.round, moment(row.due))
