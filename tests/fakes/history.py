"""Fake History over a shelf."""

from __future__ import annotations

from datetime import datetime

from core.approval import Approval
from core.errors import UnknownError
from core.incident import Attempt
from core.report import Report
from tests.fakes.shelf import Shelf


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

    def run_of(self, action: int) -> tuple[str, str]:
        """See `core.ports.History`."""
        row = self._shelf.effects.get(action)
        if row is None:
            raise UnknownError("action", str(action))
        return row.run, row.host

    def attempts(self, since: datetime) -> tuple[Attempt, ...]:
        """See `core.ports.History`."""
        began = (attempt for attempt in self._shelf.attempts.values() if attempt.began >= since)
        return tuple(sorted(began, key=lambda a: (a.began, a.id)))

    def reports(self, since: datetime) -> tuple[Report, ...]:
        """See `core.ports.History`."""
        closed = (report for report in self._shelf.reports.values() if report.closed >= since)
        return tuple(sorted(closed, key=lambda r: (r.closed, r.incident)))
