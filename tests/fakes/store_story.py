"""In-memory fakes of the ports that carry the story: Intake, IncidentLog, ApprovalBook, History."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from core.alert import Alert, AlertStatus
from core.approval import Answer, Approval, Verdict
from core.card import Card, CardKind
from core.episode import Episode
from core.errors import InvalidError, TamperedError, UnknownError
from core.incident import Attempt, Incident, IncidentState, Refusal
from core.proposal import Choices, Proposal
from core.report import Report
from tests.fakes.shelf import Shelf


class FakeIntake:
    """Intake over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def take_in(self, alerts: Sequence[Alert], now: datetime) -> tuple[str, ...]:
        """See `core.ports.Intake`."""
        return tuple(self._take(alert, now) for alert in alerts)

    def _take(self, alert: Alert, now: datetime) -> str:
        shelf, name = self._shelf, f"{alert.source}|{alert.status}|{alert.id}"
        if alert.id and name in shelf.heard:
            return shelf.heard[name]
        found = shelf.open_keys.get(alert.dedupe_key, "")
        if alert.status is AlertStatus.RESOLVED:
            if found:
                shelf.source_over.setdefault(found, now)
            shelf.heard[name] = found
            return found
        if found:
            shelf.incidents[found] = replace(shelf.incidents[found], count=shelf.incidents[found].count + 1)
            shelf.source_over.pop(found, None)
        else:
            found = f"{len(shelf.incidents) + 0xA0:010x}"
            shelf.incidents[found] = Incident(found, alert, IncidentState.OPEN, now)
            shelf.open_keys[alert.dedupe_key] = found
            shelf.write_leg("investigate", found, 1)
        shelf.heard[name] = found
        return found

    def source_says_over(self, incident: str) -> datetime | None:
        """See `core.ports.Intake`."""
        return self._shelf.source_over.get(incident)


class FakeIncidentLog:
    """IncidentLog over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def load(self, id: str) -> Incident:
        """See `core.ports.IncidentLog`."""
        ids = [known for known in self._shelf.incidents if known == id] or [
            known for known in self._shelf.incidents if id and known.startswith(id)
        ]
        if len(ids) > 1:
            raise InvalidError(f"more than one incident begins with {id!r}")
        if not ids:
            raise UnknownError("incident", id)
        return self._shelf.incident(ids[0])

    def incidents(self, only_open: bool, limit: int) -> tuple[Incident, ...]:
        """See `core.ports.IncidentLog`."""
        chosen = [i for i in self._shelf.incidents.values() if i.closed is None or not only_open]
        newest = sorted(sorted(chosen, key=lambda i: i.id), key=lambda i: i.opened, reverse=True)
        return tuple(self._shelf.incident(i.id) for i in newest[:limit])

    def save_attempt(self, attempt: Attempt, leg: bool) -> None:
        """See `core.ports.IncidentLog`."""
        former = self._shelf.attempts.get(attempt.id)
        if former is None or former.ending is None or attempt.ending is not None:
            self._shelf.attempts[attempt.id] = attempt
            state = IncidentState.ACTING if attempt.outcome is None else IncidentState.WATCHING
            self._shelf.set_state(attempt.incident, state)
        if leg:
            self._shelf.write_leg("conclude", attempt.id, attempt.round)

    def watching(self, due: datetime) -> tuple[Attempt, ...]:
        """See `core.ports.IncidentLog`."""
        is_open = {i.id for i in self._shelf.incidents.values() if i.closed is None}
        waiting = [a for a in self._shelf.attempts.values() if a.ending is None and a.incident in is_open]
        return tuple(sorted((a for a in waiting if a.next_measure <= due), key=lambda a: (a.next_measure, a.id)))

    def close(self, report: Report, episodes: Sequence[Episode], cards: Sequence[Card]) -> Report:
        """See `core.ports.IncidentLog`."""
        shelf = self._shelf
        if report.incident in shelf.reports:
            return shelf.reports[report.incident]
        incident = shelf.incidents[report.incident]
        closed = replace(incident, state=IncidentState.CLOSED, closed=report.closed, ending=report.ending)
        shelf.incidents[incident.id] = closed
        shelf.open_keys = {key: known for key, known in shelf.open_keys.items() if known != incident.id}
        for approval in list(shelf.approvals.values()):
            if approval.incident == incident.id and approval.verdict is Verdict.PENDING:
                gone = replace(approval, verdict=Verdict.WITHDRAWN, why="the incident has ended", decided=report.closed)
                shelf.approvals[approval.id] = gone
        for episode in episodes:
            shelf.episodes.setdefault(episode.id, episode)
        shelf.post(tuple(cards))
        count = shelf.note("close", report.incident, {"ending": report.ending}, report.closed)
        shelf.reports[report.incident] = replace(report, audit_count=count, audit_head=f"head {count}")
        return shelf.reports[report.incident]


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
            if is_same and _content(known.asks) == _content(approval.asks):
                return known
        if approval.id in self._shelf.approvals:
            raise InvalidError(f"the id {approval.id} is taken by another question; ask again")
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


class FakeHistory:
    """History over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def report(self, incident: str) -> Report | None:
        """See `core.ports.History`."""
        return self._shelf.reports.get(incident)

    def approvals(self, incident: str) -> tuple[Approval, ...]:
        """See `core.ports.History`."""
        asked = [a for a in self._shelf.approvals.values() if a.incident == incident]
        return tuple(sorted(asked, key=lambda a: (a.opened, a.id)))


def _content(asks: Proposal | Choices) -> object:
    return asks.act_digest if isinstance(asks, Proposal) else asks.skills


def _decided(approval: Approval, verdict: Verdict, by: str, why: str, now: datetime) -> Approval:
    if approval.verdict is not Verdict.PENDING:
        return approval
    if now >= approval.expires:
        return replace(approval, verdict=Verdict.EXPIRED, why="nobody answered in time", decided=now)
    if verdict is Verdict.PENDING:
        raise InvalidError("pending is no answer")
    if isinstance(approval.asks, Choices) and verdict is Verdict.APPROVED:
        raise InvalidError("choices are picked from")
    if isinstance(approval.asks, Proposal) and verdict is Verdict.PICKED:
        raise InvalidError("a proposal is approved")
    if isinstance(approval.asks, Choices) and verdict is Verdict.PICKED and why not in approval.asks.skills:
        raise UnknownError("choice", why, approval.asks.skills)
    people = approval.by if not by or by in approval.by else (*approval.by, by)
    if verdict is Verdict.APPROVED and approval.answer is Answer.ASK2 and len(people) < 2:
        return replace(approval, by=people)
    return replace(approval, verdict=verdict, by=people, why=why, decided=now)
