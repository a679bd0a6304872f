"""The story composed as `bot.wiring.build` composes it, over whatever store, hosts and probe a night is to be played on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any

from bot.messages import words_of
from bot.messages.cards import page_line
from bot.waking import NoPager
from core.belonging import Belonging
from core.caps import Caps
from core.check import Check
from core.closing import Closing
from core.confirmed_commit import Network
from core.cut_off import restrain_while_cut_off
from core.desk import Desk
from core.diagnosis import Diagnosis
from core.errors import NightshiftError
from core.escalation import Escalation, Ladder, Rows
from core.execution import Executor, Operator
from core.holding import Books, Holding
from core.incident_response import IncidentResponse
from core.inventory import Inventory, Mode
from core.maintenance import Window
from core.mode_now import ModeNow
from core.night_watch import NightWatch
from core.on_call import Schedule
from core.order_birth import OrderBirth
from core.page import Page
from core.paging import Paging
from core.people_ports import Changes, Pager, Presence
from core.ports import Catalog, Flow, Hosts, Probe, Sandbox
from core.relapse import Relapses
from core.skill_admission import AdmittedCatalog, Maturity, SkillAdmission
from core.standing_orders import Ground, StandingOrders
from core.storm_watch import StormWatch
from core.surroundings import Surroundings
from core.told_rules import ToldRules
from core.verification import Watch
from core.world import Measurement
from tests.fakes.changes import FakeChanges
from tests.fakes.presence import FakePresence
from tests.fakes.rollback_timer import FakeRollbackTimer


@dataclass(frozen=True, slots=True)
class World:
    """What a night happens to: the machines, what can be measured of them, who may be asked."""

    hosts: Hosts
    probe: Probe
    checks: tuple[Check, ...]
    inventory: Inventory
    catalog: Catalog
    sandbox: Sandbox
    operator: Operator
    windows: tuple[Window, ...] = ()
    presence: Presence = field(default_factory=FakePresence)
    changes: Changes = field(default_factory=FakeChanges)
    pager: Pager = field(default_factory=NoPager)
    ladder: tuple[str, ...] = ()

    def mode(self, host: str) -> Mode:
        """How far we may go there now."""
        return min(self.inventory.mode(host), self.operator.ceiling(host))


@dataclass(frozen=True, slots=True)
class Team:
    """The story with those who work for it."""

    executor: Executor
    diagnosis: Diagnosis
    watch: Watch
    night_watch: NightWatch
    closing: Closing
    story: IncidentResponse
    holding: Holding
    orders: StandingOrders
    admission: SkillAdmission
    birth: OrderBirth
    timer: FakeRollbackTimer
    storms: StormWatch
    relapses: Relapses

    @property
    def plays(self) -> dict[str, Callable[[str, Flow], None]]:
        """Leg by leg, for an engine."""
        return {"investigate": self.story.investigate, "act": self.story.act, "conclude": self.story.conclude}


def compose(store: Any, world: World) -> Team:
    """`store` is a `Store` or a `FakeStore`, which have the same ports."""
    store.intake.know(world.inventory)
    modes = ModeNow(world.mode, store.tightenings, world.inventory)
    ground = Ground(world.inventory, world.operator.may_approve, modes.of, UTC)
    catalog = AdmittedCatalog(world.catalog, store.admissions)
    orders = StandingOrders(store.orders, store.memory, catalog, store.audit, store.outbox, store.clock, ground)
    maturity = Maturity(store.admissions, store.memory, store.approvals, world.inventory, UTC)
    admission = SkillAdmission(world.catalog, store.admissions, maturity, world.inventory, store.outbox, store.clock)
    timer = FakeRollbackTimer(store.clock, world.hosts)
    executor = Executor(
        hosts=world.hosts,
        sandbox=world.sandbox,
        catalog=catalog,
        effects=store.effects,
        gate=store.gate,
        leases=store.leases,
        blobs=store.blobs,
        audit=store.audit,
        clock=store.clock,
        inventory=world.inventory,
        operator=replace(world.operator, ceiling=modes.of, why_no_order=orders.why_not),
        network=Network(timer, world.probe, lambda: world.checks, lambda: night_watch.bad_now()),
    )

    def sweep(checks: Sequence[Check]) -> Mapping[str, Measurement | NightshiftError]:
        return {check.key: _measured(world.probe, check) for check in checks}

    night_watch = NightWatch(sweep, store.ticks, store.intake, store.approvals, store.outbox, store.clock)
    watch = Watch(
        store.incidents,
        store.intake,
        world.probe,
        lambda: world.checks,
        store.clock,
        world.inventory,
        night_watch.bad_now,
        night_watch.good_now,
    )
    diagnosis = Diagnosis(catalog, store.memory, executor, world.probe, world.inventory, store.clock, maturity.state_on)
    told = ToldRules(store.rules, world.inventory, store.clock, UTC)
    caps = Caps(store.history, store.incidents, store.clock)
    around = Surroundings(world.presence, world.changes, store.marks, store.scenes, store.history, store.clock)
    relapses = Relapses(store.history, store.ticks, store.clock)
    storms = StormWatch(store.storms, store.approvals, world.inventory, store.clock)
    cut_off = restrain_while_cut_off(store.outbox, store.clock, orders)
    restraints = (told.restrain, *caps.restraints, around.restrain, storms.restrain, cut_off)
    desk = Desk(
        store.approvals,
        catalog,
        world.inventory,
        store.clock,
        restraints=restraints,
        turn=caps.require_turn,
        look_around=around.note,
        orders=orders,
        state_on=maturity.state_on,
        mode=executor.mode,
        asked_before=store.history.approvals,
    )
    closing = Closing(store.incidents, store.approvals, store.effects, catalog, world.inventory, store.clock)
    watching = (world.probe, lambda: world.checks, night_watch.bad_now)
    belonging = Belonging(store.incidents, store.holds, storms, *watching, world.inventory, store.clock)
    holding = Holding(books_of(store), watch, closing, belonging, world.inventory, store.clock, world.windows)
    story = IncidentResponse(store.incidents, store.approvals, diagnosis, desk, executor, watch, closing, holding)
    shelves = (store.orders, store.memory, store.incidents, store.approvals)
    birth = OrderBirth(*shelves, catalog, store.clock, ground, maturity.state_on)
    trust = (orders, admission, birth)
    return Team(executor, diagnosis, watch, night_watch, closing, story, holding, *trust, timer, storms, relapses)


def paging_of(store: Any, world: World) -> tuple[Escalation, Paging]:
    """As `bot.waking.waking_of`, with the fakes of a night."""
    rows = Rows(store.incidents, store.approvals, store.history, store.pages, store.pauses, store.gate, store.outbox)
    words = words_of("en")
    ladder = Ladder(
        world.pager,
        lambda: Schedule(world.ladder, days=0, zone="UTC"),
        lambda incident, reason: page_line(words, incident, reason),
    )

    def failed(page: Page) -> str:
        return words.say("waking.failed", person=page.person, why=page.receipt.detail if page.receipt else "")

    return Escalation(rows, ladder, world.inventory), Paging(
        store.pages, world.pager, store.outbox, store.clock, "", failed
    )


def books_of(store: Any) -> Books:
    """The rows that holding goes by."""
    return Books(store.incidents, store.approvals, store.holds, store.pauses, store.ticks, store.outbox)


def _measured(probe: Probe, check: Check) -> Measurement | NightshiftError:
    try:
        return probe.measure(check.host, check.signal)
    except NightshiftError as error:
        return error
