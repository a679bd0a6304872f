"""The same fault five times on the real store and the real engine: what people gave ahead is a sealed row, and so is each use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.store.flow_dbos import DbosEngine
from adapters.store.store import Store
from core.alert import Signal
from core.approval import Approval, Verdict
from core.check import Check
from core.errors import UnavailableError
from core.execution import Operator
from core.incident import Ending, Incident, IncidentState
from core.inventory import HostEntry, Inventory, Mode
from core.ports import Host
from core.standing_order import StandingOrder
from core.world import Measurement
from tests.fakes.catalog import FakeCatalog
from tests.fakes.clock import FakeClock
from tests.fakes.host import FakeHost, FakeHosts
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.seal import FakeSeal
from tests.nights.composition import World, compose
from tests.nights.night import BAD, GOOD
from tests.nights.remedies import ROTATED, rotate_logs

HOST, DISK = "web-1", Signal.parse("disk.used_percent:/")
FULL: dict[str, object] = {"files": {"/var/log/app.log": "live", ROTATED: "old and large"}}
MOST_PULSES = 60
PULSE = 10.0


class StoredNight:
    """One host, one disk, one cure; time passes only where it says so."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.store = Store(f"sqlite:///{folder}/nightshift.db", FakeSeal(), self.clock, folder / "var", ("console",))
        self.host = FakeHost({})
        self.checks = (Check(DISK, HOST, over=90, every=PULSE),)
        inventory = Inventory((HostEntry(HOST, "local", ("web",)),), (("web", Mode.APPROVE),))
        operator = Operator(may_approve=lambda name, _host: name in {"li", "bo"})
        catalog = FakeCatalog(rotate_logs())
        world = World(HostsOf(self), self, self.checks, inventory, catalog, FakeSandbox(), operator)
        self.team = compose(self.store, world)
        self.engine = DbosEngine(self.store, self.team.plays, 2)
        self.engine.launch()

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        if signal != DISK:
            raise UnavailableError(f"nothing here measures {signal}")
        value = BAD if self.host.files.get(ROTATED) else GOOD
        return Measurement(host, signal, value, self.clock.now())

    def pulse(self) -> None:
        """What the running house does again and again."""
        self.clock.advance(PULSE)
        self.team.night_watch.tick(self.checks)
        self.team.watch.tick()
        self.team.trust.orders.tick()
        self.engine.sweep(self.clock.now())
        assert self.engine.wait_idle(20)

    def break_again(self) -> None:
        """An hour later the disk is full once more; until a person is waited for, or it is over."""
        self.clock.advance(3600)
        self.pulse()
        self.host = FakeHost(FULL)
        self.settle()

    def settle(self) -> None:
        """Until somebody is asked or it is over."""
        for _ in range(MOST_PULSES):
            self.pulse()
            if self.store.approvals.pending() or self.newest.state is IncidentState.CLOSED:
                return
        raise AssertionError("the night came to no end")

    def say_yes(self) -> None:
        """An approver says yes."""
        (asked,) = self.store.approvals.pending()
        self.store.approvals.decide(asked.id, Verdict.APPROVED, "li", "", self.clock.now())
        self.settle()

    @property
    def newest(self) -> Incident:
        """The newest incident."""
        return self.store.incidents.incidents(only_open=False, limit=1)[0]

    @property
    def order(self) -> StandingOrder:
        """The one that was made."""
        (order,) = self.store.orders.all()
        return order

    @property
    def decided(self) -> Approval:
        """How the newest incident was decided."""
        return self.store.approvals.of_incident(self.newest.id)[-1]


class HostsOf(FakeHosts):
    """The one host as it is by now."""

    def __init__(self, night: StoredNight) -> None:
        super().__init__({HOST: night.host})
        self._night = night

    def open(self, name: str) -> Host:
        """See `core.ports.Hosts`."""
        super().open(name)
        return self._night.host


@pytest.fixture
def night(tmp_path: Path) -> Iterator[StoredNight]:
    opened = StoredNight(tmp_path)
    yield opened
    opened.engine.close()
    opened.store.close()


def test_the_same_fault_five_times_on_the_real_store(night: StoredNight) -> None:
    for _ in range(3):
        night.break_again()
        night.say_yes()
        assert (night.newest.ending, night.decided.by) == (Ending.FIXED, ("li",))
    laid = night.team.trust.orders.put(night.team.trust.birth.draft(night.newest.id, "li"), is_for_others=True)
    night.team.trust.orders.confirm(laid.id, "bo")

    night.break_again()
    assert (night.newest.ending, night.decided.by, night.decided.order) == (Ending.FIXED, ("policy",), laid.id)
    assert [use.incident for use in night.order.uses] == [night.newest.id]
    night.team.trust.orders.wrong(night.newest, "mia")
    assert night.order.ended_why == "wrong fix, said mia"

    night.break_again()
    assert (night.decided.verdict, night.decided.order) == (Verdict.PENDING, "")
    assert night.store.tampered() == ()
    assert night.store.audit.verify().problem == ""
