"""The only place where ports meet adapters; it constructs and connects, and decides nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import time, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from bot.action_catalog import ActionCatalog
from bot.answers import Answer, Views
from bot.app import Rows
from bot.beyond import Beyond, Notices
from bot.chat_desk import ChatDesk
from bot.conversing import Conversing, Recent
from bot.digest import MorningTime
from bot.documents import Filing
from bot.handwork import Handwork
from bot.leaving import ConcealingPager, concealing
from bot.live_settings import LiveSettings
from bot.messages import Words, words_of
from bot.minds import Minds, minds_of
from bot.ordering import Ordering
from bot.pausing import Resolving
from bot.roster import Roster
from bot.team import Team, World, compose
from bot.verbs import Command, Verb
from bot.waking import NO_PHONES, NoPager, Phones, Waking, waking_of
from core.action import Action
from core.alert import LOCALHOST, Severity, Signal
from core.check import Check
from core.desk import Patience
from core.execution import Operator
from core.inventory import Inventory, Mode
from core.leg import Leg
from core.maintenance import Window
from core.message import Message
from core.never_list import OWN_PORTS
from core.people_ports import Pager, RollbackTimer
from core.ports import Catalog, Channel, Clock, Host, Probe
from core.proven_sandbox import ProvenSandbox

if TYPE_CHECKING:
    from adapters.host.directory import Hand
    from adapters.host.far_rollback import FarUndo
    from adapters.host.kept_child import KeptChildren
    from adapters.probe.sweep import Sweep
    from adapters.sandbox.engine import ChosenSandbox
    from adapters.skill_catalog_files import FileCatalog
    from adapters.store.flow_dbos import DbosEngine
    from adapters.store.store import Store
    from bot.hosts_far import FarLook
    from bot.settings import Settings
    from bot.settings_sandbox import SandboxTable

ROOT = Path(__file__).resolve().parent.parent
SKILLS = ROOT / "skills"
CONSOLE = "console"
WARM_GUESTS = 3
"""Two lookers and the dry run, the usual incident: a third one that has to be started would cost it 40 ms."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is watched and acted on: the demo has another one than `up`. `home` is the data folder, `key_file` the key that was set.

    `looks` see who is logged in on a host and what changed there; `hands` may change a host where another identity is needed for it.
    """

    home: Path
    database_url: str
    inventory: Inventory
    checks: tuple[Check, ...]
    hosts: Mapping[str, Host]
    probes: Mapping[str, Probe]
    channels: tuple[str, ...]
    patience: Patience
    replica_lease: float
    key_file: Path | None = None
    morning: tuple[time, tzinfo | None] = (time(8), None)
    live: LiveSettings | None = None
    windows: tuple[Window, ...] = ()
    phones: Phones = NO_PHONES
    looks: Mapping[str, KeptChildren | FarLook] = field(default_factory=dict)
    hands: Mapping[str, Hand] = field(default_factory=dict)
    undos: Mapping[str, FarUndo] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()
    end: Callable[[], None] = lambda: None
    sandbox: SandboxTable | None = None
    beyond: Beyond = field(default_factory=Beyond)
    minds: Minds = field(default_factory=Minds)

    @property
    def roster(self) -> Roster:
        """Who may say what; a role that was taken away is gone at once."""
        inventory, owner = self.inventory, os.geteuid()
        return Roster(inventory, owner, self.live.inventory) if self.live else Roster(inventory, owner)

    def may_approve(self, person: str, host: str) -> bool:
        """Whether a yes of this person counts there now; where nothing can change, as it was at the start."""
        if self.live is not None:
            return self.live.may_approve(person, host)
        return Roster(self.inventory, os.geteuid()).yes_counts(person, self.inventory.groups(host))

    def mode(self, host: str) -> Mode:
        """How far we may go on a host now."""
        return min(self.inventory.mode(host), self.live.mode(host) if self.live else Mode.AUTO)


@dataclass(frozen=True, slots=True)
class House:
    """Everything, composed once per process."""

    place: Place
    store: Store
    team: Team
    sandbox: ProvenSandbox
    sweep: Sweep
    engine: DbosEngine

    @property
    def morning_time(self) -> MorningTime:
        """When the morning message comes."""
        return MorningTime(*self.place.morning, self.store.born)

    @property
    def rows(self) -> Rows:
        """What people's words reach."""
        return rows_of(self.store)

    def end(self) -> None:
        """Nothing new begins, and nobody waits for a model any more: what it would have said is asked again after the next start."""
        self.engine.end()
        self.team.thinking.gateway.end()
        close_of(self.place.minds.brain)

    def close(self) -> None:
        """In the order in which nothing is lost: no new legs, no new runs, then the rows."""
        self.end()
        self.engine.close()
        self.sweep.close()
        self.sandbox.close()
        for host in self.place.hosts.values():
            close_of(host)
        for probe in self.place.probes.values():
            close_of(probe)
        for look in self.place.looks.values():
            look.close()
        close_of(self.place.minds.cerebellum)
        self.place.end()
        self.store.close()


