"""The night shift composed from core alone, over any rows and in any world: `wiring` gives the real ones, whole nights give fakes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from bot.app import Rows
from bot.minds import Minds, Thinking, thinking_of
from core.asked_look import AskedLooks
from core.belonging import Belonging
from core.brain_talk import BrainTalk
from core.briefing import Briefing, Sources
from core.called_look import CalledLooks
from core.caps import Caps
from core.check import Check
from core.closing import Closing
from core.confirmed_commit import Network
from core.conversation import Conversation
from core.cut_off import restrain_while_cut_off
from core.deliberation import Deliberation
from core.desk import Desk, Patience
from core.diagnosis import Diagnosis
from core.errors import StoppedError, TamperedError
from core.execution import Executor, Operator
from core.holding import Books, Holding
from core.incident import Incident
from core.incident_response import IncidentResponse
from core.inventory import Inventory, Mode
from core.investigation import Investigation
from core.known_names import known_by
from core.maintenance import Window
from core.mode_now import ModeNow
from core.night_watch import NightWatch, Sweep
from core.order_birth import OrderBirth
from core.people_ports import Changes, Presence, RollbackTimer
from core.ports import Catalog, Clock, Flow, Hosts, Probe, Sandbox
from core.relapse import Relapses
from core.router_now import RouterNow
from core.skill_admission import AdmittedCatalog, Maturity, SkillAdmission
from core.skill_manifest import Skill
from core.standing_orders import Ground, StandingOrders
from core.storm_watch import StormWatch
from core.surroundings import Surroundings
from core.testimony import restrain_after_pages
from core.told_rules import ToldRules
from core.understanding import Understanding
from core.verification import Watch
from core.voting import Ballot, Voice, Voting
from core.wishes import Wishes


@dataclass(frozen=True, slots=True)
class World:
    """The machines, what can be measured and seen of them, and what the operator laid down.

    `operator` comes without what is read live of modes and orders, which is made here from `mode`; `files` is the catalog without
    admissions; `zone` is where nights are counted, None: where the machine is.
    """

    hosts: Hosts
    sandbox: Sandbox
    files: Catalog
    probe: Probe
    sweep: Sweep
    checks: Callable[[], tuple[Check, ...]]
    inventory: Inventory
    operator: Operator
    mode: Callable[[str], Mode]
    presence: Presence
    changes: Changes
    timer: RollbackTimer
    patience: Patience
    minds: Minds = field(default_factory=Minds)
    windows: tuple[Window, ...] = ()
    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """What people have come to trust: skills as they were admitted, orders given ahead; and the ground both stand on."""

    ground: Ground
    catalog: Catalog
    maturity: Maturity
    orders: StandingOrders
    birth: OrderBirth
    admission: SkillAdmission


@dataclass(frozen=True, slots=True)
class Team:
    """The story with those who work for it."""

    trust: Trust
    executor: Executor
    night_watch: NightWatch
    watch: Watch
    diagnosis: Diagnosis
    desk: Desk
    closing: Closing
    holding: Holding
    storms: StormWatch
    relapses: Relapses
    story: IncidentResponse
    thinking: Thinking
    conversation: Conversation
    router: RouterNow

    @property
    def plays(self) -> dict[str, Callable[[str, Flow], None]]:
        """Leg by leg, for an engine."""
        return {"investigate": self.story.investigate, "act": self.story.act, "conclude": self.story.conclude}


def compose(rows: Rows, world: World) -> Team:
    """Everybody, once."""
    inventory, clock = world.inventory, rows.clock
    rows.intake.know(inventory)
    trust, thinking = trust_of(rows, world), thinking_of(rows, world.minds)
    night_watch = NightWatch(world.sweep, rows.ticks, rows.intake, rows.book, rows.outbox, clock)
    executor = _executor(rows, world, trust, night_watch)
    good_and_bad = (night_watch.bad_now, night_watch.good_now)
    watch = Watch(rows.log, rows.intake, world.probe, world.checks, clock, inventory, *good_and_bad)
    diagnosis = Diagnosis(
        trust.catalog, rows.memory, executor, world.probe, inventory, clock, trust.maturity.state_on, world.checks
    )
    router = RouterNow(trust.catalog, rows.triggers, world.minds.semantic)
    storms = StormWatch(rows.storms, rows.book, inventory, clock)
    investigation = _investigation(rows, world, trust, executor, diagnosis, thinking, router, storms)
    wishes = Wishes(diagnosis, router, trust.maturity.state_on)
    voting = _voting(world, trust, diagnosis, thinking, router, clock)
    deliberation = Deliberation(diagnosis, wishes, voting, investigation, rows.history.approvals)
    desk = _desk(rows, world, trust, executor, storms)
    closing = Closing(rows.log, rows.book, rows.effects, trust.catalog, inventory, clock, rows.sequels, rows.gaps)
    watching = (world.probe, world.checks, night_watch.bad_now)
    belonging = Belonging(rows.log, rows.holds, storms, *watching, inventory, clock)
    books = Books(rows.log, rows.book, rows.holds, rows.pauses, rows.ticks, rows.outbox)
    holding = Holding(books, watch, closing, belonging, inventory, clock, world.windows)
    story = IncidentResponse(rows.log, rows.book, deliberation, desk, executor, watch, closing, holding)
    understanding = Understanding(router, inventory, trust.maturity.state_on)
    conversation = Conversation(
        trust.catalog,
        understanding,
        _brain_talk(world, trust, executor, thinking, understanding, router),
        AskedLooks(executor, inventory, lambda: known_by(world.checks())),
        rows.intake,
        rows.gaps,
        clock,
    )
    relapses = Relapses(rows.history, rows.ticks, rows.log, clock)
    return Team(
        trust,
        executor,
        night_watch,
        watch,
        diagnosis,
        desk,
        closing,
        holding,
        storms,
        relapses,
        story,
        thinking,
        conversation,
        router,
    )


def _investigation(  # noqa: PLR0913, PLR0917 - composed once
    rows: Rows,
    world: World,
    trust: Trust,
    executor: Executor,
    diagnosis: Diagnosis,
    thinking: Thinking,
    router: RouterNow,
    storms: StormWatch,
) -> Investigation:
    """The brain's work; it is told what the card would show, too."""
    catalog, state_on, minds = trust.catalog, trust.maturity.state_on, thinking.minds

    def shortlist(words: str) -> tuple[str, ...]:
        return tuple(match.skill.name for match in router().shortlist(words, 10))

    sources = Sources(rows.history.approvals, _around(rows, world).note, shortlist, executor.mode, minds.language)
    briefing = Briefing(catalog, rows.memory, minds.runbooks, world.inventory, state_on, sources)
    looks = CalledLooks(executor, catalog, world.inventory, state_on)
    gateway = thinking.gateway if minds.brain else None
    return Investigation(gateway, diagnosis, looks, briefing, storms.why_not_think, _stopped(rows, world))


