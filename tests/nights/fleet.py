"""A night over many hosts on fakes, with a desk that shows what people would see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from bot.answers import Answer
from bot.app import Rows
from bot.chat_desk import ChatDesk
from bot.minds import Minds
from bot.roster import Roster
from core.alert import Alert, AlertStatus, Signal
from core.approval import Verdict
from core.card import Card, CardKind
from core.check import Check
from core.episode import Episode
from core.errors import UnavailableError
from core.execution import Operator
from core.incident import Ending, Incident
from core.inventory import HostEntry, Inventory, Mode, Person
from core.message import Message
from core.skill_manifest import Skill
from core.world import Measurement
from tests.fakes.catalog import FakeCatalog
from tests.fakes.channel import FakeChannel
from tests.fakes.engine import FakeEngine
from tests.fakes.host import FakeHost, FakeHosts
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.store import FakeStore
from tests.nights.composition import World, compose
from tests.nights.remedies import ROTATED

GROUP = "web"
OWNER = "os:1000"
EVERY = 10.0
FULL = {"files": {"/var/log/app.log": "live", ROTATED: "old and large"}}
DISK = "disk.used_percent:/"

Measure = Callable[[FakeHost], float]


def used(host: FakeHost) -> float:
    """Full as long as the rotated log is there."""
    return 97.0 if host.files.get(ROTATED) else 41.0


def broken(host: FakeHost) -> float:
    """Down as long as the disk is full."""
    return float(bool(host.files.get(ROTATED)))


class _Hosts(FakeHosts):
    """Machines as they are by now: a night makes them anew."""

    def __init__(self, machines: dict[str, FakeHost]) -> None:
        super().__init__({})
        self._hosts = machines  # type: ignore[assignment]


@dataclass
class Fleet:
    """Hosts by name, each with what it talks to; every host has every signal of `signals`. `dark` hosts cannot be measured."""

    hosts: Mapping[str, Sequence[str]]
    signals: Mapping[str, Measure] = field(default_factory=lambda: {DISK: used})
    skills: Sequence[Skill] = ()
    mode: Mode = Mode.APPROVE
    lasting: float = 0.0
    minds: Minds = field(default_factory=Minds)

    def __post_init__(self) -> None:
        self.store = FakeStore()
        self.machines = {name: FakeHost({}) for name in self.hosts}
        self.dark: set[str] = set()
        entries = tuple(HostEntry(name, "local", (GROUP,), tuple(talks)) for name, talks in self.hosts.items())
        people = (Person("li", ("approver",), (), ("slack:U1",)), Person("bo", ("responder",), (), ("slack:U2",)))
        self.inventory = Inventory(entries, ((GROUP, self.mode),), people=people)
        self.checks = tuple(self._check(host, text) for host in self.hosts for text in self.signals)
        operator = Operator(may_approve=lambda _name, _host: True, ceiling=lambda _host: Mode.AUTO)
        catalog = FakeCatalog(*self.skills)
        world = World(_Hosts(self.machines), self, self.checks, self.inventory, catalog, FakeSandbox(), operator)
        world = replace(world, minds=self.minds)
        self.team = compose(self.store, world)
        self.engine = FakeEngine(self.store, self.team.plays)
        self.console = FakeChannel("console", self.store.clock)
        self.desk = ChatDesk(
            self._rows(), self.inventory, Roster(self.inventory, 1000), "en", _no_hands, {"console": self.console}
        )
        self._said = 0

    # ---- time -------------------------------------------------------------------------------------------------------------------

    def pulse(self, *, measures: bool = True) -> None:
        """What the running house does again and again."""
        now = self.store.clock.now()
        if measures:
            self.team.night_watch.tick(self.checks)
        self.team.relapses.tick()
        self.team.storms.tick()
        self.team.holding.tick()
        self.team.watch.tick()
        for approval in self.store.approvals.overdue(now):
            self.store.approvals.decide(approval.id, Verdict.EXPIRED, "clock", "nobody answered in time", now)
        self.engine.wait_idle(0)
        self.desk.deliver("console", 1000)

    def wait(self, seconds: float, step: float = EVERY) -> None:
        """Time passes."""
        for _ in range(int(seconds // step)):
            self.store.clock.advance(step)
            self.pulse(measures=step >= EVERY)

    # ---- what happens -----------------------------------------------------------------------------------------------------------

    def fill(self, *hosts: str) -> None:
        """Their disks are full."""
        self.machines.update({host: FakeHost(FULL) for host in hosts})

    def claim(self, pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """Somebody outside says in one request that these signals of these hosts are bad."""
        now = self.store.clock.now()
        alerts = [
            Alert(f"{host}|{text}|{now}", host, Signal.parse(text), "claim:grafana", AlertStatus.FIRING, now)
            for host, text in pairs
        ]
        return self.store.intake.take_in(alerts, now)

    def trust(self, skill: Skill, signal: str = DISK) -> None:
        """Three verified successes of a skill with our own measurement of a signal, so that in `auto` it acts alone."""
        now = self.store.clock.now()
        alert = Alert("x", "web-1", Signal.parse(signal), "probe", AlertStatus.FIRING, now)
        for n in range(3):
            known = (f"e{n}", alert.fingerprint, GROUP, "web-1", signal, skill.name, skill.sha256)
            self.store.memory.remember(Episode(*known, Ending.FIXED, f"i{n}", now))

    def say(self, text: str, by: str = OWNER, channel: str = "console") -> Answer:
        """What one person types."""
        self._said += 1
        return self.desk.answer(Message(f"m{self._said}", channel, by, text, "", self.store.clock.now()))

    # ---- what came of it --------------------------------------------------------------------------------------------------------

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        ask = self.signals.get(str(signal))
        if ask is None or host in self.dark or host not in self.machines:
            raise UnavailableError(f"{host} does not answer")
        return Measurement(host, signal, ask(self.machines[host]), self.store.clock.now())

    @property
    def shown(self) -> list[tuple[str, Card]]:
        """What people saw, oldest first."""
        return self.console.shown

    def kinds(self) -> list[CardKind]:
        """The kinds of what people saw."""
        return [card.kind for _, card in self.shown]

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """All of them, oldest first."""
        return self.store.incidents.incidents(False, 10_000)[::-1]

    def repaired(self) -> list[str]:
        """Hosts on which something was done."""
        return [name for name, machine in self.machines.items() if machine.done]

    # ---- inside -----------------------------------------------------------------------------------------------------------------

    def _check(self, host: str, text: str) -> Check:
        signal = Signal.parse(text)
        is_level = signal.kind == "disk"
        return Check(signal, host, over=90 if is_level else 0, every=EVERY, lasting=self.lasting if is_level else 0)

    def _rows(self) -> Rows:
        """The store's own ports, by the names that the desk has for them."""
        called = {"log": "incidents", "book": "approvals"}
        return Rows(**{one.name: getattr(self.store, called.get(one.name, one.name)) for one in fields(Rows)})


def _no_hands(_command: object, _message: object) -> Answer:
    return Answer("nothing is done by hand here", ok=False)
