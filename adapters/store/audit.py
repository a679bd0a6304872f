"""Port Audit: the HMAC chain over everything that mattered, and the anchors that tell when its end was cut off (TRUST 6)."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.store.data_folder import DataFolder
from adapters.store.database import Database, Transaction
from adapters.store.rows import canonical, clean
from adapters.store.schema import ANCHOR, AUDIT, INSTANCE, REPORT
from adapters.store.sealed import Sealer
from core.errors import UnavailableError
from core.journal import AuditRow, AuditState
from core.world import Json

log = logging.getLogger(__name__)

HEAD = "audit head"
LOST = "the head of the trail was lost"


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: how many rows there are and the mark of the last."""

    seq: int
    mark: str


@dataclass(frozen=True, slots=True)
class _Anchor:
    """That at some moment row `seq` existed and carried `mark`."""

    seq: int
    mark: str
    where: str


def begin_trail(tx: Transaction, sealer: Sealer) -> None:
    """Writes the head of an empty chain; from here on a missing head means that somebody took it away."""
    _write_head(tx, sealer, Head(0, ""), insert=True)


def append_audit(
    tx: Transaction, sealer: Sealer, kind: str, subject: str, body: dict[str, Json], now: datetime
) -> Head:
    """One row more, in the caller's transaction, whose last lock this is: all writers of the trail queue up here."""
    head = _lock_head(tx)
    row = (head.seq + 1, now.isoformat(), clean(kind), clean(subject), canonical(body))
    mark = sealer.sign("audit", head.mark, *row)
    tx.conn.execute(sa.insert(AUDIT).values(seq=row[0], at=row[1], kind=row[2], subject=row[3], body=row[4], mark=mark))
    after = Head(row[0], mark)
    _write_head(tx, sealer, after, insert=head.mark == LOST)
    return after


def newest(*kinds: str) -> sa.ScalarSelect[int]:
    """The number of the last row of these kinds, 0 where there is none."""
    return sa.select(sa.func.coalesce(sa.func.max(AUDIT.c.seq), 0)).where(AUDIT.c.kind.in_(kinds)).scalar_subquery()


def holds(conn: sa.Connection, sealer: Sealer, row: sa.Row[Any]) -> bool:
    """True for one row of the trail that is as it was written, behind the very row that it was written behind."""
    before = conn.execute(sa.select(AUDIT.c.mark).where(AUDIT.c.seq == row.seq - 1)).scalar() or ""
    return sealer.holds("audit", row.seq, row.mark, before, row.seq, row.at, row.kind, row.subject, row.body)


def _lock_head(tx: Transaction) -> Head:
    text = tx.conn.execute(sa.select(INSTANCE.c.body).where(INSTANCE.c.name == HEAD).with_for_update()).scalar()
    if text is None:  # the chain goes on behind a gap that `verify` will name, because acting without a trail is worse
        return Head(int(tx.conn.execute(sa.select(sa.func.coalesce(sa.func.max(AUDIT.c.seq), 0))).scalar_one()), LOST)
    seq, mark = json.loads(text)
    return Head(int(seq), str(mark))


def _write_head(tx: Transaction, sealer: Sealer, head: Head, *, insert: bool) -> None:
    body = json.dumps([head.seq, head.mark])
    mark = sealer.sign(HEAD, body)
    if insert:
        tx.conn.execute(sa.insert(INSTANCE).values(name=HEAD, body=body, mark=mark))
    else:
        tx.conn.execute(sa.update(INSTANCE).where(INSTANCE.c.name == HEAD).values(body=body, mark=mark))


