"""A ward: a host of its own with one real fault, canaries beside it, and the whole night shift at work on it.

A proof is a night: the signal is really bad, the night shift proposes this skill from its own evidence, people say yes, the skill acts
from the sandbox, the signal is measured quiet. Then the ward restarts what was repaired, lets two more ticks pass, and compares canaries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from adapters.clock_system import SystemClock
from adapters.host.kept_child import KeptChildren
from adapters.probe.served import MODULE, ServedProbe
from adapters.skill_catalog_files import FileCatalog
from bot.action_catalog import ActionCatalog
from bot.team import Team
from core.action import Action
from core.alert import Signal
from core.approval import Approval, Verdict
from core.check import Check
from core.errors import UnavailableError
from core.execution import Operator
from core.incident import Ending, Incident
from core.inventory import HostEntry, Inventory, Mode
from core.people_ports import RollbackTimer
from core.ports import Hosts, Probe, Sandbox
from core.report import Report
from core.task import task
from core.world import Measurement
from tests.fakes.clock import FakeClock
from tests.fakes.engine import FakeEngine
from tests.fakes.host import FakeHosts
from tests.fakes.store import FakeStore
from tests.nights.composition import World, compose
from tests.skills.hands import SKILLS_FOLDER
from tests.skills.patient import Patient, eventually

NAME = "ward"
APPROVERS = ("li", "bo")
_MOST_PULSES = 40
_IN_A_ROW = 5
"""Quiet looks at once: while a server reloads, its old worker and its new one answer in turn."""
_STEP = 10.0
"""Seconds of the night's own clock between two pulses; what is measured is measured now."""


def _nothing() -> None:
    """Nothing here has to be restarted."""


@dataclass(frozen=True)
class Unhurried:
    """The night's own clock leaps; once something was repaired, a service that starts and the probe's own list of processes
    need a real second.
    """

    probe: Probe
    check: Check
    is_settling: Callable[[], bool]

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        if signal == self.check.signal and self.is_settling():
            eventually(lambda: all(self._is_quiet(host, signal) for _ in range(_IN_A_ROW)), 2.5)
        return self.probe.measure(host, signal)

    def _is_quiet(self, host: str, signal: Signal) -> bool:
        try:
            return not self.check.is_bad(self.probe.measure(host, signal).value)
        except UnavailableError:
            return False