def _stopped(rows: Rows, world: World) -> Callable[[Incident], str]:
    """Who said that nothing goes on where an incident is, '' while it may."""

    def why_not(incident: Incident) -> str:
        try:
            rows.gate.check(incident.host, world.inventory.groups(incident.host), incident.id, "", rows.clock.now())
        except (StoppedError, TamperedError) as error:
            return error.message
        return ""

    return why_not


def _brain_talk(
    world: World, trust: Trust, executor: Executor, thinking: Thinking, understanding: Understanding, router: RouterNow
) -> BrainTalk:
    """The brain's part in a conversation."""
    catalog, state_on, minds = trust.catalog, trust.maturity.state_on, thinking.minds
    gateway = thinking.gateway if minds.brain else None
    looks = CalledLooks(executor, catalog, world.inventory, state_on)
    return BrainTalk(gateway, looks, catalog, world.inventory, understanding, router, state_on, minds.language)


def _around(rows: Rows, world: World) -> Surroundings:
    return Surroundings(world.presence, world.changes, rows.marks, rows.scenes, rows.history, rows.clock)


def _voting(
    world: World, trust: Trust, diagnosis: Diagnosis, thinking: Thinking, router: RouterNow, clock: Clock
) -> Voting:
    """The router's word, and the cerebellum's where there is one."""
    minds, (watch, log, conceal) = thinking.minds, (thinking.watch, thinking.log, thinking.conceal)
    ballot = Ballot(
        trust.catalog,
        world.inventory,
        trust.maturity.state_on,
        router,
        lambda: known_by(world.checks()),
    )
    if minds.cerebellum is None:
        return Voting(diagnosis, ballot)
    voice = Voice(minds.cerebellum, watch, log, clock, conceal, minds.least, minds.seconds)
    return Voting(diagnosis, ballot, voice)


