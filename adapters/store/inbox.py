"""Port Inbox: what people said, durable and once, sealed because it may be a yes."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from adapters.store.database import Database
from adapters.store.rows import clean, dump, load
from adapters.store.schema import INBOX
from adapters.store.sealed import Sealer
from core.message import Message, any_message


class StoredInbox:
    """Messages in `ns_inbox`."""

    def __init__(self, db: Database, sealer: Sealer) -> None:
        self._db, self._sealer = db, sealer

    def put(self, message: Message) -> bool:
        """See `core.ports.Inbox`."""
        channel, name, body = clean(message.channel), clean(message.id), dump(message, Message)
        with self._db.write() as tx:
            return tx.insert_new(
                INBOX,
                channel=channel,
                id=name,
                is_done=False,
                reply="",
                body=body,
                mark=self._sealer.sign("inbox", channel, name, body),
            )

    def next(self, wanted: Callable[[Message], bool] = any_message) -> Message | None:
        """See `core.ports.Inbox`. A row that does not verify was said by nobody: it is passed over and listed as tampered with."""
        query = sa.select(INBOX).where(INBOX.c.is_done == sa.false()).order_by(INBOX.c.seq).limit(1000)
        with self._db.read() as conn:
            for row in conn.execute(query):
                if not self._sealer.holds("inbox", f"{row.channel} {row.id}", row.mark, row.channel, row.id, row.body):
                    continue
                message: Message = load(row.body, Message)
                if wanted(message):
                    return message
        return None

    def done(self, message: Message, reply: str) -> None:
        """See `core.ports.Inbox`."""
        mine = sa.and_(INBOX.c.channel == clean(message.channel), INBOX.c.id == clean(message.id))
        with self._db.write() as tx:
            tx.conn.execute(sa.update(INBOX).where(mine).values(is_done=True, reply=clean(reply)))

    def reply(self, channel: str, id: str) -> str | None:
        """See `core.ports.Inbox`."""
        query = sa.select(INBOX.c.reply).where(
            INBOX.c.channel == clean(channel), INBOX.c.id == clean(id), INBOX.c.is_done == sa.true()
        )
        with self._db.read() as conn:
            found = conn.execute(query).scalar()
        return None if found is None else str(found)