def close_of(thing: object) -> None:
    """Closes what can be closed."""
    close = getattr(thing, "close", None)
    if close is not None:
        close()


def protected_paths(home: Path, key_file: Path | None = None) -> tuple[Path, ...]:
    """Nightshift's own: code, environment, data folder, key, settings; no skill ever changes them."""
    import sys

    from adapters.key_file import key_path

    return (ROOT, Path(sys.prefix), home, key_path(_environment(key_file))[0])


def _environment(key_file: Path | None) -> dict[str, str]:
    """Ours, with the key that the settings name: it may stand in .env."""
    return {**os.environ, **({"NIGHTSHIFT_KEY_FILE": str(key_file)} if key_file else {})}


def local_place(settings: Settings, channels: tuple[str, ...]) -> Place:
    """This machine and the hosts over there, as the settings say; nothing is connected before somebody asks."""
    from adapters.clock_system import SystemClock
    from adapters.host.kept_child import KeptChildren
    from adapters.host.local import LocalHost
    from adapters.key_file import key_text
    from adapters.probe.local import LocalProbe
    from adapters.probe.served import MODULE
    from bot.hosts_far import far_hosts

    protected = protected_paths(settings.home, settings.env.key_file)
    far = far_hosts(settings.home, settings.file.hosts, protected, SystemClock())
    stated, live = settings.checks(), LiveSettings(settings.home)
    watched = machine_checks() if stated is None else stated
    return Place(
        home=settings.home,
        database_url=settings.database_url,
        inventory=settings.inventory(),
        checks=watched + self_checks(settings.home, watched),
        hosts={LOCALHOST: LocalHost(protected), **far.hosts},
        probes={LOCALHOST: LocalProbe(SystemClock()), **far.probes},
        channels=channels,
        patience=Patience(usual=settings.file.approvals.waits, high=settings.file.approvals.waits_high),
        replica_lease=settings.file.replicas.lease,
        sandbox=settings.file.sandbox,
        key_file=settings.env.key_file,
        morning=(settings.file.digest.moment, settings.file.digest.tz),
        live=live,
        phones=phones_of(settings, live),
        windows=tuple(table.window() for table in settings.file.maintenance),
        looks={LOCALHOST: KeptChildren(lambda: (), MODULE), **far.looks},
        hands=far.hands,
        undos=far.undos,
        end=far.close,
        beyond=beyond_of(settings),
        actions=settings.actions(),
        minds=minds_of(settings, lambda: key_text(_environment(settings.env.key_file), settings.home)),
    )


def beyond_of(settings: Settings) -> Beyond:
    """What runs may reach beyond their host, as the settings say."""
    file = settings.file
    return Beyond(file.web.hosts, file.server.port, settings.skill_secrets(), file.language)


def operator_of(place: Place, store: Store) -> Operator:
    """What the operator configured for all runs, without what is read live of modes and orders."""
    from adapters.fetch_http import HttpFetch

    beyond, schedule = place.beyond, place.phones.schedule
    notices = Notices(
        store.outbox, store.clock, place.inventory, words_of(beyond.language), lambda now: schedule().at(now)
    )
    return Operator(
        listed_hosts=beyond.listed,
        may_approve=place.may_approve,
        fetch=HttpFetch({*OWN_PORTS, beyond.port}),
        notify=notices.post,
        secret=beyond.secret,
        notebook=store.notebook,
    )


def phones_of(settings: Settings, live: LiveSettings) -> Phones:
    """Who can be woken and how, as the settings say."""
    file = settings.file
    return Phones(
        settings.pagers(),
        live.schedule,
        file.pager.link,
        timedelta(seconds=file.pager.next_after),
        file.drill.moment,
        settings.heartbeat_url,
    )