def trust_of(rows: Rows, world: World) -> Trust:
    """Modes as people may have tightened them, and everything that is believed only while its rows say so."""
    modes = ModeNow(world.mode, rows.tightenings, world.inventory)
    ground = Ground(world.inventory, world.operator.may_approve, modes.of, world.zone)
    return trust_on(rows, world.files, ground, world.operator)


def trust_on(rows: Rows, files: Catalog, ground: Ground, operator: Operator | None = None) -> Trust:
    """The same over a ground that stands already, for who answers without a whole team."""
    catalog = AdmittedCatalog(files, rows.admissions)
    inventory, actions = ground.inventory, operator or Operator()

    def is_for(skill: Skill, host: str) -> bool:
        action = actions.action(skill)
        return action is None or action.is_for(host, inventory.groups(host))

    maturity = Maturity(rows.admissions, rows.memory, rows.book, inventory, ground.zone, is_for)
    orders = StandingOrders(rows.orders, rows.memory, catalog, rows.audit, rows.outbox, rows.clock, ground)
    shelves = (rows.orders, rows.memory, rows.log, rows.book)
    birth = OrderBirth(*shelves, catalog, rows.clock, ground, maturity.state_on)
    admission = SkillAdmission(files, rows.admissions, maturity, ground.inventory, rows.outbox, rows.clock)
    return Trust(ground, catalog, maturity, orders, birth, admission)


def _executor(rows: Rows, world: World, trust: Trust, night_watch: NightWatch) -> Executor:
    live = replace(world.operator, ceiling=trust.ground.mode, why_no_order=trust.orders.why_not)
    return Executor(
        hosts=world.hosts,
        sandbox=world.sandbox,
        catalog=trust.catalog,
        effects=rows.effects,
        gate=rows.gate,
        leases=rows.leases,
        blobs=rows.blobs,
        audit=rows.audit,
        clock=rows.clock,
        inventory=world.inventory,
        operator=live,
        network=Network(world.timer, world.probe, world.checks, night_watch.bad_now),
    )


def _desk(rows: Rows, world: World, trust: Trust, executor: Executor, storms: StormWatch) -> Desk:
    """With every further rule over the table; each may only move an answer to the right."""
    told = ToldRules(rows.rules, world.inventory, rows.clock, world.zone)
    caps = Caps(rows.history, rows.log, rows.clock)
    around = _around(rows, world)
    cut_off = restrain_while_cut_off(rows.outbox, rows.clock, trust.orders)
    pages = restrain_after_pages(trust.catalog.skills)
    return Desk(
        rows.book,
        trust.catalog,
        world.inventory,
        rows.clock,
        world.patience,
        (told.restrain, *caps.restraints, around.restrain, storms.restrain, cut_off, pages),
        caps.require_turn,
        around.note,
        trust.orders,
        trust.maturity.state_on,
        executor.mode,
        rows.history.approvals,
    )
