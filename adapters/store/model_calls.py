"""Port ModelLog: every call of a model with its exact texts, sealed; its numbers and the hashes of the texts are in the trail."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.store.audit import append_audit
from adapters.store.database import Database
from adapters.store.rows import clean, dump, epoch, load
from adapters.store.schema import AUDIT, MODEL_CALL
from adapters.store.sealed import Sealer
from core.errors import TamperedError
from core.model import Mind, ModelCall, Spent
from core.world import Json

KIND = "model.call"
_COUNTED = sa.select(AUDIT.c.body).where(AUDIT.c.kind == KIND)


class StoredModelLog:
    """Calls in `ns_model_call`."""

    def __init__(self, db: Database, sealer: Sealer) -> None:
        self._db, self._sealer = db, sealer

    def keep(self, call: ModelCall) -> None:
        """See `core.mind_ports.ModelLog`."""
        body = dump(call, ModelCall)
        values = (clean(call.id), str(call.mind), clean(call.subject), clean(call.avatar), epoch(call.at))
        row = (*values, call.tokens, call.cost, body)
        with self._db.write() as tx:
            columns = dict(zip(("id", "mind", "subject", "avatar", "at", "tokens", "cost", "body"), row, strict=True))
            if tx.insert_new(MODEL_CALL, **columns, mark=self._sealer.sign("model call", *row)):
                append_audit(tx, self._sealer, KIND, call.subject, audited(call), call.at)

    def of(self, subject: str) -> tuple[ModelCall, ...]:
        """See `core.mind_ports.ModelLog`."""
        mine = sa.select(MODEL_CALL).where(MODEL_CALL.c.subject == clean(subject))
        with self._db.read() as conn:
            rows = conn.execute(mine.order_by(MODEL_CALL.c.at, MODEL_CALL.c.id)).all()
            gone = list(_gone(conn, _COUNTED.where(AUDIT.c.subject == clean(subject)), {row.id for row in rows}))
        for row in rows:
            self._sealer.require("model call", row.id, row.mark, *_sealed(row))
        if gone:
            raise TamperedError(f"model call {gone[0]} was deleted outside Nightshift")
        return tuple(load(row.body, ModelCall) for row in rows)

    def spent(self, since: datetime, subject: str = "", avatar: str = "") -> Spent:
        """See `core.mind_ports.ModelLog`."""
        calls, tokens, cost = sa.func.count(), sa.func.sum(MODEL_CALL.c.tokens), sa.func.sum(MODEL_CALL.c.cost)
        query = sa.select(calls, tokens, cost).where(MODEL_CALL.c.mind == Mind.BRAIN, MODEL_CALL.c.at >= epoch(since))
        if subject:
            query = query.where(MODEL_CALL.c.subject == clean(subject))
        if avatar:
            query = query.where(MODEL_CALL.c.avatar == clean(avatar))
        with self._db.read() as conn:
            found = conn.execute(query).one()
        return Spent(int(found[0]), int(found[1] or 0), int(found[2] or 0))

    def broken(self) -> Iterator[str]:
        """Names of the rows that were changed or are gone."""
        with self._db.read() as conn:
            there = set(conn.execute(sa.select(MODEL_CALL.c.id)).scalars())
            yield from (f"model call {name}" for name in _gone(conn, _COUNTED, there))
            for row in conn.execution_options(yield_per=100).execute(sa.select(MODEL_CALL)):
                if not self._sealer.holds("model call", row.id, row.mark, *_sealed(row)):
                    yield f"model call {row.id}"


def audited(call: ModelCall) -> dict[str, Json]:
    """What the trail says of a call: its numbers, and which texts they were."""
    return {
        "id": clean(call.id),
        "mind": call.mind,
        "avatar": call.avatar,
        "model": call.model,
        "prompt": call.prompt,
        "tokens_in": call.tokens_in,
        "tokens_out": call.tokens_out,
        "cost": call.cost,
        "seconds": call.seconds,
        "error": call.error,
        "sent": _hash(call.sent),
        "said": _hash(call.said),
    }


def _gone(conn: sa.Connection, counted: sa.Select[Any], there: set[str]) -> Iterator[str]:
    """Calls that the trail knows and that have no row."""
    for body in conn.execute(counted).scalars():
        name = str(json.loads(body)["id"])
        if name not in there:
            yield name


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _sealed(row: Any) -> tuple[object, ...]:
    return (row.id, row.mind, row.subject, row.avatar, row.at, row.tokens, row.cost, row.body)
