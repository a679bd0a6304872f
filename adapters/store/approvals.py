"""Port ApprovalBook: questions and answers; one compare-and-set decides, and writes the next leg in the same transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from adapters.store.audit import append_audit
from adapters.store.database import Database, Transaction
from adapters.store.legs import ACT, INVESTIGATE, leg_of, write_leg
from adapters.store.outbox import post_cards
from adapters.store.rows import clean, dump, epoch, load
from adapters.store.schema import APPROVAL, INCIDENT, REFUSAL
from adapters.store.sealed import Sealer
from core.approval import MOST_ANSWERED, Answer, Approval, Verdict, are_two, yes_to
from core.capability import Risk
from core.card import Card, CardKind
from core.errors import InvalidError, UnknownError
from core.incident import IncidentState, Refusal
from core.ports import Clock
from core.proposal import Choices, Proposal, Question
from core.world import Json

STARTS_WITHIN = timedelta(minutes=30)
STARTS_WITHIN_HIGH = timedelta(minutes=10)
"""How long a yes may wait for its run to begin (TRUST 2)."""

_INCIDENT_AFTER = {Verdict.PENDING: IncidentState.WAITING, Verdict.APPROVED: IncidentState.ACTING}
"""Where an incident stands after a verdict; after any other it is open again."""


@dataclass(frozen=True, slots=True)
class Writes:
    """What every writer of the story's rows works with."""

    db: Database
    sealer: Sealer
    channels: Sequence[str]
    clock: Clock


_YES = frozenset({Verdict.APPROVED, Verdict.PICKED, Verdict.ANSWERED})


def asked_of(asks: Proposal | Choices | Question) -> str:
    """Digest of a question without its expiry: asking the same twice in one round is one question, also after a kill in between."""
    if isinstance(asks, Proposal):
        body = asks.act_digest
    elif isinstance(asks, Choices):
        body = "|".join(("choices", *asks.skills))
    else:
        body = dump(asks, Question)
    return hashlib.sha256(body.encode()).hexdigest()


def decided(approval: Approval, verdict: Verdict, by: str, why: str, now: datetime) -> Approval:
    """The rule of one decision: late is EXPIRED, ASK2 needs two people of whom one did not ask for it, what is decided stays."""
    if approval.verdict is not Verdict.PENDING:
        return approval
    if now >= approval.expires:
        return replace(approval, verdict=Verdict.EXPIRED, why="nobody answered in time", decided=now)
    if verdict is Verdict.PENDING:
        raise InvalidError("pending is no answer")
    if verdict in _YES:
        _require_fits(approval, verdict, why)
    people = approval.by if not by or by in approval.by else (*approval.by, by)
    if verdict is Verdict.APPROVED and approval.answer is Answer.ASK2 and not are_two(people, approval.asked_by):
        return replace(approval, by=people)
    return replace(approval, verdict=verdict, by=people, why=why, decided=now)


def _require_fits(approval: Approval, verdict: Verdict, why: str) -> None:
    """A yes of another kind than the question is none."""
    if verdict is not yes_to(approval.asks):
        how = "a repair is approved, choices are picked from, a question is answered"
        raise InvalidError(f"{approval.id} cannot be {verdict}; {how}")
    if isinstance(approval.asks, Choices) and why not in approval.asks.skills:
        raise UnknownError("choice", why, approval.asks.skills)
    if isinstance(approval.asks, Question) and not 0 < len(why.strip()) <= MOST_ANSWERED:
        raise InvalidError(f"an answer to {approval.id} has 1 to {MOST_ANSWERED} characters; say it shorter")


def starts_by(approval: Approval) -> datetime | None:
    """Until when the run of a yes must have begun; None where nothing is permitted."""
    if approval.verdict is not Verdict.APPROVED or approval.decided is None or approval.proposal is None:
        return None
    within = STARTS_WITHIN_HIGH if approval.proposal.risk >= Risk.HIGH else STARTS_WITHIN
    return approval.decided + within


def approval_holds(sealer: Sealer, row: Any) -> bool:
    """True if the row verifies: its noun, and the columns that are decided by."""
    return sealer.holds("approval", row.id, row.mark, row.id, row.verdict, row.decided, row.starts_by, row.body)


def lock_incident(tx: Transaction, incident: str) -> None:
    """Takes the incident's row first, as every writer of its story does, so that no two wait for each other; raises UnknownError."""
    found = tx.conn.execute(sa.select(INCIDENT.c.id).where(INCIDENT.c.id == clean(incident)).with_for_update()).first()
    if found is None:
        raise UnknownError("incident", incident)


def _is_held(tx: Transaction, incident: str) -> bool:
    state = tx.conn.execute(sa.select(INCIDENT.c.state).where(INCIDENT.c.id == clean(incident))).scalar()
    return bool(state == IncidentState.HELD)


