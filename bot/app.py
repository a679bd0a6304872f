"""What the desk and the command line work with: the rows as one bundle, the worker with hands, and what looks and tests come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from core.admission import Admission
from core.message import Message
from core.mind_ports import ModelLog
from core.pause import Pause
from core.people_ports import Holds, Marks, PageLog, Scenes, Sequels, Standing, Storms
from core.ports import (
    ApprovalBook,
    Audit,
    Blobs,
    Clock,
    EffectLog,
    Gate,
    History,
    Inbox,
    IncidentLog,
    Intake,
    Leases,
    Memory,
    Outbox,
    Ticks,
)
from core.skill_gap import SkillGap
from core.standing_order import StandingOrder
from core.tightening import Tightening
from core.told_rule import ToldRule
from core.trigger import LearnedTrigger

if TYPE_CHECKING:
    from bot.answers import Answer


@dataclass(frozen=True, slots=True)
class Rows:
    """The store's ports, all on one database."""

    intake: Intake
    log: IncidentLog
    book: ApprovalBook
    history: History
    effects: EffectLog
    audit: Audit
    gate: Gate
    memory: Memory
    inbox: Inbox
    outbox: Outbox
    clock: Clock
    pauses: Standing[Pause]
    orders: Standing[StandingOrder]
    rules: Standing[ToldRule]
    tightenings: Standing[Tightening]
    admissions: Standing[Admission]
    gaps: Standing[SkillGap]
    triggers: Standing[LearnedTrigger]
    pages: PageLog
    holds: Holds
    sequels: Sequels
    storms: Storms
    marks: Marks
    scenes: Scenes
    leases: Leases
    blobs: Blobs
    ticks: Ticks
    model_calls: ModelLog


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`. `state` is ok, warn or bad; `advice` says what to do, '' where nothing is."""

    what: str
    state: str
    detail: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one of a skill's CASES went; `detail` says what differed."""

    name: str
    ok: bool
    detail: str = ""


class Worker(Protocol):
    """The whole of Nightshift in this process, with the data folder's lock held."""

    @property
    def rows(self) -> Rows:
        """Its rows."""
        ...

    def carry_out(self, message: Message, say: Callable[[str], None]) -> str:
        """Answers the message by `ChatDesk.answer` and plays what follows to its end; `say` gets each card as it is rendered.

        Returns the answer as JSON (`bot.json_view.as_json`), as the inbox's reply on the channel `cli` is.
        """
        ...

    def go_on(self, decided: Answer, say: Callable[[str], None]) -> str:
        """Plays what follows a decision that stands already to its end, and returns what came of it, as JSON."""
        ...
