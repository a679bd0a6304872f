"""Verified means better: what leans on a host counts too, and what is recovering is left in peace until it is judged (TRUST 4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.alert import Alert, AlertStatus, Severity, Signal
from core.approval import Verdict
from core.broker import Broker
from core.check import Check
from core.errors import NightshiftError, UnavailableError
from core.execution import Executor, Operator
from core.incident import Ending, Incident, Outcome
from core.inventory import HostEntry, Inventory, Mode
from core.report import Report
from core.skill_manifest import Skill
from core.task import task
from core.world import Measurement
from tests.fakes.catalog import FakeCatalog
from tests.fakes.engine import FakeEngine
from tests.fakes.flow import Killed
from tests.fakes.host import FakeHost, FakeHosts
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.store import FakeStore
from tests.nights.composition import World, compose
from tests.nights.remedies import skill

DB, APP, FAR = "db-1", "app-1", "far-1"
WAKES = Signal.parse("process.down:postgres")
SHOP = Signal.parse("http.failed:http://app-1/")
FROM_HERE = Signal.parse(f"tcp.failed:{DB}:5432")
ELSEWHERE = Signal.parse("http.failed:http://far-1/")
FLAG = "/var/tmp/wakes.flag"
PULSE = 10.0

Says = float | tuple[float, str] | NightshiftError


def wakes(name: str = "wakes", **header: float | str | list[str]) -> Skill:
    """Silences the database's signal; what else that does is the scene's."""
    body = f'host.write("{FLAG}", "on")\nreturn Outcome(ok=True, summary="it runs")'
    return skill(name, body, f"fs.write:{FLAG}", cures=["process.down"], **header)


def quiet_when_on(scene: Scene) -> Says:
    """The waking signal of most scenes."""
    return 0.0 if scene.is_on else 1.0


def unmeasured(_scene: Scene) -> Says:
    """Nothing measures it."""
    return UnavailableError("nothing measures it")


class Scene:
    """A database, an app that talks to it, and a host that has nothing to do with either."""

    def __init__(self, says: dict[Signal, Callable[[Scene], Says]], *skills: Skill) -> None:
        self.store, self.first_id = FakeStore(), ""
        self.hosts = {name: FakeHost({"files": {"/etc/hostname": name}}) for name in (DB, APP, FAR)}
        self.says = {WAKES: quiet_when_on, **says}
        where = {WAKES: DB, SHOP: APP, FROM_HERE: FAR, ELSEWHERE: FAR}
        self._checks = tuple(
            Check(signal, where[signal], over=0, every=PULSE, lasting=300 * (signal != WAKES)) for signal in self.says
        )
        entries = (HostEntry(DB), HostEntry(APP, talks_to=(DB,)), HostEntry(FAR))
        inventory = Inventory(entries, tuple((name, Mode.APPROVE) for name in self.hosts))
        operator = Operator(may_approve=lambda _person, _host: True)
        world = World(
            FakeHosts(self.hosts), self, self._checks, inventory, FakeCatalog(*skills), FakeSandbox(), operator
        )
        self.team = compose(self.store, world)
        self._engine = FakeEngine(self.store, self.team.plays)
        self.pulse()

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        says = self.says.get(signal, unmeasured)(self)
        if isinstance(says, NightshiftError):
            raise says
        value, detail = says if isinstance(says, tuple) else (says, "")
        return Measurement(host, signal, value, self.store.clock.now(), detail)

    @property
    def is_on(self) -> bool:
        """Whether the repair has been done, and not been taken back."""
        return self.hosts[DB].files.get(FLAG) is not None

    @property
    def seconds_on(self) -> float:
        """How long ago the repair was done."""
        rows = [row for row in self.store.shelf.effects.values() if row.effect == f"fs.write {FLAG}"]
        return (self.store.clock.now() - rows[0].at).total_seconds() if rows else 0.0

    def pulse(self) -> None:
        """What the running house does again and again."""
        self.team.night_watch.tick(self._checks)
        self.team.watch.tick()
        self._engine.wait_idle(0)

    def wait(self, seconds: float) -> None:
        """Time passes."""
        for _ in range(int(seconds // PULSE)):
            self.store.clock.advance(PULSE)
            self.pulse()

    def approve_all(self) -> None:
        """Everything that is asked is answered with yes, by two."""
        for name in ("li", "bo"):
            for asked in self.store.approvals.pending():
                self.store.approvals.decide(asked.id, Verdict.APPROVED, name, "", self.store.clock.now())
        self.pulse()

    @property
    def first(self) -> Incident:
        """The incident that the waking signal opened first."""
        if not self.first_id:
            self.first_id = [one.id for one in self.store.incidents.incidents(False, 9) if one.signal == WAKES][-1]
        return self.store.incidents.load(self.first_id)

    @property
    def report(self) -> Report | None:
        """How it ended; None while it is open."""
        return self.store.history.report(self.first.id)


BREAKS: dict[Signal, Callable[[Scene], Says]] = {
    SHOP: lambda scene: float(scene.is_on),
    FROM_HERE: lambda scene: float(scene.is_on),
}


@pytest.mark.parametrize("neighbour", BREAKS, ids=str)
def test_a_repair_that_silences_its_signal_and_breaks_what_leans_on_it_is_worse_and_undone(neighbour: Signal) -> None:
    scene = Scene({neighbour: BREAKS[neighbour]}, wakes())
    scene.approve_all()
    scene.wait(90)
    assert scene.report is not None
    assert scene.report.ending is Ending.WORSE
    assert scene.report.tried == ("wakes: worse",)
    assert not scene.is_on
    assert [episode.ending for episode in scene.store.shelf.episodes.values()] == [Ending.WORSE]


def test_a_host_that_has_nothing_to_do_with_it_may_break_meanwhile() -> None:
    scene = Scene({ELSEWHERE: lambda scene: float(scene.is_on)}, wakes())
    scene.approve_all()
    scene.wait(60)
    assert scene.first.ending is Ending.FIXED


def test_what_could_not_be_measured_before_was_not_good() -> None:
    scene = Scene({SHOP: lambda scene: 1.0 if scene.is_on else UnavailableError("not yet")}, wakes())
    scene.approve_all()
    scene.wait(60)
    assert scene.first.ending is Ending.FIXED


def test_what_was_bad_before_is_not_held_against_the_repair() -> None:
    scene = Scene({SHOP: lambda _scene: 1.0}, wakes())
    scene.wait(20)
    scene.approve_all()
    scene.wait(60)
    assert scene.first.ending is Ending.FIXED


def test_a_neighbour_that_stumbles_once_and_stands_again_is_not_worse() -> None:
    scene = Scene({SHOP: lambda scene: float(scene.is_on and 15 <= scene.seconds_on < 25)}, wakes())
    scene.approve_all()
    scene.wait(90)
    assert scene.first.ending is Ending.FIXED
    assert scene.is_on


# ---- progress -----------------------------------------------------------------------------------------------------------------------


def recovers(seconds: float) -> Callable[[Scene], Says]:
    """Down until it was woken and for so long after, in which it says that it is in recovery."""

    def says(scene: Scene) -> Says:
        if not scene.is_on:
            return 1.0, "not running"
        return (1.0, "in recovery") if scene.seconds_on < seconds else 0.0

    return says


def touches() -> Skill:
    """What somebody else would do to that host."""
    return skill(
        "touches",
        'host.write("/var/tmp/touched", "x")\nreturn Outcome(ok=True, summary="done")',
        "fs.write:/var/tmp/touched",
    )


def by_hand(scene: Scene) -> Alert:
    now = scene.store.clock.now()
    return task("console:1", "li", DB, "run", "touches", typed={}, at=now, is_yes=True)


def alarm(scene: Scene) -> Alert:
    now = scene.store.clock.now()
    return Alert("a2", DB, Signal.parse("process.down:pgbouncer"), "probe", AlertStatus.FIRING, now, Severity.ASK)


@pytest.mark.parametrize("second", [by_hand, alarm])
def test_a_database_in_recovery_is_not_touched_again_by_anybody(second: Callable[[Scene], Alert]) -> None:
    down = {Signal.parse("process.down:pgbouncer"): lambda _scene: 1.0}
    scene = Scene({WAKES: recovers(60)}, wakes(progress=["in recovery"], timeout=10), touches())
    scene.says.update(down)
    scene.approve_all()
    assert scene.is_on
    scene.store.intake.take_in((second(scene),), scene.store.clock.now())
    while scene.first.attempts[0].ending is None:
        assert len(scene.hosts[DB].done) == 1
        scene.approve_all()
        scene.wait(PULSE)
    (waking,) = scene.first.attempts
    assert (waking.proposal.skill, waking.ending) == ("wakes", Ending.FIXED)
    assert scene.store.clock.now() - scene.first.opened >= timedelta(seconds=60)


def test_what_leans_on_a_database_in_recovery_is_not_held_against_it() -> None:
    scene = Scene(
        {WAKES: recovers(60), SHOP: lambda scene: float(scene.is_on and scene.seconds_on < 60)},
        wakes(progress=["in recovery"]),
    )
    scene.approve_all()
    scene.wait(150)
    assert scene.first.ending is Ending.FIXED


@pytest.mark.parametrize("says_quiet", [0.0, 1.0])
def test_recovery_without_end_is_waited_for_an_hour_and_then_it_did_not_help(says_quiet: float) -> None:
    scene = Scene(
        {WAKES: lambda scene: (says_quiet if scene.is_on else 1.0, "in recovery")}, wakes(progress=["in recovery"])
    )
    scene.approve_all()
    scene.wait(3600)
    assert scene.report is None
    scene.wait(300)
    assert scene.report is not None
    assert scene.report.tried == ("wakes: still bad",)
    assert not scene.is_on


# ---- cut off ------------------------------------------------------------------------------------------------------------------------


def killed() -> Outcome:
    """Kill -9."""
    raise Killed


def test_what_a_run_did_before_it_was_cut_off_is_taken_back_and_a_person_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene({WAKES: lambda _scene: 1.0}, wakes())

    def die(_self: Executor, outcome: Outcome, broker: Broker, _task: object) -> Outcome:
        return {0: lambda: outcome}.get(broker.effects, killed)()

    monkeypatch.setattr(Executor, "confirmed", die)
    with pytest.raises(Killed):
        scene.approve_all()
    monkeypatch.undo()
    assert scene.is_on
    scene.wait(120)
    assert scene.report is not None
    assert (scene.report.ending, scene.report.tried) == (Ending.HANDED_OVER, ("wakes: still bad",))
    assert scene.report.reason == "cut off in the middle; please look"
    assert not scene.is_on
    assert ["(undone by " in action.text for action in scene.report.actions] == [True]
