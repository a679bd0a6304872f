"""Port Intake: alerts come in, many in one transaction; each is written down, and each trouble is one incident."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from adapters.store.approvals import StoredApprovals, Writes
from adapters.store.database import Transaction
from adapters.store.groups import follow, heads_near, put_questions_aside
from adapters.store.legs import INVESTIGATE, leg_of, write_leg
from adapters.store.rows import clean, dump, epoch, moment
from adapters.store.schema import ALERT, INCIDENT
from adapters.store.storms import storm_of
from core.alert import Alert, AlertStatus, can_reopen, reopening
from core.grouping import Trouble, place, wait_of
from core.incident import Ending, IncidentState
from core.inventory import Inventory
from core.storm import can_storm

_AT_ONCE = 400
"""Keys in one query; SQLite and PostgreSQL both take more, but gain nothing by it."""


@dataclass(slots=True)
class _Trouble:
    """What one batch says of one dedupe key, in the order it was said."""

    first: Alert | None = None
    count: int = 0
    is_over: bool = False
    incident: str = ""

    def add(self, alert: Alert) -> None:
        self.is_over = alert.status is AlertStatus.RESOLVED
        if not self.is_over:
            self.first = self.first or alert
            self.count += 1


@dataclass(slots=True)
class _Batch:
    """The alerts of one call, each with what names the message and what names the trouble; those heard before are known."""

    keys: list[tuple[str, str]]
    known: dict[str, str]
    troubles: dict[str, _Trouble] = field(default_factory=dict)


class StoredIntake:
    """Alerts in `ns_alert`, troubles in `ns_incident`, sealed: what a person asked for by hand may carry their yes."""

    def __init__(self, writes: Writes, approvals: StoredApprovals) -> None:
        self._db, self._sealer, self._channels, self._approvals = writes.db, writes.sealer, writes.channels, approvals
        self._inventory = Inventory(())

    def know(self, inventory: Inventory) -> None:
        """From now on troubles of hosts that talk to each other can be one."""
        self._inventory = inventory

    def take_in(self, alerts: Sequence[Alert], now: datetime) -> tuple[str, ...]:
        """See `core.ports.Intake`. An alert whose source, status and id were heard before counts once; a resolved one counts nothing up."""
        if not alerts:
            return ()
        alerts = [_storable(alert) for alert in alerts]
        with self._db.write() as tx:
            tx.alone("intake")
            batch = self._sort(tx, alerts)
            self._join(tx, batch, now)
            self._open(tx, batch, now)
            self._note(tx, alerts, batch, now)
        return tuple(_incident_of(batch, message, trouble) for message, trouble in batch.keys)

    def source_says_over(self, incident: str) -> datetime | None:
        """See `core.ports.Intake`."""
        with self._db.read() as conn:
            since = conn.execute(sa.select(INCIDENT.c.source_over).where(INCIDENT.c.id == incident)).scalar()
        return None if since is None else moment(since)

    @staticmethod
    def _sort(tx: Transaction, alerts: Sequence[Alert]) -> _Batch:
        keys = [(_message_key(alert), clean(alert.dedupe_key)) for alert in alerts]
        known: dict[str, str] = {}
        closed_by_hand: dict[str, str] = {}
        firing = {key for (key, _), one in zip(keys, alerts, strict=True) if can_reopen(one)}
        heard = sa.select(ALERT.c.key, ALERT.c.incident, INCIDENT.c.ending)
        heard = heard.outerjoin_from(ALERT, INCIDENT, INCIDENT.c.id == ALERT.c.incident)
        for part in _parts([message for message, _ in keys]):
            for row in tx.conn.execute(heard.where(ALERT.c.key.in_(part))):
                is_again = row.ending == Ending.RESOLVED and row.key in firing
                (closed_by_hand if is_again else known)[row.key] = row.incident
        batch = _Batch(keys, known)
        seen = set(known)
        for (message, trouble), heard_now in zip(keys, alerts, strict=True):
            alert = reopening(heard_now, closed_by_hand.get(message, ""))
            if message not in seen:
                batch.troubles.setdefault(trouble, _Trouble()).add(alert)
            seen.add(message)
        return batch

    @staticmethod
    def _join(tx: Transaction, batch: _Batch, now: datetime) -> None:
        """Counts up incidents that are open; their rows are locked in order, so that none is closed while an alert joins it."""
        updates = []
        for part in _parts(sorted(batch.troubles)):
            query = sa.select(INCIDENT.c.id, INCIDENT.c.open_key, INCIDENT.c.source_over).where(
                INCIDENT.c.open_key.in_(part)
            )
            for row in tx.conn.execute(query.order_by(INCIDENT.c.open_key).with_for_update()):
                trouble = batch.troubles[row.open_key]
                trouble.incident = row.id
                over = (row.source_over or epoch(now)) if trouble.is_over else None
                updates.append({"which": row.id, "more": trouble.count, "over": over})
        if updates:
            counted = sa.update(INCIDENT).where(INCIDENT.c.id == sa.bindparam("which"))
            more = INCIDENT.c.count + sa.bindparam("more")
            tx.conn.execute(counted.values(count=more, source_over=sa.bindparam("over")), updates)

    def _open(self, tx: Transaction, batch: _Batch, now: datetime) -> None:
        """One incident for each new trouble; which of them leads and whether it storms is seen in the same transaction."""
        new = {key: one for key, one in sorted(batch.troubles.items()) if not one.incident and one.first is not None}
        for one in new.values():
            one.incident = secrets.token_hex(5)
        troubles = [Trouble(one.incident, one.first, now) for one in new.values() if one.first]
        led = self._led(tx, troubles, now)
        storms = self._storms(tx, [one for one in troubles if one.id not in led], now)
        for key, one in new.items():
            if one.first is not None:
                storm = storms[one.first.is_claim] if can_storm(one.first) else ""
                self._insert(tx, key, one, (led.get(one.incident, ""), storm), now)
        former = {incident: lead for incident, lead in led.items() if incident not in {one.id for one in troubles}}
        follow(tx, former)
        put_questions_aside(tx, self._approvals, self._channels, former, now)

    def _led(self, tx: Transaction, troubles: Sequence[Trouble], now: datetime) -> dict[str, str]:
        if not troubles:
            return {}
        return place(troubles, heads_near(tx, troubles, self._inventory, now), self._inventory)

    def _storms(self, tx: Transaction, heads: Sequence[Trouble], now: datetime) -> dict[bool, str]:
        """The storm of our own measurements and that of claims, '' for none."""
        coming = [one.alert.is_claim for one in heads if can_storm(one.alert)]
        return {
            voice: storm_of(tx, self._channels, coming.count(voice), now, is_claims=voice) for voice in (False, True)
        }

    def _insert(self, tx: Transaction, key: str, trouble: _Trouble, belongs: tuple[str, str], now: datetime) -> None:
        """A row, and its first leg where it stands for itself."""
        if trouble.first is None:
            return
        alert, (lead, storm) = dump(trouble.first, Alert), belongs
        state = IncidentState.HELD if lead or storm else IncidentState.OPEN
        tx.conn.execute(
            sa.insert(INCIDENT).values(
                id=trouble.incident,
                open_key=key,
                host=trouble.first.host,
                state=state,
                opened=epoch(now),
                count=trouble.count,
                round=1,
                picked="",
                source_over=epoch(now) if trouble.is_over else None,
                lead=lead,
                storm=storm,
                alert=alert,
                mark=self._sealer.sign("incident", trouble.incident, alert),
            )
        )
        if state is IncidentState.OPEN:
            write_leg(tx, leg_of(INVESTIGATE, trouble.incident, 1, now + wait_of(trouble.first)))

    @staticmethod
    def _note(tx: Transaction, alerts: Sequence[Alert], batch: _Batch, now: datetime) -> None:
        at = epoch(now)
        rows = {
            message: {
                "key": message,
                "incident": batch.troubles[trouble].incident,
                "received": at,
                "body": dump(alert, Alert),
            }
            for (message, trouble), alert in zip(batch.keys, alerts, strict=True)
            if message not in batch.known
        }
        tx.put(ALERT, list(rows.values()))


def _incident_of(batch: _Batch, message: str, trouble: str) -> str:
    return batch.known[message] if message in batch.known else batch.troubles[trouble].incident


def _message_key(alert: Alert) -> str:
    """What makes two messages the same one; a source that gives no id is never repeating itself."""
    return clean(f"{alert.source}|{alert.status}|{alert.id}") if alert.id else secrets.token_hex(16)


def _storable(alert: Alert) -> Alert:
    """One source that sends NaN must not keep the others' alerts of the same batch out."""
    if all(math.isfinite(number) for number in (alert.value or 0.0, alert.limit or 0.0)):
        return alert
    return replace(alert, value=None, limit=None)


def _parts(keys: Sequence[str]) -> Iterable[Sequence[str]]:
    return (keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE))
