"""Port IncidentLog: incidents, attempts, and how they end."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from adapters.store.approvals import StoredApprovals, Writes, lock_incident
from adapters.store.audit import Head, StoredAudit, append_audit
from adapters.store.database import Transaction
from adapters.store.legs import CONCLUDE, leg_of, write_leg
from adapters.store.memory import remember_all
from adapters.store.outbox import post_cards
from adapters.store.rows import dump, epoch, load, moment
from adapters.store.schema import ATTEMPT, INCIDENT, REFUSAL, REPORT
from core.alert import Alert
from core.card import Card
from core.episode import Episode
from core.errors import InvalidError, UnknownError
from core.incident import Attempt, Ending, Incident, IncidentState, Refusal
from core.report import Report

_MOST_NOTED = 20
_LOOKED_BACK = timedelta(days=2)
_ID = re.compile(r"[0-9a-f]{1,32}")


class StoredIncidents:
    """Incidents in `ns_incident`, what was tried in `ns_attempt` and `ns_refusal`, how it ended in `ns_report`."""

    def __init__(self, writes: Writes, audit: StoredAudit, approvals: StoredApprovals) -> None:
        self._db, self._sealer, self._channels, self._clock = writes.db, writes.sealer, writes.channels, writes.clock
        self._audit, self._approvals = audit, approvals

    def load(self, id: str) -> Incident:
        """See `core.ports.IncidentLog`."""
        if not _ID.fullmatch(id):
            raise UnknownError("incident", id[:80])
        with self._db.read() as conn:
            rows = conn.execute(sa.select(INCIDENT).where(INCIDENT.c.id.startswith(id)).limit(3)).all()
            exact = [row for row in rows if row.id == id] or rows
            if not exact:
                raise UnknownError("incident", id)
            if len(exact) > 1:
                raise InvalidError(
                    f"more than one incident begins with {id!r}: {', '.join(sorted(row.id for row in exact))}, …"
                )
            self._sealer.require("incident", exact[0].id, exact[0].mark, exact[0].id, exact[0].alert)
            return _with_what_was_tried(conn, exact)[0]

    def incidents(self, only_open: bool, limit: int) -> tuple[Incident, ...]:  # noqa: FBT001 - the port's own
        """See `core.ports.IncidentLog`."""
        query = sa.select(INCIDENT).order_by(INCIDENT.c.opened.desc(), INCIDENT.c.id).limit(limit)
        if only_open:
            query = query.where(INCIDENT.c.open_key.is_not(None))
        with self._db.read() as conn:
            rows = [
                row
                for row in conn.execute(query)
                if self._sealer.holds("incident", row.id, row.mark, row.id, row.alert)
            ]
            return tuple(_with_what_was_tried(conn, rows))

    def save_attempt(self, attempt: Attempt, leg: bool) -> None:  # noqa: FBT001 - the port's own
        """See `core.ports.IncidentLog`. An attempt that has its ending keeps it, so a late save of an older state changes nothing."""
        with self._db.write() as tx:
            lock_incident(tx, attempt.incident)
            body = tx.conn.execute(sa.select(ATTEMPT.c.body).where(ATTEMPT.c.id == attempt.id)).scalar()
            if body is None or attempt.ending is not None or load(body, Attempt).ending is None:
                self._write(tx, attempt)
            if leg:
                write_leg(tx, leg_of(CONCLUDE, attempt.id, attempt.round, self._clock.now()))

    @staticmethod
    def _write(tx: Transaction, attempt: Attempt) -> None:
        row: dict[str, object] = {
            "id": attempt.id,
            "incident": attempt.incident,
            "round": attempt.round,
            "began": epoch(attempt.began),
            "next_measure": epoch(attempt.next_measure) if attempt.ending is None else None,
            "body": dump(attempt, Attempt),
        }
        tx.put(ATTEMPT, [row])
        state = IncidentState.ACTING if attempt.outcome is None else IncidentState.WATCHING
        still_open = sa.and_(INCIDENT.c.id == attempt.incident, INCIDENT.c.closed.is_(None))
        tx.conn.execute(sa.update(INCIDENT).where(still_open).values(state=state))

    def watching(self, due: datetime) -> tuple[Attempt, ...]:
        """See `core.ports.IncidentLog`."""
        query = (
            sa.select(ATTEMPT.c.body)
            .where(ATTEMPT.c.next_measure <= epoch(due))
            .order_by(ATTEMPT.c.next_measure, ATTEMPT.c.id)
        )
        with self._db.read() as conn:
            return tuple(load(body, Attempt) for body in conn.execute(query).scalars())

    def close(self, report: Report, episodes: Sequence[Episode], cards: Sequence[Card]) -> Report:
        """See `core.ports.IncidentLog`. A second end of the same incident changes nothing and returns the first report."""
        with self._db.write() as tx:
            lock_incident(tx, report.incident)
            former = tx.conn.execute(sa.select(REPORT.c.body).where(REPORT.c.incident == report.incident)).scalar()
            if former is not None:
                return load(former, Report)
            remember_all(tx, self._sealer, episodes)
            post_cards(tx, self._channels, cards, report.closed)
            head = self.end(tx, report)
        self._audit.anchor_outside(head)
        return replace(report, audit_head=head.mark, audit_count=head.seq)

    def end(self, tx: Transaction, report: Report) -> Head:
        """An incident is over and its report filed, in the caller's transaction; anchor what this returns after the commit."""
        self._end(tx, report)
        self._approvals.withdraw(tx, report.incident, report.closed)
        said = {"ending": report.ending, "host": report.host, "signal": report.signal, "reason": report.reason}
        head = append_audit(tx, self._sealer, "close", report.incident, {**said}, report.closed)
        self._file(tx, replace(report, audit_head=head.mark, audit_count=head.seq), head)
        return head

    @staticmethod
    def _end(tx: Transaction, report: Report) -> None:
        ended: dict[str, object] = {
            "state": IncidentState.CLOSED,
            "open_key": None,
            "closed": epoch(report.closed),
            "ending": report.ending,
        }
        tx.conn.execute(sa.update(INCIDENT).where(INCIDENT.c.id == report.incident).values(**ended))
        tx.conn.execute(sa.update(ATTEMPT).where(ATTEMPT.c.incident == report.incident).values(next_measure=None))

    def _file(self, tx: Transaction, report: Report, head: Head) -> None:
        body = dump(report, Report)
        mark = self._sealer.sign("report", report.incident, head.seq, head.mark, body)
        values = {
            "incident": report.incident,
            "closed": epoch(report.closed),
            "audit_count": head.seq,
            "audit_head": head.mark,
        }
        tx.conn.execute(sa.insert(REPORT).values(**values, body=body, mark=mark))

    def report_of(self, incident: str) -> Report | None:
        """The report an incident ended with; None while it is open. Raises TamperedError."""
        with self._db.read() as conn:
            row = conn.execute(sa.select(REPORT).where(REPORT.c.incident == incident)).first()
        if row is None:
            return None
        self._sealer.require("report", incident, row.mark, row.incident, row.audit_count, row.audit_head, row.body)
        return load(row.body, Report)

    def check_ends(self) -> None:
        """Notes incidents that are closed without the report that every end writes: somebody wanted one to be quiet."""
        silent = sa.select(INCIDENT.c.id).outerjoin(REPORT, REPORT.c.incident == INCIDENT.c.id)
        is_over = sa.or_(INCIDENT.c.open_key.is_(None), INCIDENT.c.closed.is_not(None))
        lately = INCIDENT.c.opened >= epoch(self._clock.now() - _LOOKED_BACK)
        silent = silent.where(lately, is_over, REPORT.c.incident.is_(None)).limit(_MOST_NOTED)
        with self._db.read() as conn:
            for id in conn.execute(silent).scalars():  # noqa: A001 - the field's word
                self._sealer.note(f"incident {id}, which is closed without a report,")

    def attempts_since(self, since: datetime) -> tuple[Attempt, ...]:
        """Every attempt that began since then, oldest first."""
        query = sa.select(ATTEMPT.c.body).where(ATTEMPT.c.began >= epoch(since)).order_by(ATTEMPT.c.began, ATTEMPT.c.id)
        with self._db.read() as conn:
            return tuple(load(body, Attempt) for body in conn.execute(query).scalars())

    def reports_since(self, since: datetime) -> tuple[Report, ...]:
        """Every report since then, oldest first; one that does not verify is noted and left out."""
        query = sa.select(REPORT).where(REPORT.c.closed >= epoch(since)).order_by(REPORT.c.closed, REPORT.c.incident)
        with self._db.read() as conn:
            rows = conn.execute(query).all()
        return tuple(load(row.body, Report) for row in rows if self._report_holds(row))

    def of_state(self, state: IncidentState) -> tuple[Incident, ...]:
        """Open incidents that stand so, oldest first."""
        return self.where(INCIDENT.c.state == state)

    def where(self, *conditions: sa.ColumnElement[bool]) -> tuple[Incident, ...]:
        """Those that meet all conditions, oldest first; one that does not verify is noted and left out."""
        query = sa.select(INCIDENT).where(*conditions).order_by(INCIDENT.c.opened, INCIDENT.c.id)
        with self._db.read() as conn:
            rows = [
                row
                for row in conn.execute(query)
                if self._sealer.holds("incident", row.id, row.mark, row.id, row.alert)
            ]
            return tuple(_with_what_was_tried(conn, rows))

    def _report_holds(self, row: Any) -> bool:
        return self._sealer.holds(
            "report", row.incident, row.mark, row.incident, row.audit_count, row.audit_head, row.body
        )


