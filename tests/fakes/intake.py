"""Fake Intake over a shelf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from core.alert import Alert, AlertStatus
from core.incident import Incident, IncidentState
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