def pager_of(phones: Phones, clock: Clock) -> Pager:
    """The vendor of a hundred services is loaded only where one is named."""
    if not phones.addresses:
        return NoPager()
    from adapters.pager_apprise import Address, ApprisePager

    return ApprisePager({one: [Address(*two) for two in given] for one, given in phones.addresses.items()}, clock)


def wake_up_calls(house: House, words: Words) -> Waking:
    """The ladder, the drill and the heartbeat of a house; raises InvalidError for a heartbeat URL that is none."""
    from adapters.heartbeat_http import HttpHeartbeat

    phones = house.place.phones
    heartbeat = HttpHeartbeat(phones.heartbeat_url) if phones.heartbeat_url else None
    pager = ConcealingPager(pager_of(phones, house.store.clock), house.place.minds.terms.conceal)
    return waking_of(house.store, house.place.inventory, phones, (pager, heartbeat), words)


def machine_checks() -> tuple[Check, ...]:
    """What is watched on this machine while nobody has said what."""
    from adapters.probe.mounts import real_mounts
    from adapters.probe.routes import has_default_route
    from core.watch_list import default_checks

    mounts = real_mounts()
    return default_checks(((one.path, one.has_inodes) for one in mounts), has_default_route=has_default_route())


def self_checks(home: Path, watched: tuple[Check, ...]) -> tuple[Check, ...]:
    """Nightshift watches the disk of its own rows, unless somebody does already; by its mount point, which is what cures know."""
    point = next(path for path in (home.absolute(), *home.absolute().parents) if path.is_mount())
    own = Check(Signal("disk", "used_percent", str(point)), LOCALHOST, over=95, margin=1, severity=Severity.PAGE)
    return () if own.key in {check.key for check in watched} else (own,)


def store_of(home: Path, url: str, channels: tuple[str, ...], key_file: Path | None = None) -> Store:
    """The rows alone."""
    from adapters.clock_system import SystemClock
    from adapters.key_file import open_key
    from adapters.store.store import Store

    return Store(url, open_key(_environment(key_file), home), SystemClock(), home, channels)


def rows_of(store: Store) -> Rows:
    """The store's ports that people's words reach."""
    return Rows(
        intake=store.intake,
        log=store.incidents,
        book=store.approvals,
        history=store.history,
        effects=store.effects,
        audit=store.audit,
        gate=store.gate,
        memory=store.memory,
        inbox=store.inbox,
        outbox=store.outbox,
        clock=store.clock,
        pauses=store.pauses,
        orders=store.orders,
        rules=store.rules,
        tightenings=store.tightenings,
        admissions=store.admissions,
        gaps=store.gaps,
        triggers=store.triggers,
        pages=store.pages,
        holds=store.holds,
        sequels=store.sequels,
        storms=store.storms,
        marks=store.marks,
        scenes=store.scenes,
        leases=store.leases,
        blobs=store.blobs,
        ticks=store.ticks,
        model_calls=store.model_calls,
    )


def sandbox_of(table: SandboxTable | None, warm: int) -> ChosenSandbox:
    """What holds skills here, with so many guests kept warm; where nothing is set, the first engine that is fit."""
    from adapters.sandbox.engine import Choice, ChosenSandbox

    if table is None:
        return ChosenSandbox(Choice(), warm)
    return ChosenSandbox(Choice(table.engine, table.docker, table.image, table.runtime, table.socket), warm)


def rollback_timer_of(place: Place) -> RollbackTimer:
    """Arms the undo of a change of the network on the host itself; where it cannot be armed, as in a container, nothing is changed."""
    from adapters.host.rollback_timer import HostRollbackTimer
    from adapters.host.served_host import ServedHost

    enters = {name: host.enter for name, host in place.hosts.items() if isinstance(host, ServedHost)}
    near = HostRollbackTimer(enters, place.home / "rollback")
    if not place.undos:
        return near
    from adapters.host.far_rollback import (  # stands on SSH, which takes a while to load
        FarRollbackTimer,
        RollbackTimers,
    )

    return RollbackTimers(near, FarRollbackTimer(place.undos, place.home / "rollback-far"), frozenset(place.undos))


