"""The whole store in memory: one fake per port over one shelf, with the attributes of `adapters.store.store.Store`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from core.admission import Admission
from core.leg import Leg
from core.pause import Pause
from core.skill_gap import SkillGap
from core.standing_order import StandingOrder
from core.tightening import Tightening
from core.told_rule import ToldRule
from core.trigger import LearnedTrigger
from tests.fakes.approval_book import FakeApprovalBook
from tests.fakes.audit import FakeAudit
from tests.fakes.blobs import FakeBlobs
from tests.fakes.clock import FakeClock
from tests.fakes.effect_log import FakeEffectLog
from tests.fakes.engine import FakeEngine
from tests.fakes.flow import FakeFlow, Killed
from tests.fakes.gate import FakeGate
from tests.fakes.history import FakeHistory
from tests.fakes.holds import FakeHolds
from tests.fakes.inbox import FakeInbox
from tests.fakes.incident_log import FakeIncidentLog
from tests.fakes.intake import FakeIntake
from tests.fakes.leases import FakeLeases
from tests.fakes.marks import FakeMarks
from tests.fakes.memory import FakeMemory
from tests.fakes.model_log import FakeModelLog
from tests.fakes.notebook import FakeNotebook
from tests.fakes.outbox import FakeOutbox
from tests.fakes.page_log import FakePageLog
from tests.fakes.scenes import FakeScenes
from tests.fakes.seal import FakeSeal
from tests.fakes.sequels import FakeSequels
from tests.fakes.shelf import Shelf
from tests.fakes.standing import FakeStanding
from tests.fakes.storms import FakeStorms
from tests.fakes.ticks import FakeTicks

__all__ = [
    "FakeApprovalBook",
    "FakeAudit",
    "FakeBlobs",
    "FakeClock",
    "FakeEffectLog",
    "FakeEngine",
    "FakeFlow",
    "FakeGate",
    "FakeHistory",
    "FakeInbox",
    "FakeIncidentLog",
    "FakeIntake",
    "FakeLeases",
    "FakeMemory",
    "FakeOutbox",
    "FakeSeal",
    "FakeStore",
    "FakeTicks",
    "Killed",
]


class FakeLegs:
    """Legs over a shelf, for who writes one by hand."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def start(self, leg: str, subject: str, round: int, now: datetime) -> None:
        """As `adapters.store.legs.Legs.start`."""
        del now
        self._shelf.write_leg(leg, subject, round)


class FakeStore:
    """What `Store` is, without a database; `shelf` holds every row for a test to look at, or to break."""

    def __init__(self, clock: FakeClock | None = None, channels: tuple[str, ...] = ("console",)) -> None:
        self.clock = clock or FakeClock()
        self.channels = channels
        self.born = self.clock.now()
        self.shelf = Shelf(self.clock, channels)
        self.intake = FakeIntake(self.shelf)
        self.incidents = FakeIncidentLog(self.shelf)
        self.approvals = FakeApprovalBook(self.shelf)
        self.history = FakeHistory(self.shelf)
        self.effects = FakeEffectLog(self.shelf)
        self.audit = FakeAudit(self.shelf)
        self.gate = FakeGate(self.shelf)
        self.pauses: FakeStanding[Pause] = FakeStanding(self.shelf, "pause")
        self._open_what_people_said()
        self.storms = FakeStorms(self.shelf)
        self.holds = FakeHolds(self.shelf)
        self.sequels = FakeSequels(self.shelf)
        self.marks = FakeMarks()
        self.scenes = FakeScenes()
        self.notebook = FakeNotebook()
        self.leases = FakeLeases(self.shelf)
        self.memory = FakeMemory(self.shelf)
        self.blobs = FakeBlobs(self.shelf)
        self.outbox = FakeOutbox(self.shelf)
        self.pages = FakePageLog(self.shelf)
        self.model_calls = FakeModelLog(self.shelf)
        self.inbox = FakeInbox(self.shelf)
        self.ticks = FakeTicks()
        self.legs = FakeLegs(self.shelf)

    def _open_what_people_said(self) -> None:
        self.orders: FakeStanding[StandingOrder] = FakeStanding(self.shelf, "order")
        self.rules: FakeStanding[ToldRule] = FakeStanding(self.shelf, "rule")
        self.tightenings: FakeStanding[Tightening] = FakeStanding(self.shelf, "mode")
        self.admissions: FakeStanding[Admission] = FakeStanding(self.shelf, "admission")
        self.gaps: FakeStanding[SkillGap] = FakeStanding(self.shelf, "gap")
        self.triggers: FakeStanding[LearnedTrigger] = FakeStanding(self.shelf, "trigger")

    def on_leg(self, hook: Callable[[Leg], None]) -> None:
        """As `Store.on_leg`."""
        self.shelf.on_leg = hook

    def tampered(self) -> tuple[str, ...]:
        """As `Store.tampered`."""
        return tuple(sorted(self.shelf.broken))

    def close(self) -> None:
        """As `Store.close`."""
