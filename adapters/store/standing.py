"""Port Standing: what people laid down, one sealed row a kind with the whole list, so that none can be taken away unnoticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar, cast

import sqlalchemy as sa

from adapters.store.audit import append_audit
from adapters.store.database import Database, Transaction
from adapters.store.schema import STANDING
from adapters.store.sealed import Sealer
from core.admission import Admission
from core.errors import TamperedError, UnknownError
from core.journal_json import from_json, to_json
from core.laid_down import LaidDown
from core.pause import Pause
from core.standing_order import StandingOrder
from core.tightening import Tightening
from core.told_rule import ToldRule
from core.world import Json

S = TypeVar("S", bound=LaidDown)

KINDS: dict[type, str] = {
    Pause: "pause",
    StandingOrder: "order",
    ToldRule: "rule",
    Tightening: "mode",
    Admission: "admission",
}
"""The name of each kind, in its row and in the audit trail."""

KEPT = timedelta(days=90)
"""How long what is over stays in the list."""


def begin_standing(tx: Transaction, sealer: Sealer) -> None:
    """Writes an empty list for each kind; from here on a missing one means that somebody took it away."""
    for kind in KINDS.values():
        tx.insert_new(STANDING, kind=kind, body="[]", mark=sealer.sign("standing", kind, "[]"))


class StoredStanding(Generic[S]):
    """One kind in `ns_standing`. The row is read each time; only what the same text means is remembered."""

    def __init__(self, db: Database, sealer: Sealer, noun: type[S]) -> None:
        self._db, self._sealer, self._noun, self._kind = db, sealer, noun, KINDS[noun]
        self._last: tuple[str, str, tuple[S, ...]] = ("", "", ())

    def all(self) -> tuple[S, ...]:
        """See `core.people_ports.Standing`."""
        with self._db.read() as conn:
            row = conn.execute(sa.select(STANDING).where(STANDING.c.kind == self._kind)).first()
        return self._of(row)

    def put(self, item: S, by: str, now: datetime) -> S:
        """See `core.people_ports.Standing`."""
        with self._db.write() as tx:
            items = self._locked(tx)
            found = next((one for one in items if one.id == item.id), None)
            if found is not None:
                return found
            self._write(tx, (*items, item), item, by, now)
        return item

    def change(self, id: str, change: Callable[[S], S], by: str, now: datetime) -> S:
        """See `core.people_ports.Standing`. A change that changes nothing writes nothing."""
        with self._db.write() as tx:
            items = self._locked(tx)
            before = next((one for one in items if one.id == id), None)
            if before is None:
                raise UnknownError(self._kind, id, tuple(one.id for one in items if one.ends is None or one.ends > now))
            after = change(before)
            if after != before:
                self._write(tx, tuple(after if one is before else one for one in items), after, by, now)
        return after

    def check(self) -> None:
        """Notes a list that does not verify, without raising."""
        with self._db.read() as conn:
            row = conn.execute(sa.select(STANDING).where(STANDING.c.kind == self._kind)).first()
        if row is None:
            self._sealer.note(f"list of every {self._kind}, which is missing")
        else:
            self._sealer.holds("standing", self._kind, row.mark, row.kind, row.body)

    def verified(self, body: str | None, mark: str | None) -> tuple[S, ...]:
        """What a row holds, given as its body and mark; raises TamperedError for one that was changed or is missing (None)."""
        if body is None or mark is None:
            self._sealer.note(f"list of every {self._kind}, which is missing")
            raise TamperedError(f"the list of every {self._kind} is missing; nothing acts until it is back")
        known_body, known_mark, items = self._last
        if (body, mark) != (known_body, known_mark):
            self._sealer.require("standing", self._kind, mark, self._kind, body)
            items = tuple(from_json(one, self._noun) for one in json.loads(body))
            self._last = (body, mark, items)
        return items

    def _locked(self, tx: Transaction) -> tuple[S, ...]:
        query = sa.select(STANDING).where(STANDING.c.kind == self._kind).with_for_update()
        return self._of(tx.conn.execute(query).first())

    def _of(self, row: sa.Row[Any] | None) -> tuple[S, ...]:
        return self.verified(None, None) if row is None else self.verified(row.body, row.mark)

    def _write(self, tx: Transaction, items: tuple[S, ...], changed: S, by: str, now: datetime) -> None:
        kept = [one for one in items if one.ends is None or one.ends + KEPT > now]
        body = json.dumps([to_json(one, self._noun) for one in kept], separators=(",", ":"))
        values = {"body": body, "mark": self._sealer.sign("standing", self._kind, body)}
        tx.conn.execute(sa.update(STANDING).where(STANDING.c.kind == self._kind).values(**values))
        said = cast("dict[str, Json]", to_json(changed, self._noun))
        append_audit(tx, self._sealer, self._kind, changed.id, {"said_by": by, **said}, now)
