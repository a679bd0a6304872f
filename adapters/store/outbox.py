"""Port Outbox: cards on their way out, one row per channel and key, in order within a thread."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from adapters.store.database import Database, Transaction
from adapters.store.rows import clean, dump, epoch, load, moment
from adapters.store.schema import OUTBOX
from core.card import Card, OutboxItem, outdated

SENDING = 60.0
"""Seconds after which a card that was handed out and neither sent nor retried is handed out again."""
_WINDOW = 500
_LONGEST = 360.0
"""Seconds that no card waits: one that is due later than that was written before the clock was set back."""

SILENT = 120.0
"""Seconds without taking anything after which a channel is cut off."""
_FAILED = 2
"""Tries of one card before its channel counts as failing."""


def post_cards(tx: Transaction, channels: Sequence[str], cards: Sequence[Card], now: datetime) -> None:
    """Writes cards to every channel, in the caller's transaction."""
    rows = [
        {
            "channel": channel,
            "key": clean(card.key),
            "thread": clean(card.thread),
            "is_sent": False,
            "due": epoch(now),
            "tries": 0,
            "body": dump(card, Card),
            "posted": epoch(now),
        }
        for channel in sorted(channels)
        for card in cards
    ]
    if rows:
        tx.conn.execute(tx.insert(OUTBOX).on_conflict_do_nothing(index_elements=["channel", "key"]), rows)
        tx.has_cards = True


def take_back_card(tx: Transaction, channel: str, key: str, now: datetime) -> bool:
    """Takes a card back that nobody can have seen, in the caller's transaction; False where it was shown or is on its way."""
    mine = sa.and_(OUTBOX.c.channel == channel, OUTBOX.c.key == clean(key))
    row = tx.conn.execute(sa.select(OUTBOX.c.is_sent, OUTBOX.c.tries).where(mine).with_for_update()).first()
    if row is None or row.is_sent or row.tries:
        return row is None
    tx.conn.execute(sa.update(OUTBOX).where(mine).values(is_sent=True, due=epoch(now)))
    return True


class StoredOutbox:
    """Cards in `ns_outbox`."""

    def __init__(self, db: Database, channels: Sequence[str]) -> None:
        self._db, self._channels = db, tuple(channels)

    def post(self, card: Card, now: datetime) -> None:
        """See `core.ports.Outbox`."""
        with self._db.write() as tx:
            post_cards(tx, self._channels, (card,), now)

    def due(self, channel: str, limit: int, now: datetime) -> tuple[OutboxItem, ...]:
        """See `core.ports.Outbox`. A card that waits holds back the later ones of its thread, and no other thread."""
        query = (
            sa.select(OUTBOX)
            .where(OUTBOX.c.channel == channel, OUTBOX.c.is_sent == sa.false())
            .order_by(OUTBOX.c.id)
            .limit(_WINDOW)
        )
        with self._db.read() as conn:
            if conn.execute(query.limit(1)).first() is None:
                return ()
        with self._db.write() as tx:
            tx.alone(f"outbox {channel}")
            if _silent_since(tx.conn, channel, now) is not None:
                _give_up(tx, tx.conn.execute(query).all())
            rows: list[sa.Row[tuple[object, ...]]] = []
            waiting: set[str] = set()
            for row in tx.conn.execute(query):
                if epoch(now) < row.due <= epoch(now) + _LONGEST:
                    waiting.add(row.thread)
                elif row.thread not in waiting and len(rows) < limit:
                    rows.append(row)
            until = epoch(now) + SENDING
            if rows:
                taken = sa.update(OUTBOX).where(OUTBOX.c.id.in_([row.id for row in rows]))
                tx.conn.execute(taken.values(due=until, tries=OUTBOX.c.tries + 1))
        return tuple(
            OutboxItem(row.id, row.channel, load(row.body, Card), row.tries + 1, moment(until)) for row in rows
        )

    def sent(self, item: int, now: datetime) -> None:
        """See `core.ports.Outbox`."""
        with self._db.write() as tx:
            tx.conn.execute(sa.update(OUTBOX).where(OUTBOX.c.id == item).values(is_sent=True, due=epoch(now)))

    def retry(self, item: int, due: datetime) -> None:
        """See `core.ports.Outbox`."""
        with self._db.write() as tx:
            tx.conn.execute(
                sa.update(OUTBOX).where(OUTBOX.c.id == item, OUTBOX.c.is_sent == sa.false()).values(due=epoch(due))
            )

    def cut_off(self, now: datetime) -> datetime | None:
        """See `core.ports.Outbox`."""
        with self._db.read() as conn:
            silent = [_silent_since(conn, channel, now) for channel in self._channels]
        since = [one for one in silent if one is not None]
        return moment(max(since)) if since and len(since) == len(silent) else None


def _silent_since(conn: sa.Connection, channel: str, now: datetime) -> float | None:
    """When a channel last took something, or should have; None where it is not long ago."""
    of_channel = OUTBOX.c.channel == channel
    waiting = sa.and_(of_channel, OUTBOX.c.is_sent == sa.false(), OUTBOX.c.tries >= _FAILED)
    posted = conn.execute(sa.select(sa.func.min(OUTBOX.c.posted)).where(waiting)).scalar()
    if posted is None or posted + SILENT > epoch(now):
        return None
    last = conn.execute(sa.select(sa.func.max(OUTBOX.c.due)).where(of_channel, OUTBOX.c.is_sent == sa.true())).scalar()
    since = max(float(posted), float(last or 0.0))
    return since if since + SILENT <= epoch(now) else None


def _give_up(tx: Transaction, rows: Sequence[sa.Row[tuple[object, ...]]]) -> None:
    """Marks what is outdated as sent, at no time; what is left has waited as long, and been tried as often, as the first of them."""
    items = {row.id: row for row in rows}
    old = outdated(OutboxItem(row.id, row.channel, load(row.body, Card), row.tries, moment(row.due)) for row in rows)
    for kept in set(old.values()):
        given_up = [items[one] for one, by in old.items() if by == kept]
        posted = min(row.posted for row in (*given_up, items[kept]))
        tries = max(row.tries for row in (*given_up, items[kept]))
        tx.conn.execute(sa.update(OUTBOX).where(OUTBOX.c.id == kept).values(posted=posted, tries=tries))
        gone = sa.update(OUTBOX).where(OUTBOX.c.id.in_([row.id for row in given_up]))
        tx.conn.execute(gone.values(is_sent=True, due=0.0))
