"""Port Standing: what people laid down, one sealed row a kind with the whole list, so that none can be taken away unnoticed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar, cast

import sqlalchemy as sa

from adapters.store.audit import append_audit, newest
from adapters.store.database import Database, Transaction
from adapters.store.schema import STANDING
from adapters.store.sealed import Sealer
from core.admission import Admission
from core.errors import TamperedError, UnknownError
from core.journal_json import from_json, to_json
from core.laid_down import LaidDown
from core.pause import Pause
from core.skill_gap import SkillGap
from core.standing_order import StandingOrder
from core.tightening import Tightening
from core.told_rule import ToldRule
from core.trigger import LearnedTrigger
from core.world import Json

S = TypeVar("S", bound=LaidDown)

KINDS: dict[type, str] = {
    Pause: "pause",
    StandingOrder: "order",
    ToldRule: "rule",
    Tightening: "mode",
    Admission: "admission",
    SkillGap: "gap",
    LearnedTrigger: "trigger",
}
"""The name of each kind, in its row and in the audit trail."""

KEPT = timedelta(days=90)
"""How long what is over stays in the list."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A list as it was read, together with the number of the last row of the trail that says something of its kind."""

    body: str
    mark: str
    seq: int
    newest: int


def begin_standing(tx: Transaction, sealer: Sealer, kinds: Iterable[type] = tuple(KINDS)) -> None:
    """Writes an empty list for each kind; from here on a missing one means that somebody took it away."""
    for kind in map(KINDS.__getitem__, kinds):
        tx.insert_new(STANDING, kind=kind, body="[]", seq=0, mark=sealer.sign("standing", kind, 0, "[]"))


class StoredStanding(Generic[S]):
    """One kind in `ns_standing`. The row is read each time; only what the same text means is remembered."""

    def __init__(self, db: Database, sealer: Sealer, noun: type[S]) -> None:
        self._db, self._sealer, self._noun, self._kind = db, sealer, noun, KINDS[noun]
        self._last: tuple[str, str, int, tuple[S, ...]] = ("", "", -1, ())
        self._row = sa.select(STANDING, newest(self._kind).label("newest")).where(STANDING.c.kind == self._kind)

    def all(self) -> tuple[S, ...]:
        """See `core.people_ports.Standing`."""
        with self._db.read() as conn:
            row = conn.execute(self._row).first()
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
        with suppress(TamperedError):
            self.all()

    def verified(self, row: Sealed | None) -> tuple[S, ...]:
        """What a row holds; raises TamperedError for one that was changed, is missing (None), or was the last one once."""
        if row is None:
            self._sealer.note(f"list of every {self._kind}, which is missing")
            raise TamperedError(f"the list of every {self._kind} is missing; nothing acts until it is back")
        if row.seq < row.newest:
            self._sealer.note(f"list of every {self._kind}, which is an older one")
            raise TamperedError(f"the list of every {self._kind} is an older one that was put back; nothing acts by it")
        body, mark, seq, items = self._last
        if (row.body, row.mark, row.seq) != (body, mark, seq):
            self._sealer.require("standing", self._kind, row.mark, self._kind, row.seq, row.body)
            items = tuple(from_json(one, self._noun) for one in json.loads(row.body))
            self._last = (row.body, row.mark, row.seq, items)
        return items

    def _locked(self, tx: Transaction) -> tuple[S, ...]:
        return self._of(tx.conn.execute(self._row.with_for_update(of=STANDING)).first())

    def _of(self, row: sa.Row[Any] | None) -> tuple[S, ...]:
        return self.verified(None if row is None else Sealed(row.body, row.mark, row.seq, row.newest))

    def _write(self, tx: Transaction, items: tuple[S, ...], changed: S, by: str, now: datetime) -> None:
        kept = [one for one in items if one.ends is None or one.ends + KEPT > now]
        body = json.dumps([to_json(one, self._noun) for one in kept], separators=(",", ":"))
        said = cast("dict[str, Json]", to_json(changed, self._noun))
        seq = append_audit(tx, self._sealer, self._kind, changed.id, {"said_by": by, **said}, now).seq
        mark = self._sealer.sign("standing", self._kind, seq, body)
        tx.conn.execute(sa.update(STANDING).where(STANDING.c.kind == self._kind).values(body=body, mark=mark, seq=seq))
