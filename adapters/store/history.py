"""Port History: what was, for people who ask later."""

from __future__ import annotations

from datetime import datetime

from adapters.store.approvals import StoredApprovals
from adapters.store.effects import StoredEffects
from adapters.store.incidents import StoredIncidents
from core.approval import Approval
from core.incident import Attempt
from core.report import Report


class StoredHistory:
    """Reads what the other stores wrote."""

    def __init__(self, incidents: StoredIncidents, approvals: StoredApprovals, effects: StoredEffects) -> None:
        self._incidents, self._approvals, self._effects = incidents, approvals, effects

    def report(self, incident: str) -> Report | None:
        """See `core.ports.History`."""
        return self._incidents.report_of(incident)

    def approvals(self, incident: str) -> tuple[Approval, ...]:
        """See `core.ports.History`."""
        return self._approvals.of_incident(incident)

    def run_of(self, action: int) -> tuple[str, str]:
        """See `core.ports.History`."""
        return self._effects.run_of(action)

    def attempts(self, since: datetime) -> tuple[Attempt, ...]:
        """See `core.ports.History`."""
        return self._incidents.attempts_since(since)

    def reports(self, since: datetime) -> tuple[Report, ...]:
        """See `core.ports.History`. A report that does not verify is left out, and is an incident of its own."""
        return self._incidents.reports_since(since)
