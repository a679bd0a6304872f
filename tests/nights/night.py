"""A whole night on fakes, played twice side by side: straight, and killed and replayed from its journal before each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from bot.minds import Minds
from core.alert import Alert, AlertStatus, Severity, Signal
from core.approval import Approval, Verdict
from core.card import Card, CardKind
from core.check import Check
from core.episode import Episode
from core.errors import UnavailableError
from core.execution import Operator
from core.incident import Ending, Incident, IncidentState
from core.inventory import HostEntry, Inventory, Mode
from core.pause import Pause, PauseKind
from core.report import Report
from core.skill_gap import SkillGap
from core.skill_manifest import Skill
from core.standing_order import StandingOrder
from core.world import Measurement
from tests.fakes.catalog import FakeCatalog
from tests.fakes.changes import FakeChanges
from tests.fakes.engine import FakeEngine
from tests.fakes.host import FakeHost, FakeHosts
from tests.fakes.pager import FakePager
from tests.fakes.presence import FakePresence
from tests.fakes.rollback_timer import FakeRollbackTimer
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.store import FakeStore
from tests.nights.composition import World, compose, paging_of
from tests.nights.remedies import ROTATED, UPTIME

T = TypeVar("T")

GROUP = "web"
PULSE = 10.0
"""Seconds between two looks at what the clock decides."""
LONGEST = 5000
"""Pulses after which a night that came to no end is a failed test."""

BAD, GOOD = 97.0, 41.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """What breaks: the signal, the host as it is then, and what is measured of a host; None where nothing of ours measures it.

    `source` is `probe`, or `claim:NAME` for what somebody outside says. `others` are further signals that are watched,
    `unwatched` can be measured and are looked at by no check. `text` is what is told beside it, as a line of a log.
    """

    host: str
    signal: str
    world: Mapping[str, object]
    measure: Callable[[FakeHost], float] | None
    source: str = "probe"
    lasting: float = 0.0
    severity: Severity = Severity.ASK
    others: Mapping[str, Callable[[FakeHost], float]] = field(default_factory=dict)
    unwatched: Mapping[str, Callable[[FakeHost], float]] = field(default_factory=dict)
    text: str = ""

    def said_by(self, source: str) -> Trouble:
        """The same, but it is a claim."""
        return replace(self, source=source)


def disk_full_on(host: str, **world: object) -> Trouble:
    """Full as long as the rotated log is there."""
    files: dict[str, object] = {"/var/log/app.log": "live", ROTATED: "old and large"}
    return Trouble(
        host, "disk.used_percent:/", {"files": files, **world}, lambda h: BAD if h.files.get(ROTATED) else GOOD
    )


@dataclass(frozen=True, slots=True)
class Setting:
    """All of a night but the trouble."""

    skills: Sequence[Skill] = ()
    mode: Mode = Mode.APPROVE
    episodes: Sequence[Episode] = ()
    ladder: tuple[str, ...] = ()
    channels: tuple[str, ...] = ("console",)
    minds: Minds = field(default_factory=Minds)


class WorldProbe:
    """Probe that measures the fake hosts as they are at that moment; `is_broken` makes everything unmeasurable."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self.is_broken = False

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        trouble = self._play.trouble
        measures = {trouble.signal: trouble.measure, **trouble.others, **trouble.unwatched}
        measure = measures.get(str(signal))
        if measure is None or self.is_broken:
            raise UnavailableError(f"nothing here measures {signal}")
        value, now = measure(self._play.hosts[host]), self._play.store.clock.now()
        return Measurement(host, signal, value, now, detail=trouble.text)


