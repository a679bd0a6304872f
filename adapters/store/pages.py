"""Port PageLog: who was woken, when, about what, and what came of it; each step has its row in the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

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
            if tx.insert_new(PAGE, **_row(page)):
                self._note(tx, "page", page)
                return page
            return load(tx.conn.execute(sa.select(PAGE.c.body).where(PAGE.c.id == clean(page.id))).scalar_one(), Page)

    def change(self, id: str, change: Callable[[Page], Page]) -> Page:
        """See `core.people_ports.PageLog`."""
        with self._db.write() as tx:
            body = tx.conn.execute(sa.select(PAGE.c.body).where(PAGE.c.id == clean(id)).with_for_update()).scalar()
            if body is None:
                raise UnknownError("page", id)
            before = load(body, Page)
            after = change(before)
            if after != before:
                tx.conn.execute(sa.update(PAGE).where(PAGE.c.id == clean(id)).values(**_row(after)))
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
        query = sa.select(PAGE.c.body).where(where).order_by(PAGE.c.due, PAGE.c.id)
        with self._db.read() as conn:
            pages = [load(body, Page) for body in conn.execute(query).scalars()]
        return tuple(sorted(pages, key=lambda page: (page.due, page.rung, page.id)))

    def _note(self, tx: Transaction, kind: str, page: Page) -> None:
        if not kind:
            return
        body: dict[str, Json] = {"person": page.person, "reason": page.reason, "rung": page.rung, "line": page.line}
        body |= {"receipt": page.receipt.detail} if page.receipt else {}
        body |= {"by": page.acknowledged_by} if page.acknowledged else {}
        append_audit(tx, self._sealer, kind, page.incident, body, self._clock.now())


def _row(page: Page) -> dict[str, object]:
    return {
        "id": clean(page.id),
        "incident": clean(page.incident),
        "due": epoch(page.due),
        "acknowledged": None if page.acknowledged is None else epoch(page.acknowledged),
        "body": dump(page, Page),
    }


def _what_happened(before: Page, after: Page) -> str:
    """The word for the trail; that a try begins is no news."""
    if after.acknowledged != before.acknowledged:
        return "page answered"
    if after.receipt != before.receipt and after.receipt is not None:
        return "page sent" if after.receipt.ok else "page failed"
    return ""
