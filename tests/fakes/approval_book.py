"""Fake ApprovalBook over a shelf, with what the clock asks beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from core.approval import Answer, Approval, Verdict, are_two
from core.card import Card, CardKind
from core.errors import InvalidError, TamperedError, UnknownError
from core.incident import IncidentState, Refusal
from core.proposal import Choices, Proposal, Question
from tests.fakes.shelf import Shelf


class FakeApprovalBook:
    """ApprovalBook over a shelf, with the clock's questions beside it."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def open(self, approval: Approval, cards: Sequence[Card]) -> Approval:
        """See `core.ports.ApprovalBook`."""
        if approval.incident not in self._shelf.incidents:
            raise UnknownError("incident", approval.incident)
        for known in self._shelf.approvals.values():
            is_same = (known.incident, known.round) == (approval.incident, approval.round)
            if is_same and known.verdict is not Verdict.HELD and _content(known.asks) == _content(approval.asks):
                return known
        if approval.id in self._shelf.approvals:
            raise InvalidError(f"the id {approval.id} is taken by another question; ask again")
        if self._shelf.incidents[approval.incident].state is IncidentState.HELD:
            approval, cards = replace(approval, verdict=Verdict.HELD, why="held", decided=approval.opened), ()
        self._shelf.approvals[approval.id] = approval
        self._follow(approval)
        self._shelf.post(tuple(cards))
        self._shelf.note("asked", approval.id, {"verdict": approval.verdict}, approval.opened)
        return approval

    def decide(self, id: str, verdict: Verdict, by: str, why: str, now: datetime) -> Approval:
        """See `core.ports.ApprovalBook`."""
        before = self.load(id)
        after = _decided(before, verdict, by, why, now)
        if after != before:
            self._shelf.approvals[id] = after
            self._follow(after)
            self._shelf.note("decision", id, {"verdict": after.verdict, "by": list(after.by)}, now)
        return after

    def load(self, id: str) -> Approval:
        """See `core.ports.ApprovalBook`."""
        if id in self._shelf.broken:
            raise TamperedError(f"approval {id} does not verify")
        if id not in self._shelf.approvals:
            raise UnknownError("approval", id)
        return self._shelf.approvals[id]

    def pending(self) -> tuple[Approval, ...]:
        """See `core.ports.ApprovalBook`."""
        known = [a for a in self._shelf.approvals.values() if a.id not in self._shelf.broken]
        waiting = [a for a in known if a.verdict is Verdict.PENDING]
        return tuple(sorted(waiting, key=lambda a: (a.opened, a.id)))

    def refuse(self, refusal: Refusal, incident: str, next_leg: str) -> None:
        """See `core.ports.ApprovalBook`."""
        self._shelf.refusals.setdefault((incident, refusal.round), refusal)
        if next_leg:
            self._shelf.write_leg(next_leg, incident, refusal.round + 1)

    def overdue(self, now: datetime) -> tuple[Approval, ...]:
        """Pending questions whose time is over."""
        return tuple(a for a in self.pending() if a.expires <= now)

    def reminders_due(self, now: datetime) -> tuple[Approval, ...]:
        """Posts a REMINDER card for each question whose time for it has come, once."""
        waiting = [a for a in self.pending() if a.id not in self._shelf.reminded]
        due = tuple(a for a in waiting if a.remind_at <= now < a.expires)
        self._shelf.reminded.update(a.id for a in due)
        self._shelf.post(tuple(Card(f"{a.id}:remind", CardKind.REMINDER, a.incident, a.id) for a in due))
        return due

    def _follow(self, approval: Approval) -> None:
        states = {Verdict.PENDING: IncidentState.WAITING, Verdict.APPROVED: IncidentState.ACTING}
        picked = approval.why if approval.verdict is Verdict.PICKED else ""
        self._shelf.set_state(approval.incident, states.get(approval.verdict, IncidentState.OPEN), picked)
        if approval.verdict is Verdict.PICKED:
            self._shelf.write_leg("investigate", approval.incident, approval.round, f":{approval.id}")
        elif approval.verdict is not Verdict.PENDING:
            self._shelf.write_leg("act", approval.id, approval.round)


def _content(asks: Proposal | Choices | Question) -> object:
    if isinstance(asks, Proposal):
        return asks.act_digest
    return asks.skills if isinstance(asks, Choices) else asks


def _decided(approval: Approval, verdict: Verdict, by: str, why: str, now: datetime) -> Approval:
    if approval.verdict is not Verdict.PENDING:
        return approval
    if now >= approval.expires:
        return replace(approval, verdict=Verdict.EXPIRED, why="nobody answered in time", decided=now)
    if verdict is Verdict.PENDING:
        raise InvalidError("pending is no answer")
    fitting = {Proposal: Verdict.APPROVED, Choices: Verdict.PICKED, Question: Verdict.ANSWERED}
    if verdict in fitting.values() and verdict is not fitting[type(approval.asks)]:
        raise InvalidError(f"a {type(approval.asks).__name__} is never {verdict}")
    if verdict is Verdict.ANSWERED and not 0 < len(why.strip()) <= 500:
        raise InvalidError("an answer has 1 to 500 characters")
    if isinstance(approval.asks, Choices) and verdict is Verdict.PICKED and why not in approval.asks.skills:
        raise UnknownError("choice", why, approval.asks.skills)
    people = approval.by if not by or by in approval.by else (*approval.by, by)
    if verdict is Verdict.APPROVED and approval.answer is Answer.ASK2 and not are_two(people, approval.asked_by):
        return replace(approval, by=people)
    return replace(approval, verdict=verdict, by=people, why=why, decided=now)