class StoredAudit:
    """The chain in `ns_audit`. Its length and head stand in four more places: the head row, anchors, every report, a file."""

    def __init__(self, db: Database, sealer: Sealer, folder: DataFolder) -> None:
        self._db, self._sealer, self._folder = db, sealer, folder
        self._others: tuple[Callable[[], Iterator[str]], ...] = ()
        self._owed: Head | None = None

    def also(self, *broken: Callable[[], Iterator[str]]) -> None:
        """Has `verify` walk the sealed rows of other tables too; each yields the names of those that do not hold."""
        self._others = broken

    def append(self, kind: str, subject: str, body: dict[str, Json], now: datetime) -> int:
        """See `core.ports.Audit`."""
        with self._db.write() as tx:
            return append_audit(tx, self._sealer, kind, subject, body, now).seq

    def tail(self, limit: int, subject: str = "") -> tuple[AuditRow, ...]:
        """See `core.ports.Audit`."""
        query = sa.select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(limit)
        if subject:
            query = query.where(AUDIT.c.subject == clean(subject))
        with self._db.read() as conn:
            rows = conn.execute(query).all()
        return tuple(
            AuditRow(r.seq, datetime.fromisoformat(r.at), r.kind, r.subject, json.loads(r.body)) for r in reversed(rows)
        )

    def anchor(self, why: str) -> tuple[int, str]:
        """See `core.ports.Audit`: in the database, and in the data folder outside it."""
        with self._db.write() as tx:
            head = _lock_head(tx)
            mark = self._sealer.sign("anchor", head.seq, head.mark, why)
            tx.insert_new(ANCHOR, seq=head.seq, head=head.mark, why=why, mark=mark)
        self.anchor_outside(head)
        return head.seq, head.mark

    def anchor_outside(self, head: Head) -> None:
        """Notes length and head in the data folder alone, where whoever empties the database does not reach.

        A note about rows that are not there any more is kept: it is what tells that an older database was put back. Where the folder
        takes none, what is committed holds all the same, and `anchor_again` makes up for it.
        """
        former = self._file()
        if former.seq and (former.seq >= head.seq or not self._is_there(former)):
            return
        body = json.dumps([head.seq, head.mark])
        try:
            self._folder.write_anchor(json.dumps([body, self._sealer.sign("anchor file", body)]))
        except UnavailableError as error:
            self._owed = head
            log.warning("%s; the trail is anchored there as soon as it can be", error)
        else:
            self._owed = None

    def anchor_again(self) -> None:
        """Makes up for the note that the data folder did not take."""
        if self._owed is not None:
            self.anchor_outside(self._owed)

    def _is_there(self, anchor: _Anchor) -> bool:
        with self._db.read() as conn:
            found = conn.execute(sa.select(AUDIT.c.mark).where(AUDIT.c.seq == anchor.seq)).scalar()
        return found == anchor.mark

    # ---- verify -----------------------------------------------------------------------------------------------------------------

    def verify(self, head: str = "") -> AuditState:
        """See `core.ports.Audit`."""
        with self._db.read() as conn:
            anchors = list(self._anchors(conn))
            wanted = {anchor.seq: anchor for anchor in anchors if anchor.seq}
            count, mark, is_found = 0, "", not head
            for row in conn.execution_options(yield_per=2000).execute(sa.select(AUDIT).order_by(AUDIT.c.seq)):
                problem = self._problem(count, mark, row, wanted)
                if problem:
                    return AuditState(count, mark, count + 1, problem)
                count, mark = row.seq, row.mark
                is_found = is_found or row.mark.startswith(head)
        last = max(anchors, key=lambda anchor: anchor.seq)
        if last.seq > count:
            gone = f"row {last.seq} is" if last.seq == count + 1 else f"rows {count + 1} to {last.seq} are"
            return AuditState(count, mark, count + 1, f"{gone} missing, says {last.where}")
        if not is_found:
            return AuditState(
                count, mark, max(count, 1), f"no row has the head {head}: it is not the trail that report was made from"
            )
        broken = next((anchor.where for anchor in anchors if anchor.seq < 0), "")
        broken = broken or next((name for other in self._others for name in other()), "")
        return AuditState(count, mark, max(count, 1) if broken else 0, f"{broken} does not verify" if broken else "")

    def _problem(self, count: int, mark: str, row: sa.Row[tuple[object, ...]], wanted: dict[int, _Anchor]) -> str:
        if row.seq != count + 1:
            return f"row {count + 1} is missing"
        signed = self._sealer.sign("audit", mark, row.seq, row.at, row.kind, row.subject, row.body)
        if signed != row.mark:
            return f"row {row.seq} ({row.kind} {row.subject}) does not verify"
        anchor = wanted.get(row.seq)
        return f"row {row.seq} is not the one that {anchor.where} anchors" if anchor and anchor.mark != row.mark else ""

    def _anchors(self, conn: sa.Connection) -> Iterator[_Anchor]:
        """Every place that says how long the trail was; seq -1 for one that does not verify itself."""
        yield self._head_row(conn)
        for row in conn.execute(sa.select(ANCHOR)):
            yield self._checked("anchor", row.mark, (row.seq, row.head, row.why), f"the anchor of {row.why}")
        for row in conn.execute(
            sa.select(REPORT.c.incident, REPORT.c.audit_count, REPORT.c.audit_head, REPORT.c.body, REPORT.c.mark)
        ):
            where = f"the report of {row.incident}"
            sealed = self._sealer.holds(
                "report", row.incident, row.mark, row.incident, row.audit_count, row.audit_head, row.body
            )
            yield _Anchor(row.audit_count if sealed else -1, row.audit_head, where)
        yield self._file_of(conn)

    def _head_row(self, conn: sa.Connection) -> _Anchor:
        row = conn.execute(sa.select(INSTANCE.c.body, INSTANCE.c.mark).where(INSTANCE.c.name == HEAD)).first()
        if row is None:
            return _Anchor(-1, "", "the head row, which is missing,")
        return self._checked(HEAD, row.mark, (row.body,), "the head row", lambda: json.loads(row.body))

    def _file_of(self, conn: sa.Connection) -> _Anchor:
        """On SQLite it is written with the database, so that after a report it can only have been taken away."""
        is_kept = self._db.is_sqlite and conn.execute(sa.select(REPORT.c.incident).limit(1)).first() is not None
        if is_kept and not self._folder.anchor():
            return _Anchor(-1, "", "the anchor in the data folder, which is missing,")
        return self._file()

    def _file(self) -> _Anchor:
        text = self._folder.anchor()
        if not text:
            return _Anchor(0, "", "the anchor in the data folder")
        try:
            body, mark = json.loads(text)
        except ValueError:
            return _Anchor(-1, "", "the anchor in the data folder")
        return self._checked("anchor file", mark, (body,), "the anchor in the data folder", lambda: json.loads(body))

    def _checked(
        self,
        table: str,
        mark: str,
        values: tuple[object, ...],
        where: str,
        parse: Callable[[], list[object]] | None = None,
    ) -> _Anchor:
        if not self._sealer.holds(table, where, mark, *values):
            return _Anchor(-1, "", where)
        seq, head = parse() if parse else values[:2]
        return _Anchor(int(str(seq)), str(head), where)
