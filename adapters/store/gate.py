"""Port Gate: stop, what people keep us off, and expiry, read live before every effect."""

from __future__ import annotations

import json
from datetime import datetime

import sqlalchemy as sa

from adapters.store.approvals import approval_holds
from adapters.store.audit import append_audit, holds, newest
from adapters.store.data_folder import DataFolder
from adapters.store.database import Database, DatabaseGoneError, Transaction
from adapters.store.rows import clean, epoch, load, moment
from adapters.store.schema import APPROVAL, AUDIT, INCIDENT, STANDING, STOP
from adapters.store.sealed import Sealer
from adapters.store.standing import KINDS, Sealed, StoredStanding
from core.approval import Approval, Verdict
from core.errors import ExpiredError, InvalidError, StoppedError, TamperedError, UnavailableError
from core.pause import HOLDING, Pause

ALL = "all"
FILE_STOP = "file STOP"
_BACKWARDS = 60.0
"""Seconds by which the clock may step back before a yes is void (TRUST 3)."""

_WHAT_FORBIDS = (
    sa.select(
        STOP.c.body.label("stops"),
        STOP.c.mark.label("stops_mark"),
        STOP.c.seq.label("stops_seq"),
        newest("stop", "go").label("stops_newest"),
        STANDING.c.body.label("pauses"),
        STANDING.c.mark.label("pauses_mark"),
        STANDING.c.seq.label("pauses_seq"),
        newest(KINDS[Pause]).label("pauses_newest"),
        APPROVAL,
    )
    .select_from(
        STOP.outerjoin(STANDING, STANDING.c.kind == sa.bindparam("pauses")).outerjoin(
            APPROVAL, APPROVAL.c.id == sa.bindparam("yes")
        )
    )
    .where(STOP.c.id == 1)
)
"""Everything that a check goes by, of one moment; built once, because it is asked before every effect."""

_STOPS = sa.select(STOP, newest("stop", "go").label("newest"))

Stops = list[tuple[str, str, float]]


def begin_stops(tx: Transaction, sealer: Sealer) -> None:
    """Writes the empty list of stops. All stand in one sealed row, so that none can be taken away without its being noticed."""
    body = json.dumps([])
    tx.conn.execute(sa.insert(STOP).values(id=1, body=body, seq=0, mark=sealer.sign("stop", 0, body)))


def seal_stops_anew(tx: Transaction, sealer: Sealer) -> None:
    """Binds a list of the first version to the trail; one that does not verify is left as it is, and stops everything."""
    row = tx.conn.execute(sa.select(STOP, newest("stop", "go").label("newest"))).first()
    if row is not None and sealer.holds("stop", "list", row.mark, row.body):
        mark = sealer.sign("stop", row.newest, row.body)
        tx.conn.execute(sa.update(STOP).where(STOP.c.id == 1).values(seq=row.newest, mark=mark))


