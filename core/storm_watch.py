"""Over a storm: nothing acts alone, few are looked into at once, one card says how things stand, and how it ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from core.approval import Answer, Approval
from core.card import Card, card_kind
from core.incident import Incident
from core.inventory import Inventory
from core.pace import Pace
from core.people_ports import Storms
from core.ports import ApprovalBook, Clock
from core.proposal import Proposal
from core.restraint import Restraint
from core.set_back import is_ahead
from core.storm import SHOW_EVERY, Storm, StormFacts, can_storm, facts_of, heads, is_over, turns

MOST_CLAIMS = 20
"""Investigations by a model within an hour of what somebody outside says."""

_FRESH = timedelta(seconds=1)
"""How long whose turn it is stays as it was found: of each storm the rows are read once a second, not once an incident."""


class StormWatch:
    """Reads the rows of each storm; the intake begins one, this ends it."""

    def __init__(self, storms: Storms, book: ApprovalBook, inventory: Inventory, clock: Clock) -> None:
        self._storms, self._book, self._inventory, self._clock = storms, book, inventory, clock
        self._turns: tuple[datetime, frozenset[str]] | None = None
        self._thought_about: dict[str, str] = {}
        self._claims = Pace(MOST_CLAIMS, timedelta(hours=1))

    # ---- rules ------------------------------------------------------------------------------------------------------------------

    def restrain(self, incident: Incident, _: Proposal) -> Restraint | None:
        """In a storm nothing acts alone."""
        if not can_storm(incident.alert):
            return None
        for storm in self._storms.running():
            if storm.is_claims == incident.alert.is_claim:
                return Restraint(Answer.ASK1, f"{storm.id}: in a storm nothing acts alone", "storm")
        return None

    def is_running(self, id: str) -> bool:
        """True while the incidents of this storm are told by its card."""
        return bool(id) and any(storm.id == id for storm in self._storms.running())

    def why_not_think(self, incident: Incident) -> str:
        """Why no model investigates this one, '' where it may: in a storm it does so once, for whichever comes first.

        What others claim one by one has a pace, so that nobody outside uses up a day's budget before the night needs it.
        """
        if self.is_running(incident.storm):
            first = self._thought_about.setdefault(incident.storm, incident.id)
            return "" if first == incident.id else f"{incident.storm}: of a storm one incident is investigated, {first}"
        if incident.alert.is_claim and not self._claims.lets("claims", self._clock.now()):
            return f"{MOST_CLAIMS} alerts of others were investigated within the hour"
        return ""

    def waits(self, incident: Incident) -> bool:
        """True while an incident of a storm waits for its turn to be looked into."""
        return self.is_running(incident.storm) and incident.id not in self._turns_now()

    # ---- what a storm comes to --------------------------------------------------------------------------------------------------

    def facts(self, id: str) -> StormFacts:
        """As it stands now."""
        return facts_of(self._storms.incidents(id), self._book.pending(), self._inventory.groups)

    def tick(self) -> None:
        """Says what has changed much, at most once a minute; ends what is over and asks one by one what is left."""
        now = self._clock.now()
        for storm in self._storms.running():
            incidents = self._storms.incidents(storm.id)
            facts = facts_of(incidents, self._book.pending(), self._inventory.groups)
            if is_over(incidents, now):
                self._say(storm, facts, now, self._left(storm, incidents), is_over=True)
            elif facts.gist != storm.gist and _may_be_shown(storm.shown_at or storm.began, now):
                self._say(storm, facts, now, ())

    def _say(
        self, storm: Storm, facts: StormFacts, now: datetime, left: Sequence[Card], *, is_over: bool = False
    ) -> None:
        shown = replace(storm, shown=storm.shown + 1, shown_at=now, gist=facts.gist, ended=now if is_over else None)
        self._storms.change(
            storm.id, lambda stored: shown if stored.shown == storm.shown else stored, (shown.card, *left), now
        )

    def _left(self, storm: Storm, incidents: Iterable[Incident]) -> tuple[Card, ...]:
        """What is asked one by one once the storm is over."""
        opened = {one.id for one in heads(incidents) if one.closed is None}
        return tuple(_asked_again(one, storm) for one in self._book.pending() if one.incident in opened)

    def _turns_now(self) -> frozenset[str]:
        now = self._clock.now()
        if self._turns is None or not timedelta() <= now - self._turns[0] < _FRESH:
            found = (turns(self._storms.incidents(storm.id)) for storm in self._storms.running())
            self._turns = now, frozenset(name for names in found for name in names)
        return self._turns[1]


def _may_be_shown(last: datetime, now: datetime) -> bool:
    return now - last >= SHOW_EVERY or is_ahead(last, now)


def _asked_again(approval: Approval, storm: Storm) -> Card:
    return Card(f"{approval.id}:ask:{storm.id}", card_kind(approval.asks), approval.incident, approval.id)
