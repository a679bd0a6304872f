"""Port EffectLog: intent before, outcome after; each row sealed as it stands, each step also a row of the audit trail."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.store.audit import append_audit
from adapters.store.database import Database, Transaction
from adapters.store.rows import canonical, clean, dump, epoch, load, moment
from adapters.store.schema import AUDIT, BLOB, EFFECT
from adapters.store.sealed import Sealer
from core.capability import NO_UNDO, Undo
from core.errors import TamperedError, UnknownError
from core.journal import EffectRow
from core.world import Json

_SEALED = [column for column in EFFECT.c if column.name != "mark"]
_NEWEST = 200

_DELETED = (
    sa.select(AUDIT.c.seq)
    .outerjoin(EFFECT, EFFECT.c.action == AUDIT.c.seq)
    .where(AUDIT.c.kind == "intent", EFFECT.c.action.is_(None))
    .order_by(AUDIT.c.seq)
)


class StoredEffects:
    """The ledger in `ns_effect`. The number of an action is the number of its intent in the audit trail."""

    def __init__(self, db: Database, sealer: Sealer) -> None:
        self._db, self._sealer = db, sealer

    def intend(self, run: str, host: str, effect: str, detail: dict[str, Json], now: datetime) -> int:
        """See `core.ports.EffectLog`. `undoes` in the detail names the action that this one takes back."""
        row: dict[str, Any] = {
            "run": clean(run),
            "host": clean(host),
            "effect": clean(effect),
            "detail": canonical(detail),
            "at": epoch(now),
            "pid": 0,
            "start": 0,
            "ok": None,
            "result": "",
            "undo": dump(NO_UNDO, Undo),
            "undone_by": 0,
        }
        with self._db.write() as tx:
            body: dict[str, Json] = {"run": row["run"], "host": row["host"], "effect": row["effect"], "detail": detail}
            row["action"] = append_audit(tx, self._sealer, "intent", row["run"], body, now).seq
            tx.conn.execute(sa.insert(EFFECT).values(**row, mark=self._mark(row)))
        return int(row["action"])

    def started(self, action: int, pid: int, start: int) -> None:
        """See `core.ports.EffectLog`."""
        with self._db.write() as tx:
            self._change(tx, action, pid=pid, start=start)

    def done(self, action: int, ok: bool, result: str, undo: Undo, now: datetime) -> None:  # noqa: FBT001 - the port's own
        """See `core.ports.EffectLog`. A second outcome of the same action changes nothing."""
        with self._db.write() as tx:
            row = self._load(tx, action)
            if row["ok"] is not None:
                return
            self._change(tx, action, ok=ok, result=clean(result), undo=dump(undo, Undo))
            undoes = json.loads(row["detail"]).get("undoes")
            if ok and isinstance(undoes, int):
                self._change(tx, undoes, undone_by=action)
                again = json.loads(self._load(tx, undoes)["detail"]).get("undoes")
                if isinstance(again, int):  # an undo was taken back: what it took back stands again
                    self._change(tx, again, undone_by=0)
            body: dict[str, Json] = {"action": action, "ok": ok, "result": result, "undo": undo.kind}
            append_audit(tx, self._sealer, "outcome", row["run"], body, now)

    def of_run(self, run: str) -> tuple[EffectRow, ...]:
        """See `core.ports.EffectLog`. A row that was deleted is missed by its intent in the audit trail."""
        with self._db.read() as conn:
            rows = (
                conn.execute(sa.select(EFFECT).where(EFFECT.c.run == clean(run)).order_by(EFFECT.c.action))
                .mappings()
                .all()
            )
            gone = conn.execute(_DELETED.where(AUDIT.c.subject == clean(run))).scalars().all()
        if gone:
            self._note_deleted(gone)
            raise TamperedError(f"effect {gone[0]} of run {run} was deleted outside Nightshift")
        for row in rows:
            self._sealer.require("effect", row["action"], row["mark"], *self._values(row))
        return tuple(_effect(row) for row in rows)

    def run_of(self, action: int) -> tuple[str, str]:
        """The run and the host of one action; raises UnknownError."""
        with self._db.read() as conn:
            row = conn.execute(sa.select(EFFECT.c.run, EFFECT.c.host).where(EFFECT.c.action == action)).first()
        if row is None:
            raise UnknownError("action", str(action))
        return row.run, row.host

    def unfinished(self) -> tuple[EffectRow, ...]:
        """See `core.ports.EffectLog`. A row that does not verify is absent here and listed as tampered with."""
        with self._db.read() as conn:
            rows = (
                conn.execute(sa.select(EFFECT).where(EFFECT.c.ok.is_(None)).order_by(EFFECT.c.action)).mappings().all()
            )
        return tuple(
            _effect(row) for row in rows if self._sealer.holds("effect", row["action"], row["mark"], *self._values(row))
        )

    def check(self) -> None:
        """Lists as tampered with what is gone, and what of the newest does not verify; the bytes for their undo must be there too."""
        with self._db.read() as conn:
            self._note_deleted(conn.execute(_DELETED.limit(_NEWEST)).scalars())
            rows = conn.execute(sa.select(EFFECT).order_by(EFFECT.c.action.desc()).limit(_NEWEST)).mappings().all()
            sound = [
                row for row in rows if self._sealer.holds("effect", row["action"], row["mark"], *self._values(row))
            ]
            needed = {load(row["undo"], Undo).blob for row in sound if row["ok"] and not row["undone_by"]} - {""}
            kept = set(conn.execute(sa.select(BLOB.c.sha256).where(BLOB.c.sha256.in_(needed))).scalars())
        for name in sorted(needed - kept):
            self._sealer.note(f"blob {name}")

    def _note_deleted(self, actions: Iterable[int]) -> None:
        for action in actions:
            self._sealer.note(f"effect {action}")

    def broken(self) -> Iterator[str]:
        """Names of the rows that do not verify or are gone, whatever their state."""
        with self._db.read() as conn:
            yield from (f"effect {action}" for action in conn.execute(_DELETED).scalars())
            for row in (
                conn.execution_options(yield_per=2000).execute(sa.select(EFFECT).order_by(EFFECT.c.action)).mappings()
            ):
                if not self._sealer.holds("effect", row["action"], row["mark"], *self._values(row)):
                    yield f"effect {row['action']}"

    def _load(self, tx: Transaction, action: int) -> dict[str, Any]:
        found = tx.conn.execute(sa.select(EFFECT).where(EFFECT.c.action == action).with_for_update()).mappings().first()
        if found is None:
            raise UnknownError("action", str(action))
        self._sealer.require("effect", action, found["mark"], *self._values(found))
        return dict(found)

    def _change(self, tx: Transaction, action: int, **values: object) -> None:
        row = self._load(tx, action) | values
        tx.conn.execute(sa.update(EFFECT).where(EFFECT.c.action == action).values(**values, mark=self._mark(row)))

    def _mark(self, row: dict[str, Any]) -> str:
        return self._sealer.sign("effect", *self._values(row))

    @staticmethod
    def _values(row: Any) -> tuple[object, ...]:
        return tuple(row[column.name] for column in _SEALED)


def _effect(row: Any) -> EffectRow:
    return EffectRow(
        action=row["action"],
        run=row["run"],
        host=row["host"],
        effect=row["effect"],
        at=moment(row["at"]),
        ok=row["ok"],
        result=row["result"],
        undo=load(row["undo"], Undo),
        pid=row["pid"],
        start=row["start"],
        undone_by=row["undone_by"],
    )