def _with_what_was_tried(conn: sa.Connection, rows: Sequence[sa.Row[tuple[object, ...]]]) -> list[Incident]:
    if not rows:
        return []
    ids = [row.id for row in rows]
    attempts: dict[str, list[Attempt]] = defaultdict(list)
    refusals: dict[str, list[Refusal]] = defaultdict(list)
    tried = (
        sa.select(ATTEMPT.c.incident, ATTEMPT.c.body)
        .where(ATTEMPT.c.incident.in_(ids))
        .order_by(ATTEMPT.c.round, ATTEMPT.c.began)
    )
    for row in conn.execute(tried):
        attempts[row.incident].append(load(row.body, Attempt))
    for row in conn.execute(sa.select(REFUSAL).where(REFUSAL.c.incident.in_(ids)).order_by(REFUSAL.c.round)):
        refusals[row.incident].append(load(row.body, Refusal))
    return [_incident(row, tuple(attempts[row.id]), tuple(refusals[row.id])) for row in rows]


def _incident(row: Any, attempts: tuple[Attempt, ...], refusals: tuple[Refusal, ...]) -> Incident:
    return Incident(
        id=row.id,
        alert=load(row.alert, Alert),
        state=IncidentState(row.state),
        opened=moment(row.opened),
        count=row.count,
        round=row.round,
        picked=row.picked,
        attempts=attempts,
        refusals=refusals,
        closed=None if row.closed is None else moment(row.closed),
        ending=None if row.ending is None else Ending(row.ending),
        lead=row.lead,
        storm=row.storm,
    )