def build(place: Place, skills: Path = SKILLS) -> House:
    """The whole house in one place. Takes the data folder's lock; raises InvalidError while another process has it."""
    from adapters.probe.directory import ProbeDirectory
    from adapters.probe.sweep import Sweep
    from adapters.store.flow_dbos import DbosEngine
    from bot.hosts_eyes import FarEyes

    store = store_of(place.home, place.database_url, place.channels, place.key_file)
    store.folder.lock()
    probe = ProbeDirectory(place.probes)
    together = {name: far.measure_all for name, far in place.probes.items() if isinstance(far, FarEyes)}
    sweep, sandbox = Sweep(probe, together=together), ProvenSandbox(sandbox_of(place.sandbox, WARM_GUESTS))
    operator = operator_of(place, store)
    files = ActionCatalog(open_catalog_at(skills), place.actions)
    operator = replace(operator, action=files.action)
    team = compose(rows_of(store), _world(place, files, probe, sweep, sandbox, operator))

    def give_up(leg: Leg, why: str) -> None:
        """A leg that cannot be played ends in a person's hands, never in silence."""
        subject = leg.subject if leg.leg == "investigate" else store.approvals.incident_of(leg.subject)
        team.closing.hand_over(store.incidents.load(subject), f"I could not go on: {why}", ())

    engine = DbosEngine(store, team.plays, lease_seconds=place.replica_lease, on_lost=give_up)
    return House(place, store, team, sandbox, sweep, engine)


def _world(
    place: Place, files: Catalog, probe: Probe, sweep: Sweep, sandbox: ProvenSandbox, operator: Operator
) -> World:
    """The machines of a place, with hands and eyes."""
    from adapters.host.directory import HostDirectory
    from adapters.probe.surroundings import ServedChanges, ServedPresence

    asks = {host: children.ask for host, children in place.looks.items()}
    watched = [(check.host, check.signal.object) for check in place.checks if check.signal.kind == "process"]
    services = {host: tuple(sorted({name for on, name in watched if on == host and name})) for host in asks}
    return World(
        hosts=HostDirectory(place.hosts, place.hands, frozenset({0, os.geteuid()})),
        sandbox=sandbox,
        files=files,
        probe=probe,
        sweep=sweep.measure,
        checks=lambda: place.checks,
        inventory=place.inventory,
        operator=operator,
        mode=place.mode,
        presence=ServedPresence(asks),
        changes=ServedChanges(asks, services),
        timer=rollback_timer_of(place),
        patience=place.patience,
        minds=place.minds,
        windows=place.windows,
    )


def open_catalog_at(folder: Path) -> FileCatalog:
    """The skills of one folder, pinned by the lock inside it."""
    from adapters.skill_catalog_files import FileCatalog

    return FileCatalog(folder, folder / "skills.lock")


def filing_of(house: House, language: str) -> Filing:
    """Where what looks describe as documents goes."""
    from adapters.plotter.by_matplotlib import MatplotlibPlotter
    from adapters.store.documents import DocumentFolder

    home = house.place.home
    return Filing(DocumentFolder(home), MatplotlibPlotter(home / "plots"), house.store.clock, words_of(language))


def desk_of(house: House, language: str, channels: Mapping[str, Channel], recent: Recent | None = None) -> ChatDesk:
    """The desk with hands."""
    roster = house.place.roster
    rows = house.rows
    views = Views(rows, house.place.inventory, roster, language)
    hands = Handwork(rows, house.team.trust.catalog, house.team.diagnosis, house.place.inventory, roster, views)
    resolving = Resolving(rows, house.place.inventory, roster, views, house.team.holding)

    filing = filing_of(house, language)

    def act(command: Command, message: Message) -> Answer:
        if command.verb is Verb.RESOLVE:
            return resolving.resolve(command, message)
        answer = hands.act(command, message)
        return filing.filed(answer, command.target, command.option("host"))

    ordering = Ordering(rows, house.team.trust, roster, language)
    talk = Conversing(
        house.team.conversation,
        rows,
        house.place.inventory,
        roster,
        views,
        recent or Recent(),
        lambda command, message: desk.carry_out(command, message),
        filing.filed,
    )
    terms = house.place.minds.terms
    shown = concealing(channels, terms.conceal)
    desk = ChatDesk(rows, house.place.inventory, roster, language, act, shown, ordering, talk.converse, terms.budget)
    return desk
