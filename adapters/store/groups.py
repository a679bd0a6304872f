"""One trouble out of many alarms, in the transaction in which they come in: who leads, and what becomes of those that led before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from adapters.store.approvals import StoredApprovals
from adapters.store.database import Transaction
from adapters.store.outbox import post_cards, take_back_card
from adapters.store.rows import epoch, load, moment
from adapters.store.schema import INCIDENT
from core.alert import Alert
from core.card import Card, CardKind
from core.grouping import AWAITED, WINDOW, Trouble
from core.incident import IncidentState
from core.inventory import Inventory
from core.set_back import SLACK

_AT_ONCE = 400
_BEGUN = (IncidentState.ACTING, IncidentState.WATCHING)


def heads_near(tx: Transaction, new: Sequence[Trouble], inventory: Inventory, now: datetime) -> tuple[Trouble, ...]:
    """Open incidents of the last minutes that nobody leads, on the hosts of these and on their neighbours."""
    hosts = {one.alert.host for one in new}
    near = sorted(hosts.union(*(inventory.neighbours(host) for host in hosts)))
    found = []
    for start in range(0, len(near), _AT_ONCE):
        query = sa.select(INCIDENT.c.id, INCIDENT.c.alert, INCIDENT.c.opened, INCIDENT.c.state, INCIDENT.c.round).where(
            INCIDENT.c.opened.between(epoch(now - WINDOW), epoch(now + SLACK)),
            INCIDENT.c.closed.is_(None),
            INCIDENT.c.lead.in_(("", AWAITED)),
            INCIDENT.c.host.in_(near[start : start + _AT_ONCE]),
        )
        for row in tx.conn.execute(query.order_by(INCIDENT.c.id).with_for_update()):
            is_busy = row.state in _BEGUN or row.round > 1
            found.append(Trouble(row.id, load(row.alert, Alert), moment(row.opened), is_busy))
    return tuple(found)


def follow(tx: Transaction, led: Mapping[str, str]) -> None:
    """These incidents, and those that they led, are part of a deeper one from now on."""
    for incident, lead in sorted(led.items()):
        still_open = INCIDENT.c.closed.is_(None)
        tx.conn.execute(sa.update(INCIDENT).where(INCIDENT.c.lead == incident, still_open).values(lead=lead))
        held = sa.update(INCIDENT).where(INCIDENT.c.id == incident, still_open)
        tx.conn.execute(held.values(lead=lead, state=IncidentState.HELD))


def put_questions_aside(
    tx: Transaction, approvals: StoredApprovals, channels: Iterable[str], led: Mapping[str, str], now: datetime
) -> None:
    """What these incidents asked is not asked any more: a card that nobody has seen is not shown, one that was shown says so."""
    for incident, lead in sorted(led.items()):
        for approval in approvals.put_aside(tx, incident, "grouping", f"part of {lead}", now):
            card = Card(f"{approval}:held", CardKind.DECIDED, incident, approval)
            for channel in channels:
                if not take_back_card(tx, channel, f"{approval}:ask", now):
                    post_cards(tx, (channel,), (card,), now)
