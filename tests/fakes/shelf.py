"""What all in-memory fakes of the store share: the rows, the time and the hook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.approval import Approval
from core.card import Card, OutboxItem
from core.episode import Episode
from core.errors import UnknownError
from core.incident import Attempt, Incident, IncidentState, Refusal
from core.journal import AuditRow, EffectRow
from core.leg import Leg
from core.message import Message
from core.model import ModelCall
from core.page import Page
from core.report import Report
from core.storm import Storm
from core.world import Json
from tests.fakes.clock import FakeClock


def _no_leg(_leg: Leg) -> None:
    """Nobody listens."""


@dataclass
class Shelf:
    """Every row there is. `broken` holds ids of rows whose seal a test has broken."""

    clock: FakeClock
    channels: tuple[str, ...]
    incidents: dict[str, Incident] = field(default_factory=dict)
    open_keys: dict[str, str] = field(default_factory=dict)
    heard: dict[str, str] = field(default_factory=dict)
    source_over: dict[str, datetime] = field(default_factory=dict)
    attempts: dict[str, Attempt] = field(default_factory=dict)
    refusals: dict[tuple[str, int], Refusal] = field(default_factory=dict)
    approvals: dict[str, Approval] = field(default_factory=dict)
    reminded: set[str] = field(default_factory=set)
    reports: dict[str, Report] = field(default_factory=dict)
    legs: dict[str, Leg] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    effects: dict[int, EffectRow] = field(default_factory=dict)
    undoes: dict[int, int] = field(default_factory=dict)
    audit: list[AuditRow] = field(default_factory=list)
    stops: dict[tuple[str, str], datetime] = field(default_factory=dict)
    has_stop_file: bool = False
    standing: dict[str, dict[str, object]] = field(default_factory=dict)
    episodes: dict[str, Episode] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    outbox: dict[int, OutboxItem] = field(default_factory=dict)
    sent: set[int] = field(default_factory=set)
    pages: dict[str, Page] = field(default_factory=dict)
    posted: dict[int, datetime] = field(default_factory=dict)
    took: dict[str, datetime] = field(default_factory=dict)
    inbox: dict[tuple[str, str], Message] = field(default_factory=dict)
    replies: dict[tuple[str, str], str] = field(default_factory=dict)
    journals: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    once: dict[str, str | None] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    storms: dict[str, Storm] = field(default_factory=dict)
    model_calls: dict[str, ModelCall] = field(default_factory=dict)
    on_leg: Callable[[Leg], None] = _no_leg

    def incident(self, id: str) -> Incident:
        """One incident with what was tried."""
        if id not in self.incidents:
            raise UnknownError("incident", id)
        attempts = sorted((a for a in self.attempts.values() if a.incident == id), key=lambda a: (a.round, a.began))
        refusals = [self.refusals[key] for key in sorted(self.refusals) if key[0] == id]
        return replace(self.incidents[id], attempts=tuple(attempts), refusals=tuple(refusals))

    def set_state(self, id: str, state: IncidentState, picked: str = "") -> None:
        """Where an incident stands, unless it is closed."""
        incident = self.incidents[id]
        if incident.closed is None:
            self.incidents[id] = replace(incident, state=state, picked=picked or incident.picked)

    def follow(self, id: str, lead: str) -> None:
        """An incident is part of a deeper one from now on, unless it is closed."""
        incident = self.incidents[id]
        if incident.closed is None:
            self.incidents[id] = replace(incident, state=IncidentState.HELD, lead=lead)

    def write_leg(self, leg: str, subject: str, round: int, suffix: str = "", due: datetime | None = None) -> None:
        """One leg, once; a further round of an investigation is the incident's round."""
        row = Leg(f"{leg}:{subject}:{round}{suffix}", leg, subject, round, due or self.clock.now())
        if row.id in self.legs:
            return
        self.legs[row.id] = row
        if leg == "investigate" and subject in self.incidents and self.incidents[subject].round < round:
            changed = replace(self.incidents[subject], round=round, picked="", state=IncidentState.OPEN)
            self.incidents[subject] = changed
        self.on_leg(row)

    def post(self, cards: tuple[Card, ...]) -> None:
        """Cards to every channel, each key once."""
        for channel in self.channels:
            known = {item.card.key for item in self.outbox.values() if item.channel == channel}
            for card in cards:
                if card.key not in known:
                    number = len(self.outbox) + 1
                    self.outbox[number] = OutboxItem(number, channel, card, 0, self.clock.now())
                    self.posted[number] = self.clock.now()

    def take_back(self, key: str, instead: Card) -> None:
        """Takes a card back in each channel where nobody has seen it; where somebody has, another one follows it."""
        for item in [item for item in self.outbox.values() if item.card.key == key]:
            if item.tries or item.id in self.sent:
                number = len(self.outbox) + 1
                self.outbox[number] = OutboxItem(number, item.channel, instead, 0, self.clock.now())
                self.posted[number] = self.clock.now()
            else:
                self.sent.add(item.id)

    def note(self, kind: str, subject: str, body: dict[str, Json], now: datetime) -> int:
        """One audit row more."""
        self.audit.append(AuditRow(len(self.audit) + 1, now, kind, subject, body))
        return len(self.audit)