class StoredApprovals:
    """Questions in `ns_approval`."""

    def __init__(self, writes: Writes) -> None:
        self._db, self._sealer, self._channels, self._clock = writes.db, writes.sealer, writes.channels, writes.clock

    def open(self, approval: Approval, cards: Sequence[Card]) -> Approval:
        """See `core.ports.ApprovalBook`. The same question again in the same round returns the first one, whatever its id,
        unless that one was put aside.
        """
        with self._db.write() as tx:
            lock_incident(tx, approval.incident)
            same = sa.and_(
                APPROVAL.c.incident == approval.incident,
                APPROVAL.c.round == approval.round,
                APPROVAL.c.asked == asked_of(approval.asks),
            )
            row = tx.conn.execute(sa.select(APPROVAL).where(sa.or_(APPROVAL.c.id == approval.id, same))).first()
            if row is not None:
                return self._same(approval, self._verified(row))
            if _is_held(tx, approval.incident):  # a deeper cause was found while this was prepared
                approval, cards = replace(approval, verdict=Verdict.HELD, why="held", decided=approval.opened), ()
            tx.conn.execute(sa.insert(APPROVAL).values(**self._row(approval), remind_at=epoch(approval.remind_at)))
            self._follow(tx, approval, approval.opened)
            post_cards(tx, self._channels, cards, approval.opened)
            kind = "asked" if approval.verdict is Verdict.PENDING else "decision"
            self._note(tx, kind, approval, approval.opened)
        return approval

    def decide(self, id: str, verdict: Verdict, by: str, why: str, now: datetime) -> Approval:
        """See `core.ports.ApprovalBook`."""
        incident = self.load(id).incident
        with self._db.write() as tx:
            lock_incident(tx, incident)
            before = self._verified(
                tx.conn.execute(sa.select(APPROVAL).where(APPROVAL.c.id == id).with_for_update()).one()
            )
            after = decided(before, verdict, clean(by), clean(why), now)
            if after != before:
                tx.conn.execute(sa.update(APPROVAL).where(APPROVAL.c.id == id).values(**self._row(after)))
                self._follow(tx, after, now)
                self._note(tx, "decision", after, now)
        return after

    def load(self, id: str) -> Approval:
        """See `core.ports.ApprovalBook`."""
        with self._db.read() as conn:
            row = conn.execute(sa.select(APPROVAL).where(APPROVAL.c.id == clean(id))).first()
        if row is None:
            raise UnknownError("approval", id)
        return self._verified(row)

    def pending(self) -> tuple[Approval, ...]:
        """See `core.ports.ApprovalBook`. A row that does not verify is absent and listed as tampered with."""
        return self._all(APPROVAL.c.verdict == Verdict.PENDING)

    def overdue(self, now: datetime) -> tuple[Approval, ...]:
        """Pending questions whose time is over, for the clock to decide them as EXPIRED."""
        return self._all(APPROVAL.c.verdict == Verdict.PENDING, APPROVAL.c.expires <= epoch(now))

    def reminders_due(self, now: datetime) -> tuple[Approval, ...]:
        """Posts a REMINDER card, key `ID:remind`, for each pending question whose time for it has come; once each. Returns them."""
        due = self._all(
            APPROVAL.c.verdict == Verdict.PENDING, APPROVAL.c.remind_at <= epoch(now), APPROVAL.c.expires > epoch(now)
        )
        if not due:
            return ()
        with self._db.write() as tx:
            tx.conn.execute(sa.update(APPROVAL).where(APPROVAL.c.id.in_([a.id for a in due])).values(remind_at=None))
            cards = [Card(f"{a.id}:remind", CardKind.REMINDER, a.incident, a.id) for a in due]
            post_cards(tx, self._channels, cards, now)
        return due

    def of_incident(self, incident: str) -> tuple[Approval, ...]:
        """Every question of an incident, oldest first, decided or not."""
        return self._all(APPROVAL.c.incident == clean(incident))

    def incident_of(self, id: str) -> str:
        """The incident a question belongs to, also of a row that does not verify: nothing is decided by it, a person gets it."""
        with self._db.read() as conn:
            found = conn.execute(sa.select(APPROVAL.c.incident).where(APPROVAL.c.id == clean(id))).scalar()
        if found is None:
            raise UnknownError("approval", id)
        return str(found)

    def broken(self) -> Iterator[str]:
        """Names of the rows that do not verify, decided or not."""
        with self._db.read() as conn:
            for row in conn.execution_options(yield_per=2000).execute(sa.select(APPROVAL).order_by(APPROVAL.c.opened)):
                if not approval_holds(self._sealer, row):
                    yield f"approval {row.id}"

    def refuse(self, refusal: Refusal, incident: str, next_leg: str) -> None:
        """See `core.ports.ApprovalBook`. `next_leg` '' starts nothing; the same round again changes nothing."""
        with self._db.write() as tx:
            lock_incident(tx, incident)
            tx.insert_new(REFUSAL, incident=incident, round=refusal.round, body=dump(refusal, Refusal))
            if next_leg:
                write_leg(tx, leg_of(next_leg, incident, refusal.round + 1, self._clock.now()))

    def withdraw(self, tx: Transaction, incident: str, now: datetime) -> None:
        """Takes back the open questions of an incident that ends, in the caller's transaction; nothing follows from it."""
        rows = tx.conn.execute(
            sa.select(APPROVAL).where(APPROVAL.c.incident == incident, APPROVAL.c.verdict == Verdict.PENDING)
        ).all()
        for row in rows:
            if approval_holds(self._sealer, row):
                gone = replace(
                    load(row.body, Approval), verdict=Verdict.WITHDRAWN, why="the incident has ended", decided=now
                )
                tx.conn.execute(sa.update(APPROVAL).where(APPROVAL.c.id == row.id).values(**self._row(gone)))
                self._note(tx, "decision", gone, now)

    def put_aside(self, tx: Transaction, incident: str, by: str, why: str, now: datetime) -> tuple[str, ...]:
        """Decides the open questions of an incident as HELD, in the caller's transaction; nothing follows from it. Returns their ids."""
        query = sa.select(APPROVAL).where(APPROVAL.c.incident == incident, APPROVAL.c.verdict == Verdict.PENDING)
        aside = []
        for row in tx.conn.execute(query).all():
            if approval_holds(self._sealer, row):
                held = replace(load(row.body, Approval), verdict=Verdict.HELD, by=(by,), why=why, decided=now)
                tx.conn.execute(sa.update(APPROVAL).where(APPROVAL.c.id == row.id).values(**self._row(held)))
                self._note(tx, "decision", held, now)
                aside.append(held.id)
        return tuple(aside)

    # ---- inside -----------------------------------------------------------------------------------------------------------------

    def _all(self, *where: sa.ColumnElement[bool]) -> tuple[Approval, ...]:
        with self._db.read() as conn:
            rows = conn.execute(sa.select(APPROVAL).where(*where).order_by(APPROVAL.c.opened, APPROVAL.c.id)).all()
        return tuple(load(row.body, Approval) for row in rows if approval_holds(self._sealer, row))

    def _verified(self, row: Any) -> Approval:
        self._sealer.require("approval", row.id, row.mark, row.id, row.verdict, row.decided, row.starts_by, row.body)
        return load(row.body, Approval)

    @staticmethod
    def _same(wanted: Approval, found: Approval) -> Approval:
        if asked_of(wanted.asks) != asked_of(found.asks) or wanted.incident != found.incident:
            raise InvalidError(f"the id {wanted.id} is taken by another question; ask again")
        return found

    def _row(self, approval: Approval) -> dict[str, object]:
        last = starts_by(approval)
        at = None if approval.decided is None else epoch(approval.decided)
        until = None if last is None else epoch(last)
        body = dump(approval, Approval)
        return {
            "id": approval.id,
            "incident": approval.incident,
            "round": approval.round,
            "asked": asked_of(approval.asks) + (f":{approval.id}" if approval.verdict is Verdict.HELD else ""),
            "verdict": approval.verdict,
            "opened": epoch(approval.opened),
            "expires": epoch(approval.expires),
            "decided": at,
            "starts_by": until,
            "body": body,
            "mark": self._sealer.sign("approval", approval.id, approval.verdict, at, until, body),
        }

    @staticmethod
    def _follow(tx: Transaction, approval: Approval, now: datetime) -> None:
        """What a question in this state leads to: where the incident stands, and the next leg once it is decided."""
        state = _INCIDENT_AFTER.get(approval.verdict, IncidentState.OPEN)
        values: dict[str, object] = {"state": state}
        if approval.verdict is Verdict.PICKED:
            values["picked"] = approval.why
            write_leg(tx, leg_of(INVESTIGATE, approval.incident, approval.round, now, f":{approval.id}"))
        elif approval.verdict is not Verdict.PENDING:
            write_leg(tx, leg_of(ACT, approval.id, approval.round, now))
        still_open = sa.and_(INCIDENT.c.id == approval.incident, INCIDENT.c.closed.is_(None))
        tx.conn.execute(sa.update(INCIDENT).where(still_open).values(**values))

    def _note(self, tx: Transaction, kind: str, approval: Approval, now: datetime) -> None:
        body: dict[str, Json] = {
            "incident": approval.incident,
            "digest": approval.digest,
            "answer": approval.answer,
            "policy": approval.policy_line,
            "verdict": approval.verdict,
            "by": list(approval.by),
            "why": approval.why,
        }
        append_audit(tx, self._sealer, kind, approval.id, body, now)
