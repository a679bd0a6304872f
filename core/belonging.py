"""What an incident belongs to while it is not looked into for itself: a deeper one, one that is still to come, a storm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from core.check import Check
from core.errors import NightshiftError
from core.grouping import AWAITED, WINDOW, can_explain, depth, is_shallow
from core.incident import Incident
from core.inventory import Inventory
from core.people_ports import Holds
from core.ports import Clock, IncidentLog, Probe
from core.set_back import is_ahead
from core.storm_watch import StormWatch

GRACE = 2
"""Intervals that a consequence has to become well by itself once its cause is over."""
LONGEST_INTERVAL = 30.0
MOST_LOOKS = 8
"""Deeper checks that are measured before a shallow alarm is looked into."""


@dataclass(frozen=True, slots=True)
class Bond:
    """Why an incident is held, '' where nothing of this kind holds it; `is_watched` False: it is not even measured meanwhile."""

    why: str = ""
    is_watched: bool = True


@dataclass(frozen=True, slots=True)
class Belonging:
    """Asked by the story before an investigation, and by the pulse for each incident that is held."""

    log: IncidentLog
    holds: Holds
    storms: StormWatch
    probe: Probe
    checks: Callable[[], tuple[Check, ...]]
    bad_now: Callable[[], frozenset[str]]
    inventory: Inventory
    clock: Clock

    def holds_back(self, incident: Incident) -> str:
        """Why it is not looked into now. Of a shallow alarm of ours the deeper checks are measured first: it may be a consequence."""
        bond = self._part_of(self.log.load(incident.id))
        if bond.why or not self._is_beneath(incident):
            return bond.why
        self.holds.follow(incident.id, AWAITED)
        return "something deeper is bad there"

    def bond(self, incident: Incident) -> Bond:
        """What holds an incident that is HELD."""
        in_storm = self.storms.is_running(incident.storm)
        bond = self._part_of(incident)
        if bond.why:
            return replace(bond, is_watched=not in_storm)
        return Bond(incident.storm, is_watched=False) if in_storm and self.storms.waits(incident) else Bond()

    def _part_of(self, incident: Incident) -> Bond:
        """Part of a deeper one: until that is over, and for a short while after it."""
        now = self.clock.now()
        if incident.lead == AWAITED:
            is_new = now - incident.opened < WINDOW and not is_ahead(incident.opened, now)
            return Bond("something deeper is bad there") if is_new else Bond()
        if not incident.lead:
            return Bond()
        with suppress(NightshiftError):
            lead = self.log.load(incident.lead)
            closed = lead.closed
            if not self._can_lead(lead, incident):
                return Bond()
            if closed is None or (now - closed < self._grace(incident) and not is_ahead(closed, now)):
                return Bond(f"part of {incident.lead}")
        return Bond()

    def _can_lead(self, lead: Incident, incident: Incident) -> bool:
        """False for what no grouping says: the column has no seal, and whoever writes into it makes no trouble wait for ever."""
        is_head = lead.lead in {"", AWAITED} and lead.id != incident.id
        return is_head and can_explain(lead.alert, incident.alert, self.inventory)

    def _grace(self, incident: Incident) -> timedelta:
        every = [one.every for one in self.checks() if (one.host, one.signal) == (incident.host, incident.signal)]
        return timedelta(seconds=GRACE * min(LONGEST_INTERVAL, *every, LONGEST_INTERVAL))

    def _is_beneath(self, incident: Incident) -> bool:
        """True while a deeper check is bad of which no alert is out yet: what is out already was put together when it came in."""
        is_new = incident.round == 1 and not incident.picked and self.clock.now() - incident.opened < WINDOW
        if not is_new or incident.alert.is_claim or not is_shallow(incident.alert):
            return False
        return any(self._is_bad(check) for check in self._deeper(incident))

    def _deeper(self, incident: Incident) -> Iterator[Check]:
        out, hosts = self.bad_now(), {incident.host} | self.inventory.upstream(incident.host)
        near = (check for check in self.checks() if check.host in hosts and check.key not in out)
        found = [one for one in near if depth(replace(incident.alert, signal=one.signal)) < depth(incident.alert)]
        yield from found[:MOST_LOOKS]

    def _is_bad(self, check: Check) -> bool:
        with suppress(NightshiftError):
            return check.is_bad(self.probe.measure(check.host, check.signal).value)
        return False
