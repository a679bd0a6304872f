"""Fake IncidentLog over a shelf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from core.approval import Verdict
from core.card import Card
from core.episode import Episode
from core.errors import InvalidError, TamperedError, UnknownError
from core.incident import Attempt, Incident, IncidentState
from core.report import Report
from tests.fakes.shelf import Shelf


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
        if f"incident {ids[0]}" in self._shelf.broken:
            raise TamperedError(f"incident {ids[0]} does not verify")
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