class StoredGate:
    """Stops in `ns_stop` and the file STOP, and the list of pauses; each check reads both rows and the yes in one query."""

    def __init__(self, db: Database, sealer: Sealer, folder: DataFolder, pauses: StoredStanding[Pause]) -> None:
        self._db, self._sealer, self._folder, self._pauses = db, sealer, folder, pauses

    def check(self, host: str, groups: tuple[str, ...], incident: str, approval: str, now: datetime) -> Approval | None:
        """See `core.ports.Gate`. `approval` '' asks for the stops alone."""
        if self._folder.is_stopped():
            raise StoppedError(ALL, FILE_STOP)
        with self._db.read() as conn:
            row = conn.execute(_WHAT_FORBIDS, {"yes": approval, "pauses": KINDS[Pause]}).first()
        if row is None or not self._holds(row.stops_mark, row.stops_seq, row.stops, row.stops_newest):
            raise TamperedError("the list of stops does not verify; nothing acts until it does")
        covering = {ALL, f"host:{host}", f"incident:{incident}", *(f"group:{group}" for group in groups)}
        for scope, by, _since in json.loads(row.stops):
            if scope in covering:
                raise StoppedError(scope, by)
        for pause in self._pauses.verified(_pauses_in(row)):
            if pause.kind in HOLDING and pause.is_on(now) and pause.covers(host, groups, incident):
                raise StoppedError(pause.scope, f"{pause.by}: {pause.kind}")
        return self._checked_approval(row, approval, now) if approval else None

    def _checked_approval(self, row: sa.Row[tuple[object, ...]], approval: str, now: datetime) -> Approval:
        if row.id is None:
            raise ExpiredError(approval, "there is no such question")
        if not approval_holds(self._sealer, row):
            raise TamperedError(f"approval {approval} does not verify")
        if row.verdict != Verdict.APPROVED or row.decided is None or row.starts_by is None:
            raise ExpiredError(approval, f"it is {row.verdict}")
        if epoch(now) < max(row.decided, self._latest_since(approval)) - _BACKWARDS:
            raise ExpiredError(approval, "the clock went back since it was given")
        if epoch(now) > row.starts_by and not self._began_in_time(approval, row.starts_by):
            raise ExpiredError(approval, "its run did not begin in time; it has to be asked again")
        return load(row.body, Approval)

    def _latest_since(self, approval: str) -> float:
        """The latest time that was written down since the yes: whoever sets the clock back cannot make it last."""
        given = sa.select(sa.func.max(AUDIT.c.seq)).where(AUDIT.c.subject == approval, AUDIT.c.kind == "decision")
        with self._db.read() as conn:
            latest = conn.execute(sa.select(sa.func.max(AUDIT.c.at)).where(AUDIT.c.seq >= given.scalar_subquery()))
            at = latest.scalar()
        return epoch(datetime.fromisoformat(at)) if at else 0.0

    def _began_in_time(self, approval: str, starts_by: float) -> bool:
        """A run that began in time, as the trail says, may end and be undone until its incident is closed."""
        began = sa.select(AUDIT).join(INCIDENT, INCIDENT.c.id == AUDIT.c.subject)
        began = began.where(
            AUDIT.c.kind == "run.began",
            AUDIT.c.body.contains(f'"approval":"{approval}"', autoescape=True),
            AUDIT.c.at <= moment(starts_by).isoformat(),
            INCIDENT.c.closed.is_(None),
        )
        with self._db.read() as conn:
            row = conn.execute(began.order_by(AUDIT.c.seq).limit(1)).first()
            return row is not None and holds(conn, self._sealer, row)

    # ---- people -----------------------------------------------------------------------------------------------------------------

    def stop(self, scope: str, by: str, now: datetime) -> None:
        """See `core.ports.Gate`."""
        scope = _checked(scope)
        try:
            self._add(scope, by, now)
        except DatabaseGoneError as error:
            self._folder.write_stop()
            raise UnavailableError(
                f"{error.message}; everything is stopped by the file {self._folder.path}/STOP instead, remove it to go on"
            ) from error

    def _add(self, scope: str, by: str, now: datetime) -> None:
        with self._db.write() as tx:
            others = [entry for entry in self._locked(tx) if tuple(entry[:2]) != (scope, clean(by))]
            seq = append_audit(tx, self._sealer, "stop", scope, {"by": by}, now).seq
            self._write(tx, [*others, (scope, clean(by), epoch(now))], seq)

    def go(self, scope: str, by: str, now: datetime, typed: datetime | None = None) -> bool:
        """See `core.ports.Gate`. The file STOP is lifted by removing the file."""
        scope = _checked(scope)
        with self._db.write() as tx:
            stops = self._locked(tx)
            left = [entry for entry in stops if entry[0] != scope]
            said = int(min(epoch(typed or now), epoch(now)))
            is_newer = any(one == scope and int(at) >= said + (who == clean(by)) for one, who, at in stops)
            if is_newer or len(left) == len(stops):
                return False
            seq = append_audit(tx, self._sealer, "go", scope, {"by": by}, now).seq
            self._write(tx, left, seq)
        return True

    def stops(self) -> tuple[tuple[str, str, datetime], ...]:
        """See `core.ports.Gate`."""
        with self._db.read() as conn:
            row = conn.execute(_STOPS).first()
        rows: Stops = json.loads(self._verified(row))
        since = self._folder.stopped_since()
        if since is not None:
            rows.append((ALL, FILE_STOP, since))
        return tuple((scope, by, moment(at)) for scope, by, at in sorted(rows, key=lambda entry: entry[2]))

    def _locked(self, tx: Transaction) -> Stops:
        stops: Stops = json.loads(self._verified(tx.conn.execute(_STOPS.with_for_update(of=STOP)).first()))
        return stops

    def _verified(self, row: sa.Row[tuple[object, ...]] | None) -> str:
        if row is None:
            self._sealer.note("stop list")
            raise TamperedError("the list of stops is missing")
        if not self._holds(row.mark, row.seq, row.body, row.newest):
            raise TamperedError(
                "the list of stops does not verify; it was changed outside Nightshift, or the key is another one"
            )
        return str(row.body)

    def _holds(self, mark: str, seq: int, body: str, last: int) -> bool:
        """False also for a list that was the last one once and was put back."""
        if seq < last:
            self._sealer.note("stop list, which is an older one")
        return self._sealer.holds("stop", "list", mark, seq, body) and seq >= last

    def _write(self, tx: Transaction, stops: Stops, seq: int) -> None:
        body = json.dumps(stops)
        mark = self._sealer.sign("stop", seq, body)
        tx.conn.execute(sa.update(STOP).where(STOP.c.id == 1).values(body=body, mark=mark, seq=seq))


def _pauses_in(row: sa.Row[tuple[object, ...]]) -> Sealed | None:
    if row.pauses is None:
        return None
    return Sealed(row.pauses, row.pauses_mark, row.pauses_seq, row.pauses_newest)


def _checked(scope: str) -> str:
    kind, colon, name = scope.partition(":")
    if scope != ALL and (kind not in {"host", "group", "incident"} or not colon or not name):
        raise InvalidError(
            f"{clean(scope)[:80]!r} is nothing that can be stopped; write all, host:NAME, group:NAME or incident:ID"
        )
    return clean(scope)