@dataclass
class Ward:
    """One patient, the hands and eyes on it, and the night that is played. `shell` breaks things; only skills repair them."""

    patient: Patient
    probe: Probe
    sandbox: Sandbox
    hosts: Hosts
    timer: RollbackTimer | None = None
    store: FakeStore = field(default_factory=lambda: FakeStore(FakeClock(SystemClock().now())))
    actions: tuple[Action, ...] = ()
    _canaries: dict[str, str] = field(default_factory=dict)

    # ---- what a test says ----------------------------------------------------------------------------------------------------------

    def shell(self, script: str) -> str:
        """Runs a script on the patient, as root."""
        return self.patient.shell(script)

    def plant(self, *paths: str) -> None:
        """Files that must be untouched at the end, down to mode, owner and modification time; made of noise where they do not exist."""
        for path in paths:
            self.shell(
                f"[ -e '{path}' ] || {{ mkdir -p \"$(dirname '{path}')\"; head -c 65536 /dev/urandom > '{path}'; }}"
            )
            self._canaries[path] = self._print_of(path)

    def forget(self, path: str) -> None:
        """What is meant to change is no canary any more."""
        del self._canaries[path]

    def value(self, signal: str) -> float:
        """One measurement now."""
        return self.probe.measure(NAME, Signal.parse(signal)).value

    def heals(
        self,
        signal: str,
        by: str,
        *,
        over: float | None = 0,
        under: float | None = None,
        only: tuple[str, ...] = (),
        restart: Callable[[], object] = _nothing,
    ) -> Report:
        """A whole night: bad, proposed from the evidence, approved, FIXED by `by`, still quiet after `restart` and two ticks.

        `only` are the effects it may have had, as on the card; empty: any. Returns the report of the incident.
        """
        check = Check(Signal.parse(signal), NAME, over=None if under is not None else over, under=under, every=_STEP)
        assert eventually(lambda: self._is_bad(check), 20), f"{signal} is not bad: {self.value(signal)}"
        report = self._night(check, signal)
        self._was_repaired(report, by, only)
        self.stays_quiet(check, restart)
        return report

    def leaves_alone(self, signal: str, *, over: float = 0) -> tuple[Incident, ...]:
        """A control: however bad the signal is, no skill that would act is proposed; returns the incidents that people were told of."""
        check = Check(Signal.parse(signal), NAME, over=over, every=_STEP)
        self._pulses(check, 4)
        assert [one.proposal.skill for one in self.store.approvals.pending() if one.proposal] == []
        self._canaries_live()
        return self.store.incidents.incidents(False, 10)

    def asked(self, skill: str, **typed: str) -> Report:
        """A person asks for a run by hand, others say yes; returns the report."""
        now, nothing = self.store.clock.now(), Check(Signal.parse("load.per_core"), NAME, over=1e9, every=_STEP)
        by_hand = task(f"console:{now}", "mo", NAME, "run", skill, typed=typed, at=now, is_yes=False)
        self.store.intake.take_in((by_hand,), now)
        return self._night(nothing, str(by_hand.signal))

    def card(self, signal: str, *, over: float = 0) -> Approval:
        """The night up to the question that people are asked."""
        check = Check(Signal.parse(signal), NAME, over=over, every=_STEP)
        assert eventually(lambda: self._is_bad(check), 20), f"{signal} is not bad: {self.value(signal)}"
        self._pulses(check, 4)
        return self.store.approvals.pending()[0]

    def goes_on(self, signal: str, *, over: float = 0) -> Report:
        """The night from there on: people say yes, and whatever comes of it."""
        return self._night(Check(Signal.parse(signal), NAME, over=over, every=_STEP), signal)

    def stays_quiet(self, check: Check, restart: Callable[[], object] = _nothing) -> None:
        """After a restart of what was repaired and two more ticks: quiet, no new incident, every canary as it was planted."""
        known = len(self.store.shelf.reports)
        restart()
        assert eventually(lambda: not self._is_bad(check), 20), (
            f"{check.signal} came back: {self.value(str(check.signal))}"
        )
        self._pulses(check, 2)
        assert not self._is_bad(check)
        assert len(self.store.shelf.reports) == known
        assert self.store.incidents.incidents(True, 10) == ()
        self._canaries_live()

    # ---- the night ------------------------------------------------------------------------------------------------------------------

    def _night(self, check: Check, signal: str) -> Report:
        team, engine = self._team(check)
        for _ in range(_MOST_PULSES):
            self.store.clock.advance(_STEP)
            team.night_watch.tick((check,))
            team.watch.tick()
            engine.wait_idle(0)
            for asked in self.store.approvals.pending():
                self._approve(asked)
                engine.wait_idle(0)
            # A moment in which it could not be measured, as while it starts again, may have had a report of its own.
            for report in self.store.shelf.reports.values():
                if report.signal == signal:
                    return report
        raise AssertionError(f"no report after {_MOST_PULSES} pulses: {self.store.incidents.incidents(False, 5)}")

    def _pulses(self, check: Check, count: int) -> None:
        team, engine = self._team(check)
        for _ in range(count):
            self.store.clock.advance(_STEP)
            team.night_watch.tick((check,))
            team.watch.tick()
            engine.wait_idle(0)

    def _team(self, check: Check) -> tuple[Team, FakeEngine]:
        inventory = Inventory((HostEntry(NAME, "namespace"),), ((NAME, Mode.APPROVE),))
        catalog = ActionCatalog(FileCatalog(SKILLS_FOLDER, SKILLS_FOLDER / "skills.lock"), self.actions)
        world = World(
            self.hosts,
            Unhurried(self.probe, check, self._is_settling),
            (check,),
            inventory,
            catalog,
            self.sandbox,
            Operator(may_approve=lambda _person, _host: True, action=catalog.action),
            timer=self.timer,
        )
        team = compose(self.store, world)
        return team, FakeEngine(self.store, team.plays)

    def _is_settling(self) -> bool:
        """True while a repair is not judged yet."""
        return bool(self.store.incidents.watching(self.store.clock.now() + timedelta(days=7300)))

    def _approve(self, asked: Approval) -> None:
        """As many yeses as the question needs, each by another person."""
        for person in APPROVERS:
            if self.store.approvals.load(asked.id).verdict is Verdict.PENDING:
                self.store.approvals.decide(asked.id, Verdict.APPROVED, person, "", self.store.clock.now())

    # ---- what must be true at the end -------------------------------------------------------------------------------------------------

    def _was_repaired(self, report: Report, by: str, only: tuple[str, ...]) -> None:
        tried = tuple(one.partition(":")[0] for one in report.tried)
        assert (report.ending, tried) == (Ending.FIXED, (by,)), f"{report.ending} {report.tried} {report.reason}"
        done = [action.text.partition(" (")[0] for action in report.actions]
        assert done, "a repair has an effect"
        assert not only or set(done) <= set(only), f"not foreseen: {sorted(set(done) - set(only))}"

    def _canaries_live(self) -> None:
        changed = {path for path, mark in self._canaries.items() if self._print_of(path) != mark}
        assert not changed, f"collateral: {sorted(changed)}"

    def _print_of(self, path: str) -> str:
        return self.shell(f"stat -c '%a %u %g %Y' '{path}' && sha256sum < '{path}'")

    def _is_bad(self, check: Check) -> bool:
        return check.is_bad(self.probe.measure(check.host, check.signal).value)


@contextmanager
def ward_of(patient: Patient, sandbox: Sandbox) -> Iterator[Ward]:
    """A ward on a patient that is furnished already."""
    children, steady = KeptChildren(patient.enter, MODULE), KeptChildren(patient.enter, MODULE)
    try:
        probe = ServedProbe(children.ask, SystemClock(), steady.ask)
        yield Ward(patient, probe, sandbox, FakeHosts({NAME: patient.host}))
    finally:
        children.close()
        steady.close()
