"""Fake Intake over a shelf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from core.alert import Alert, AlertStatus, can_reopen, reopening
from core.approval import Verdict
from core.card import Card, CardKind
from core.grouping import AWAITED, WINDOW, Trouble, place, wait_of
from core.incident import Ending, Incident, IncidentState
from core.inventory import Inventory
from core.set_back import SLACK
from core.storm import WITHIN, Storm, can_storm, is_storm
from tests.fakes.shelf import Shelf

_BEGUN = {IncidentState.ACTING, IncidentState.WATCHING}


class FakeIntake:
    """Intake over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf, self._inventory = shelf, Inventory(())

    def know(self, inventory: Inventory) -> None:
        """As `StoredIntake.know`."""
        self._inventory = inventory

    def take_in(self, alerts: Sequence[Alert], now: datetime) -> tuple[str, ...]:
        """See `core.ports.Intake`."""
        heads = self._heads(now)
        new: list[str] = []
        found = tuple(self._take(alert, now, new) for alert in alerts)
        self._arrange(sorted(new, key=lambda one: self._shelf.incidents[one].alert.dedupe_key), heads, now)
        return found

    def source_says_over(self, incident: str) -> datetime | None:
        """See `core.ports.Intake`."""
        return self._shelf.source_over.get(incident)

    def _closed_by_hand(self, incident: str) -> str:
        known = self._shelf.incidents.get(incident)
        return incident if known is not None and known.ending is Ending.RESOLVED else ""

    def _take(self, alert: Alert, now: datetime, new: list[str]) -> str:
        shelf, name = self._shelf, f"{alert.source}|{alert.status}|{alert.id}"
        closed = self._closed_by_hand(shelf.heard.get(name, "")) if can_reopen(alert) else ""
        if alert.id and name in shelf.heard and not closed:
            return shelf.heard[name]
        alert = reopening(alert, closed)
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
            new.append(found)
        shelf.heard[name] = found
        return found

    def _arrange(self, new: Sequence[str], heads: Sequence[Trouble], now: datetime) -> None:
        """Who leads, whether it storms, and the first leg of what stands for itself."""
        shelf = self._shelf
        troubles = [_trouble(shelf.incidents[one]) for one in new]
        led = place(troubles, heads, self._inventory)
        storms = {voice: self._storm_of([one for one in new if one not in led], now, voice) for voice in (False, True)}
        for one in new:
            incident = shelf.incidents[one]
            storm = storms[incident.alert.is_claim] if can_storm(incident.alert) else ""
            state = IncidentState.HELD if storm or one in led else IncidentState.OPEN
            shelf.incidents[one] = replace(incident, storm=storm, lead=led.get(one, ""), state=state)
            if state is IncidentState.OPEN:
                shelf.write_leg("investigate", one, 1, due=now + wait_of(incident.alert))
        for former in (one for one in led if one not in new):
            self._demote(former, led[former], now)

    def _heads(self, now: datetime) -> list[Trouble]:
        fresh = [
            one
            for one in self._shelf.incidents.values()
            if now - WINDOW <= one.opened <= now + SLACK and one.closed is None
        ]
        return [_trouble(one) for one in fresh if one.lead in {"", AWAITED}]

    def _storm_of(self, heads: Sequence[str], now: datetime, is_claims: bool) -> str:
        shelf = self._shelf
        mine = [one for one in shelf.incidents.values() if can_storm(one.alert) and one.alert.is_claim == is_claims]
        coming = [one for one in mine if one.id in heads]
        running = [one for one in shelf.storms.values() if one.ended is None and one.is_claims == is_claims]
        lately = [
            one for one in mine if now - WITHIN < one.opened <= now + SLACK and not one.lead and one not in coming
        ]
        if running or not coming or not is_storm(len(lately) + len(coming)):
            return running[0].id if running and coming else ""
        storm = Storm(f"ST-{len(shelf.storms) + 1:04}", is_claims, now, shown_at=now)
        shelf.storms[storm.id] = storm
        for one in lately:
            if one.closed is None and one.state not in _BEGUN:
                shelf.incidents[one.id] = replace(one, storm=storm.id)
        shelf.post((storm.card,))
        return storm.id

    def _demote(self, former: str, lead: str, now: datetime) -> None:
        shelf = self._shelf
        for one in list(shelf.incidents.values()):
            if former in {one.lead, one.id}:
                shelf.follow(one.id, lead)
        for asked in list(shelf.approvals.values()):
            if asked.incident == former and asked.verdict is Verdict.PENDING:
                held = replace(asked, verdict=Verdict.HELD, by=("grouping",), why=f"part of {lead}", decided=now)
                shelf.approvals[asked.id] = held
                shelf.take_back(f"{asked.id}:ask", Card(f"{asked.id}:held", CardKind.DECIDED, former, asked.id))


def _trouble(incident: Incident) -> Trouble:
    is_busy = incident.state in _BEGUN or incident.round > 1
    return Trouble(incident.id, incident.alert, incident.opened, is_busy)
