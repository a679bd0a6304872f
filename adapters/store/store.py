"""The store as one thing: opens the database and the data folder, and offers one small object per port."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from adapters.store.approvals import StoredApprovals, Writes
from adapters.store.audit import Head, StoredAudit, begin_trail
from adapters.store.blobs import StoredBlobs
from adapters.store.data_folder import DataFolder
from adapters.store.database import Database, Transaction
from adapters.store.effects import StoredEffects
from adapters.store.executors import Executors
from adapters.store.gate import StoredGate, begin_stops, seal_stops_anew
from adapters.store.history import StoredHistory
from adapters.store.holds import StoredHolds
from adapters.store.inbox import StoredInbox
from adapters.store.incidents import StoredIncidents
from adapters.store.intake import StoredIntake
from adapters.store.leases import StoredLeases
from adapters.store.legs import Legs
from adapters.store.marks import StoredMarks
from adapters.store.memory import StoredMemory
from adapters.store.migrate import migrate
from adapters.store.model_calls import StoredModelLog
from adapters.store.notebook import StoredNotebook
from adapters.store.once import Once
from adapters.store.outbox import StoredOutbox
from adapters.store.pages import StoredPages
from adapters.store.scenes import StoredScenes
from adapters.store.schema import INSTANCE
from adapters.store.sealed import Sealer
from adapters.store.sequels import StoredSequels
from adapters.store.standing import StoredStanding, begin_standing
from adapters.store.storms import StoredStorms
from adapters.store.ticks import StoredTicks
from core.admission import Admission
from core.errors import NightshiftError, TamperedError
from core.leg import Leg
from core.pause import Pause
from core.ports import Clock, Seal
from core.skill_gap import SkillGap
from core.standing_order import StandingOrder
from core.tightening import Tightening
from core.told_rule import ToldRule
from core.trigger import LearnedTrigger

_BIRTH = "birth"


class Store:
    """Everything durable. `url` is `sqlite:///PATH` or `postgresql://…`; `channels` are the names that cards are posted to.

    Raises InvalidError, one sentence, for a data folder or a database that cannot be used.
    """

    def __init__(self, url: str, seal: Seal, clock: Clock, data_folder: Path, channels: Sequence[str] = ()) -> None:
        self.clock, self.channels = clock, tuple(channels)
        self.folder = DataFolder(data_folder)
        self.sealer = Sealer(seal)
        self.db = Database(url)
        self.audit = StoredAudit(self.db, self.sealer, self.folder)
        migrate(self.db, self._begin)
        if self.db.room:
            self.db.room.hold()
        writes = Writes(self.db, self.sealer, self.channels, clock)
        self.approvals = StoredApprovals(writes)
        self.intake = StoredIntake(writes, self.approvals)
        self.incidents = StoredIncidents(writes, self.audit, self.approvals)
        self.sequels = StoredSequels(writes, self.audit, self.incidents)
        self.effects = StoredEffects(self.db, self.sealer)
        self.blobs = StoredBlobs(self.db, self.sealer)
        self.model_calls = StoredModelLog(self.db, self.sealer)
        self.audit.also(self.approvals.broken, self.effects.broken, self.blobs.broken, self.model_calls.broken)
        self.history = StoredHistory(self.incidents, self.approvals, self.effects)
        self.pauses = StoredStanding(self.db, self.sealer, Pause)
        self.gate = StoredGate(self.db, self.sealer, self.folder, self.pauses)
        self._open_what_people_said()
        self.leases = StoredLeases(self.db, clock)
        self.memory = StoredMemory(self.db, self.sealer)
        self.outbox = StoredOutbox(self.db, self.channels)
        self.pages = StoredPages(self.db, self.sealer, clock)
        self.inbox = StoredInbox(self.db, self.sealer)
        self.ticks = StoredTicks(self.db)
        self.legs = Legs(self.db)
        self.once = Once(self.db, clock)
        self.executors = Executors(self.db, clock)

    def _open_what_people_said(self) -> None:
        self.orders = StoredStanding(self.db, self.sealer, StandingOrder)
        self.rules = StoredStanding(self.db, self.sealer, ToldRule)
        self.tightenings = StoredStanding(self.db, self.sealer, Tightening)
        self.admissions = StoredStanding(self.db, self.sealer, Admission)
        self.gaps = StoredStanding(self.db, self.sealer, SkillGap)
        self.triggers = StoredStanding(self.db, self.sealer, LearnedTrigger)
        self.storms = StoredStorms(self.db, self.channels, self.incidents)
        self.holds = StoredHolds(self.db, self.incidents)
        self.marks, self.scenes = StoredMarks(self.db), StoredScenes(self.db)
        self.notebook = StoredNotebook(self.db, self.sealer)

    def on_leg(self, hook: Callable[[Leg], None]) -> None:
        """Has `hook` called after each commit that wrote a leg; it must be quick and not raise."""
        self.db.on_leg = hook

    def on_card(self, hook: Callable[[], None]) -> None:
        """Has `hook` called after each commit that wrote a card."""
        self.db.on_card = hook

    @property
    def born(self) -> datetime:
        """When this installation began; raises TamperedError where its row is gone or changed."""
        with self.db.read() as conn:
            row = conn.execute(sa.select(INSTANCE).where(INSTANCE.c.name == _BIRTH)).first()
        if row is None or not self.sealer.holds(_BIRTH, "row", row.mark, row.body):
            raise TamperedError("the row this installation began with does not verify")
        return datetime.fromisoformat(json.loads(row.body)["at"])

    def tampered(self) -> tuple[str, ...]:
        """Rows with authority that do not verify: those met since the start, and any among the ones that could decide something now."""
        self._check_birth()
        self.approvals.pending()
        self.effects.unfinished()
        self.effects.check()
        self.inbox.next()
        self.incidents.check_ends()
        try:
            self.gate.stops()
        except NightshiftError as error:
            self.sealer.note(f"stop list: {error}")
        for standing in (
            self.pauses,
            self.orders,
            self.rules,
            self.tightenings,
            self.admissions,
            self.gaps,
            self.triggers,
        ):
            standing.check()
        return self.sealer.broken()

    def close(self) -> None:
        """Gives connections and the data folder back."""
        self.memory.close()
        self.db.close()
        self.folder.unlock()

    def _begin(self, tx: Transaction, before: str) -> None:
        if before == "":
            self._be_born(tx)
        if before == "0001":
            seal_stops_anew(tx, self.sealer)
        if before in ("", "0001"):
            begin_standing(tx, self.sealer)
        if before in ("0002", "0003"):
            begin_standing(tx, self.sealer, (SkillGap, LearnedTrigger))

    def _be_born(self, tx: Transaction) -> None:
        body = json.dumps({"instance": secrets.token_hex(8), "at": self.clock.now().isoformat()})
        tx.conn.execute(sa.insert(INSTANCE).values(name=_BIRTH, body=body, mark=self.sealer.sign(_BIRTH, body)))
        begin_trail(tx, self.sealer)
        begin_stops(tx, self.sealer)
        self.audit.anchor_outside(Head(0, ""))

    def _check_birth(self) -> None:
        with self.db.read() as conn:
            row = conn.execute(sa.select(INSTANCE).where(INSTANCE.c.name == _BIRTH)).first()
        if row is None:
            self.sealer.note("the instance row, which is missing")
            return
        self.sealer.holds(_BIRTH, "row: the key is not the one this database was made with", row.mark, row.body)