class Play:
    """One of the two plays of a night."""

    def __init__(self, trouble: Trouble, setting: Setting, *, replays: bool) -> None:
        self.trouble, self.store = trouble, FakeStore(channels=setting.channels)
        self.pager = FakePager(self.store.clock, *setting.ladder)
        self.is_cut_off, self.heard = False, list[Card]()
        self.hosts: dict[str, FakeHost] = {trouble.host: FakeHost(trouble.world)}
        self.catalog = FakeCatalog(*setting.skills)
        self.probe = WorldProbe(self)
        self.presence, self.changes = FakePresence(), FakeChanges()
        self.approvers = {"li", "bo"}
        self.ceiling = Mode.AUTO
        self.before: dict[str, Callable[[Play], None]] = {}
        for episode in setting.episodes:
            self.store.memory.remember(episode)
        self._checks = self._watched() if trouble.source == "probe" else ()
        inventory = Inventory((HostEntry(trouble.host, "local", (GROUP,)),), ((GROUP, setting.mode),))
        operator = Operator(may_approve=lambda name, _host: name in self.approvers, ceiling=lambda _host: self.ceiling)
        hosts = _Hosts(self.hosts)
        self.timer = FakeRollbackTimer(self.store.clock, hosts)
        world = World(
            hosts,
            self.probe,
            self._checks,
            inventory,
            self.catalog,
            FakeSandbox(),
            operator,
            presence=self.presence,
            changes=self.changes,
            pager=self.pager,
            ladder=setting.ladder,
            timer=self.timer,
            minds=setting.minds,
        )
        self._escalation, self._paging = paging_of(self.store, world)
        self.team = compose(self.store, world)
        self._engine = FakeEngine(self.store, self.team.plays, replays, self._reached)

    # ---- time -------------------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """It breaks, and is noticed or said."""
        if self.trouble.source != "probe":
            self.say(AlertStatus.FIRING)
        self.settle()

    def pulse(self) -> None:
        """What the running house does again and again."""
        now = self.store.clock.now()
        self.team.night_watch.tick(self._checks)
        self.team.relapses.tick()
        self.team.storms.tick()
        self.team.holding.tick()
        self.team.watch.tick()
        self.team.trust.orders.tick()
        self.team.trust.admission.tick()
        for approval in self.store.approvals.overdue(now):
            self.store.approvals.decide(approval.id, Verdict.EXPIRED, "clock", "nobody answered in time", now)
        self.store.approvals.reminders_due(now)
        self._escalation.tick(now)
        self._paging.send_due()
        self._deliver()
        self._engine.wait_idle(0)

    def _deliver(self) -> None:
        """As the desk does it: what cannot be sent holds back what comes after it, and is tried again later and later."""
        now = self.store.clock.now()
        for channel in self.store.channels:
            for item in self.store.outbox.due(channel, 20, now):
                if self.is_cut_off:
                    self.store.outbox.retry(item.id, now + timedelta(seconds=min(300, 2**item.tries)))
                    break
                self.store.outbox.sent(item.id, now)
                self.heard.append(item.card)

    def wait(self, seconds: float) -> None:
        """Time passes."""
        for _ in range(int(seconds // PULSE)):
            self.store.clock.advance(PULSE)
            self.pulse()

    def settle(self) -> None:
        """Until a person is waited for, or nothing is open but what is held."""
        self.pulse()
        for _ in range(LONGEST):
            is_open = self.store.incidents.incidents(only_open=True, limit=100)
            is_busy = any(one.state is not IncidentState.HELD for one in is_open)
            if not is_busy or self.store.approvals.pending():
                return
            self.wait(PULSE)
        raise AssertionError("the night came to no end")

    # ---- what happens -----------------------------------------------------------------------------------------------------------

    def say(self, status: AlertStatus) -> None:
        """Somebody outside says that it is bad, or over."""
        now, trouble = self.store.clock.now(), self.trouble
        name = f"{status}:{now.isoformat()}"
        signal = Signal.parse(trouble.signal)
        self.take_in(Alert(name, trouble.host, signal, trouble.source, status, now, text=trouble.text))

    def take_in(self, alert: Alert) -> None:
        """One alert comes in."""
        self.store.intake.take_in((alert,), self.store.clock.now())

    def lay_down(self, kind: PauseKind, scope: str, by: str, seconds: float | None) -> None:
        """A person takes something, lets it sleep, mutes it or announces maintenance; '' is the newest incident."""
        now = self.store.clock.now()
        newest = "".join(one.id for one in self.store.incidents.incidents(only_open=True, limit=1))
        until = None if seconds is None else now + timedelta(seconds=seconds)
        about = newest if kind is PauseKind.TAKE else ""
        pause = Pause(
            f"P{len(self.store.pauses.all())}", kind, scope or f"incident:{newest}", by, now, until, about=about
        )
        self.store.pauses.put(pause, by, now)
        self.team.holding.tick()

    def end(self, number: int, by: str) -> None:
        """The pause with this number is taken back before its time."""
        now = self.store.clock.now()
        self.store.pauses.change(f"P{number}", lambda pause: pause.over(by, now), by, now)

    def resolve(self, by: str) -> None:
        """A person closes the newest incident."""
        self.team.holding.resolve(_newest(self), by)

    def decide(self, verdict: Verdict, by: str, why: str) -> None:
        """A person answers the question that is open."""
        (asked,) = self.store.approvals.pending()
        self.store.approvals.decide(asked.id, verdict, by, why, self.store.clock.now())

    def heal(self) -> None:
        """It becomes well by itself."""
        self.hosts[self.trouble.host] = FakeHost({})

    def break_again(self) -> None:
        """Well for a while, then the same trouble on the same host."""
        self.heal()
        self.wait(6 * PULSE)
        self.hosts[self.trouble.host] = FakeHost(self.trouble.world)
        self.begin()

    def let_me_sleep(self, by: str, and_by: str) -> StandingOrder:
        """An order is made of the newest incident, and confirmed."""
        drafted = self.team.trust.birth.draft(_newest(self).id, by)
        laid = self.team.trust.orders.put(drafted, is_for_others=True)
        return self.team.trust.orders.confirm(laid.id, and_by)

    # ---- inside -----------------------------------------------------------------------------------------------------------------

    def _watched(self) -> tuple[Check, ...]:
        host, lasting = self.trouble.host, self.trouble.lasting
        signal, severity = Signal.parse(self.trouble.signal), self.trouble.severity
        waking = Check(signal, host, over=90, every=PULSE, lasting=lasting, severity=severity)
        others = (Check(Signal.parse(text), host, over=0, every=PULSE) for text in self.trouble.others)
        return (waking, *others)

    def _reached(self, step: str, where: str) -> None:
        if where == "before" and step in self.before:
            self.before.pop(step)(self)


class _Hosts(FakeHosts):
    """Hosts as they are by now, because a night may make one anew."""

    def __init__(self, hosts: dict[str, FakeHost]) -> None:
        super().__init__({})
        self._hosts = hosts  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class HostView:
    """What really happened on a host, whoever says what of it."""

    effects: list[str]
    files: dict[str, str | None]


def _as_it_is(_play: Play) -> None:
    """Nothing happens before it breaks."""


class Night:
    """Begins broken and noticed; what is asked of it is asked of both plays, and must be the same in both."""

    def __init__(
        self,
        trouble: Trouble,
        skills: Sequence[Skill] = (),
        mode: Mode = Mode.APPROVE,
        episodes: Sequence[Episode] = (),
        first: Callable[[Play], None] = _as_it_is,
        ladder: tuple[str, ...] = (),
        channels: tuple[str, ...] = ("console",),
        minds: Minds | None = None,
    ) -> None:
        setting = Setting(tuple(skills), mode, tuple(episodes), ladder, channels, minds or Minds())
        self._plays = (Play(trouble, setting, replays=False), Play(trouble, setting, replays=True))
        self.both(first)
        self.both(Play.begin)

    # ---- what people do and what happens ----------------------------------------------------------------------------------------

    def answer(self, verdict: Verdict, by: str = "li", why: str = "") -> None:
        """A person answers, and the night goes on until somebody is asked again or it is over."""
        self.both(lambda play: play.decide(verdict, by, why))
        self.both(Play.settle)

    def wait(self, seconds: float) -> None:
        """Time passes, and nobody does anything."""
        self.both(lambda play: play.wait(seconds))

    def settle(self) -> None:
        """Until somebody is asked or it is over."""
        self.both(Play.settle)

    def break_again(self) -> None:
        """The same trouble another time."""
        self.both(Play.break_again)

    def before(self, step: str, what: Callable[[Play], None]) -> None:
        """Something happens at the instant before a step is played for the first time."""
        self.both(lambda play: play.before.update({step: what}))

    def heal(self) -> None:
        """It becomes well by itself."""
        self.both(Play.heal)

    def lay_down(self, kind: PauseKind, scope: str = "", by: str = "bo", seconds: float | None = None) -> None:
        """Take, snooze, mute or maintenance; of the newest incident where no scope is given."""
        self.both(lambda play: play.lay_down(kind, scope, by, seconds))

    def end(self, number: int = 0, by: str = "bo") -> None:
        """One of them is ended."""
        self.both(lambda play: play.end(number, by))

    def resolve(self, by: str = "bo") -> None:
        """A person closes it."""
        self.both(lambda play: play.resolve(by))

    def let_me_sleep(self, by: str = "li", and_by: str = "bo") -> StandingOrder:
        """One approver presses `next time, don't wake me` on the newest report, another one confirms it."""
        return self.both(lambda play: play.let_me_sleep(by, and_by))

    def wrong(self, by: str = "mia") -> None:
        """Somebody says that the newest repair was the wrong fix."""
        self.both(lambda play: play.team.trust.orders.wrong(_newest(play), by))

    @property
    def orders(self) -> list[StandingOrder]:
        """Every yes that was given ahead, whatever became of it."""
        return self.both(lambda play: list(play.team.trust.orders.known()))

    @property
    def is_offered(self) -> bool:
        """Whether the newest report offers `next time, don't wake me`."""
        return self.both(lambda play: play.team.trust.birth.is_offered(_newest(play).id))

    def stop(self, scope: str = "all") -> None:
        """Somebody says stop."""
        self.both(lambda play: play.store.gate.stop(scope, "bo", play.store.clock.now()))

    # ---- what came of it --------------------------------------------------------------------------------------------------------

    @property
    def report(self) -> Report:
        """How the newest incident ended."""
        return self.both(lambda play: play.store.shelf.reports[_newest(play).id])

    @property
    def incident(self) -> Incident:
        """The newest incident."""
        return self.both(_newest)

    @property
    def asked(self) -> Approval:
        """The one question that is open."""
        (asked,) = self.both(lambda play: play.store.approvals.pending())
        return asked

    @property
    def questions(self) -> list[Approval]:
        """Every question of the newest incident, oldest first, whatever became of it."""
        return self.both(lambda play: list(play.store.history.approvals(_newest(play).id)))

    @property
    def gaps(self) -> list[SkillGap]:
        """Skills that were missed."""
        return self.both(lambda play: list(play.store.gaps.all()))

    @property
    def endings(self) -> list[Ending | None]:
        """How every incident of this night ended, oldest first."""
        return self.both(lambda play: [i.ending for i in play.store.incidents.incidents(False, 100)][::-1])

    @property
    def cards(self) -> list[CardKind]:
        """What was said in chat, in order."""
        return self.both(lambda play: [item.card.kind for item in play.store.shelf.outbox.values()])

    @property
    def woken(self) -> list[tuple[int, str]]:
        """Who was paged, and how many seconds after the newest incident had opened."""

        def told(play: Play) -> list[tuple[int, str]]:
            opened = _newest(play).opened
            return [(int((at - opened).total_seconds()), person) for at, person, _ in play.pager.sent]

        return self.both(told)

    @property
    def verified(self) -> dict[str, int]:
        """What memory holds for this trouble: successes since the last failure, by skill."""

        def known(play: Play) -> dict[str, int]:
            found = play.store.memory.recall(_newest(play).alert.fingerprint, GROUP)
            return {recall.skill: recall.verified for recall in found}

        return self.both(known)

    def host(self, name: str) -> HostView:
        """A host as it is now, with everything that was done to it."""
        return self.both(lambda play: _view(play.hosts[name]))

    def both(self, ask: Callable[[Play], T]) -> T:
        """Asks both plays; what they say is the same."""
        straight, replayed = (ask(play) for play in self._plays)
        assert straight == replayed, "the replayed night is another one"
        first, second = (play.store.shelf.reports for play in self._plays)
        assert first == second, "the replayed night is told otherwise"
        return straight


def _newest(play: Play) -> Incident:
    (incident,) = play.store.incidents.incidents(only_open=False, limit=1)
    return incident


def _view(host: FakeHost) -> HostView:
    return HostView([_told(done) for done in host.done if done != (UPTIME,)], host.files)


def _told(done: object) -> str:
    if isinstance(done, tuple):
        return " ".join(done)
    return f"{type(done).__name__.removeprefix('File').lower()} {getattr(done, 'path', '')}"
