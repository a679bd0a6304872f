"""A night with an open question, for tests of what people read and say: rows in memory, a desk, and people who talk to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from bot.answers import Answer
from bot.chat_desk import ChatDesk
from bot.commands import Command
from bot.ordering import Ordering
from bot.roster import Roster
from bot.team import trust_on
from bot.wiring import rows_of
from core.alert import Alert, AlertStatus, Signal
from core.approval import Answer as PolicyAnswer
from core.approval import Approval, digest_of, short_id
from core.capability import PlannedEffect, Risk, Verb
from core.card import Card, card_kind
from core.inventory import HostEntry, Inventory, Person
from core.message import Message
from core.origin import Origin, Value
from core.proposal import Choices, Evidence, Proposal, Question, Tier
from core.standing_orders import Ground
from tests.fakes.catalog import FakeCatalog
from tests.fakes.channel import FakeChannel
from tests.fakes.store import FakeStore

OWNER = "os:1000"
PEOPLE = (
    Person("li", ("approver",), (), ("slack:U1", "os:2001")),
    Person("bo", ("responder",), (), ("slack:U2",)),
    Person("db", ("approver",), ("databases",), ("slack:U3",)),
    Person("admin", ("admin",), (), ("slack:U4",)),
)
INVENTORY = Inventory((HostEntry("localhost", "local", ("web",)),), people=PEOPLE)


@dataclass
class OpenNight:
    """One incident on this machine; `ask` and `offer` open its question, `say` is what a person types."""

    inventory: Inventory = INVENTORY
    language: str = "en"
    store: FakeStore = field(default_factory=lambda: FakeStore(channels=("console", "slack")))
    acted: list[Command] = field(default_factory=list)
    said: int = 0
    catalog: FakeCatalog = field(default_factory=FakeCatalog)

    def __post_init__(self) -> None:
        store = self.store
        self.rows = rows_of(cast("Any", store))
        self.channels = {"console": FakeChannel("console", store.clock), "slack": FakeChannel("slack", store.clock)}
        roster = Roster(self.inventory, 1000)
        ground = Ground(
            self.inventory, lambda one, host: roster.yes_counts(one, self.inventory.groups(host)), self.inventory.mode
        )
        self.ordering = Ordering(self.rows, trust_on(self.rows, self.catalog, ground), roster, self.language)
        self.desk = ChatDesk(self.rows, self.inventory, roster, self.language, self._act, self.channels, self.ordering)
        self.incident = self.alert("disk.used_percent:/var/log", value=97.2, limit=90)

    def alert(
        self, signal: str, *, source: str = "probe", value: float = 1.0, limit: float = 0.0, text: str = ""
    ) -> str:
        """Something is bad since four minutes; the incident's id."""
        now = self.store.clock.now()
        at = now - timedelta(minutes=4)
        made = Alert(
            f"a-{signal}-{source}",
            "localhost",
            Signal.parse(signal),
            source,
            AlertStatus.FIRING,
            at,
            value=value,
            limit=limit,
            text=text,
        )
        return self.store.intake.take_in((made,), now)[0]

    def proposal(self, *, risk: Risk = Risk.MEDIUM, incident: str = "", round_: int = 1) -> Proposal:
        """Three rotated logs to be deleted."""
        return Proposal(
            incident=incident or self.incident,
            round=round_,
            skill="free_rotated_logs",
            sha256="0" * 64,
            host="localhost",
            parameters=(
                ("directory", Value("/var/log", Origin.OBSERVED, "find_what_grows")),
                ("days", Value(7, Origin.DEFAULT)),
            ),
            plan=tuple(
                PlannedEffect(Verb.FS_DELETE, f"/var/log/app.log.{n}", risk, is_reversible=False) for n in range(1, 6)
            ),
            grants=("fs.delete:/var/log/**",),
            risk=risk,
            tier=Tier.RULES,
            summary="deletes rotated logs",
            evidence=(
                Evidence("find_what_grows", "3.1 GB in 5 rotated logs below /var/log"),
                Evidence("look_at_disk", "/var/log holds 81 % of what is used"),
            ),
            considered=("truncate_deleted_open_file: no deleted file is open",),
        )

    def ask(
        self, asks: Proposal | Choices | Question | None = None, answer: PolicyAnswer = PolicyAnswer.ASK1
    ) -> Approval:
        """Opens a question that waits four hours."""
        asks = asks or self.proposal()
        now = self.store.clock.now()
        expires = now + timedelta(hours=4)
        digest = digest_of(asks, expires)
        approval = Approval(
            id=short_id(digest),
            incident=asks.incident,
            round=asks.round,
            digest=digest,
            asks=asks,
            answer=answer,
            policy_line="approve | medium | owned | probe -> ask 1",
            opened=now,
            remind_at=now + timedelta(hours=2),
            expires=expires,
        )
        card = Card(f"{approval.id}:ask", card_kind(asks), asks.incident, approval.id)
        return self.store.approvals.open(approval, (card,))

    def offer(self) -> Approval:
        """Opens choices."""
        evidence = (Evidence("look_at_disk", "two things fill it"),)
        skills = ("free_rotated_logs", "clean_package_cache")
        return self.ask(Choices(self.incident, 1, "localhost", skills, ("share 0.4", "share 0.4"), evidence))

    def say(self, text: str, by: str = OWNER, channel: str = "console") -> Answer:
        """What one person types."""
        self.said += 1
        return self.desk.answer(Message(f"m{self.said}", channel, by, text, "", self.store.clock.now()))

    def verdict(self, approval: Approval) -> str:
        """How a question stands now."""
        return str(self.store.approvals.load(approval.id).verdict)

    def _act(self, command: Command, message: Message) -> Answer:
        self.acted.append(command)
        return Answer(f"doing {command.verb} {command.target}", {"message": message.id})
