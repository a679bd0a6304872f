"""The whole store in memory: one fake per port over one shelf, with the attributes of `adapters.store.store.Store`."""

from __future__ import annotations

from collections.abc import Callable

from core.ports import Leg
from tests.fakes.flow import FakeEngine, FakeFlow, Killed
from tests.fakes.shelf import FakeClock, FakeSeal, Shelf
from tests.fakes.store_desk import FakeInbox, FakeMemory, FakeOutbox, FakeTicks
from tests.fakes.store_story import FakeApprovalBook, FakeHistory, FakeIncidentLog, FakeIntake
from tests.fakes.store_trail import FakeAudit, FakeBlobs, FakeEffectLog, FakeGate, FakeLeases

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


class FakeStore:
    """What `Store` is, without a database; `shelf` holds every row for a test to look at, or to break."""

    def __init__(self, clock: FakeClock | None = None, channels: tuple[str, ...] = ("console",)) -> None:
        self.clock = clock or FakeClock()
        self.channels = channels
        self.shelf = Shelf(self.clock, channels)
        self.intake = FakeIntake(self.shelf)
        self.incidents = FakeIncidentLog(self.shelf)
        self.approvals = FakeApprovalBook(self.shelf)
        self.history = FakeHistory(self.shelf)
        self.effects = FakeEffectLog(self.shelf)
        self.audit = FakeAudit(self.shelf)
        self.gate = FakeGate(self.shelf)
        self.leases = FakeLeases(self.shelf)
        self.memory = FakeMemory(self.shelf)
        self.blobs = FakeBlobs(self.shelf)
        self.outbox = FakeOutbox(self.shelf)
        self.inbox = FakeInbox(self.shelf)
        self.ticks = FakeTicks()

    def on_leg(self, hook: Callable[[Leg], None]) -> None:
        """As `Store.on_leg`."""
        self.shelf.on_leg = hook

    def tampered(self) -> tuple[str, ...]:
        """As `Store.tampered`."""
        return tuple(sorted(self.shelf.broken))

    def close(self) -> None:
        """As `Store.close`."""
