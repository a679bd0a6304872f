"""Fake Holds over a shelf."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from core.approval import Verdict
from core.incident import Incident, IncidentState
from tests.fakes.shelf import Shelf


class FakeHolds:
    """Holds over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def hold(self, incident: str) -> None:
        """See `core.people_ports.Holds`."""
        self._shelf.incident(incident)
        self._shelf.set_state(incident, IncidentState.HELD)

    def release(self, incident: str, reason: str, now: datetime) -> None:
        """See `core.people_ports.Holds`."""
        del now
        found = self._shelf.incident(incident)
        if found.state is IncidentState.HELD:
            asked = [
                one for one in self._shelf.approvals.values() if (one.incident, one.round) == (incident, found.round)
            ]
            is_spent = any(one.verdict not in {Verdict.PENDING, Verdict.HELD} for one in asked)
            free = replace(self._shelf.incidents[incident], state=IncidentState.OPEN, lead="")
            self._shelf.incidents[incident] = free
            self._shelf.write_leg("investigate", incident, found.round + is_spent, f":{reason}")

    def follow(self, incident: str, lead: str) -> None:
        """See `core.people_ports.Holds`."""
        self._shelf.follow(incident, lead)

    def members(self, lead: str) -> tuple[Incident, ...]:
        """See `core.people_ports.Holds`."""
        led = [one for one in self._shelf.incidents.values() if one.lead == lead]
        return tuple(self._shelf.incident(one.id) for one in sorted(led, key=lambda one: (one.opened, one.id)))

    def held(self) -> tuple[Incident, ...]:
        """See `core.people_ports.Holds`."""
        held = [one for one in self._shelf.incidents.values() if one.state is IncidentState.HELD]
        return tuple(self._shelf.incident(one.id) for one in sorted(held, key=lambda one: (one.opened, one.id)))
