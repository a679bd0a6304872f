"""Port PageLog: who was woken, when, about what, and what came of it; each step has its row in the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.store.audit import append_audit
from adapters.store.database import Database, Transaction
from adapters.store.rows import clean, dump, epoch, load
from adapters.store.schema import PAGE
from adapters.store.sealed import Sealer
from core.errors import UnknownError
from core.page import Page
from core.ports import Clock
from core.world import Json


class StoredPages:
    """Pages in `ns_page`."""

    def __init__(self, db: Database, sealer: Sealer, clock: Clock) -> None:
        self._db, self._sealer, self._clock = db, sealer, clock

    def put(self, page: Page) -> Page:
        """See `core.people_ports.PageLog`."""
        with self._db.write() as tx:
            if not tx.insert_new(PAGE, **self._row(page)):
                there = tx.conn.execute(sa.select(PAGE).where(PAGE.c.id == clean(page.id))).one()
                if self._holds(there):
                    return load(there.body, Page)
                tx.conn.execute(sa.update(PAGE).where(PAGE.c.id == clean(page.id)).values(**self._row(page)))
            self._note(tx, "page", page)
        return page

    def change(self, id: str, change: Callable[[Page], Page]) -> Page:
        """See `core.people_ports.PageLog`."""
        with self._db.write() as tx:
            row = tx.conn.execute(sa.select(PAGE).where(PAGE.c.id == clean(id)).with_for_update()).first()
            if row is None or not self._holds(row):
                raise UnknownError("page", id)
            before = load(row.body, Page)
            after = change(before)
            if after != before:
                tx.conn.execute(sa.update(PAGE).where(PAGE.c.id == clean(id)).values(**self._row(after)))
                self._note(tx, _what_happened(before, after), after)
        return after

    def open(self) -> tuple[Page, ...]:
        """See `core.people_ports.PageLog`."""
        return self._all(PAGE.c.acknowledged.is_(None))

    def of(self, incident: str) -> tuple[Page, ...]:
        """See `core.people_ports.PageLog`."""
        return self._all(PAGE.c.incident == clean(incident))

    def since(self, moment: datetime) -> tuple[Page, ...]:
        """See `core.people_ports.PageLog`."""
        return self._all(PAGE.c.due >= epoch(moment))

    def _all(self, where: sa.ColumnElement[bool]) -> tuple[Page, ...]:
        query = sa.select(PAGE).where(where).order_by(PAGE.c.due, PAGE.c.id)
        with self._db.read() as conn:
            rows = conn.execute(query).all()
        pages = [load(row.body, Page) for row in rows if self._holds(row)]
        return tuple(sorted(pages, key=lambda page: (page.due, page.rung, page.id)))

    def _holds(self, row: Any) -> bool:
        """One that was written by hand is absent: whoever can write here must not make it look as if somebody had been woken."""
        return self._sealer.holds(
            "page", row.id, row.mark, row.id, row.incident, row.due, row.acknowledged is None, row.body
        )

    def _row(self, page: Page) -> dict[str, object]:
        id, incident, due, body = clean(page.id), clean(page.incident), epoch(page.due), dump(page, Page)  # noqa: A001 - the column's
        return {
            "id": id,
            "incident": incident,
            "due": due,
            "acknowledged": None if page.acknowledged is None else epoch(page.acknowledged),
            "body": body,
            "mark": self._sealer.sign("page", id, incident, due, page.acknowledged is None, body),
        }

    def _note(self, tx: Transaction, kind: str, page: Page) -> None:
        if not kind:
            return
        body: dict[str, Json] = {"person": page.person, "reason": page.reason, "rung": page.rung, "line": page.line}
        body |= {"receipt": page.receipt.detail} if page.receipt else {}
        body |= {"by": page.acknowledged_by} if page.acknowledged else {}
        append_audit(tx, self._sealer, kind, page.incident, body, self._clock.now())


def _what_happened(before: Page, after: Page) -> str:
    """The word for the trail; that a try begins is no news."""
    if after.acknowledged != before.acknowledged:
        return "page answered"
    if after.receipt != before.receipt and after.receipt is not None:
        return "page sent" if after.receipt.ok else "page failed"
    return ""
