"""From an alert to the card a person answers, and from the answer to the skill's first call: the whole house, nothing replaced."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.clock_system import SystemClock
from adapters.host.kept_child import KeptChildren
from adapters.host.local import LocalHost
from adapters.probe.local import LocalProbe
from adapters.probe.served import MODULE
from bot.dispatcher import Dispatcher
from bot.intake_queue import IntakeQueue
from bot.wiring import House, Place, build, desk_of, protected_paths
from core.alert import Alert, AlertStatus, Signal
from core.approval import Approval, Verdict
from core.card import Card
from core.desk import Patience
from core.diagnosis import group_of
from core.episode import Episode
from core.incident import Ending
from core.inventory import HostEntry, Inventory, Mode
from core.message import Message
from core.proposal import Tier
from core.world import FileInfo
from tests.bench.bench_skills import SIGNAL, write_skills
from tests.bench.figure import Figure, milliseconds
from tests.bench.places import fresh_home

CHANNEL = "bench"
GROUP = "measured"
TIMES = 20
REST = 0.4
"""Seconds between two incidents: nights bring one, not a row of them, and guests are warm again by then."""
LONGEST = 20.0


class QuietRoom:
    """A channel in which nobody speaks."""

    def __init__(self) -> None:
        self._closed = threading.Event()

    def receive(self, wait: float) -> Message | None:
        """See `core.ports.Channel`."""
        self._closed.wait(wait)
        return None

    def send(self, rendered: str, card: Card) -> None:
        """See `core.ports.Channel`; what is shown is not looked at."""


class TimedHost(LocalHost):
    """This machine; notes when the folder of the measured repair is listed, which is the first thing a run of it does, once."""

    def __init__(self, protected: tuple[Path, ...], timed: Path) -> None:
        super().__init__(protected)
        self.timed = str(timed)
        self.reached: list[float] = []

    def list(self, path: str, limit: int) -> tuple[FileInfo, ...]:
        """See `core.ports.Host`."""
        if path == self.timed:
            self.reached.append(time.perf_counter())
        return super().list(path, limit)


@dataclass
class Measured:
    """A house at work, and what is needed to put it to the test."""

    house: House
    host: TimedHost
    queue: IntakeQueue
    target: Path
    carded: threading.Event

    def proposal(self, alert: Alert) -> tuple[float, Approval]:
        """Seconds from handing the alert in (so with its own commit) to the committed question and card."""
        began = time.perf_counter()
        (incident,) = self.queue.put((alert,)).result(LONGEST)
        while True:  # other incidents' cards wake us too
            if not self.carded.wait(LONGEST):
                raise TimeoutError(f"no card for {alert.signal}")
            self.carded.clear()
            took = time.perf_counter() - began
            if asked := self.house.rows.history.approvals(incident):
                return took, asked[0]

    def first_call(self, approval: Approval) -> float:
        """Seconds from the yes to the first call of the approved run; the plan's second rehearsal, in between, calls once too."""
        self.host.reached.clear()
        began = time.perf_counter()
        now = self.house.store.clock.now()
        self.house.rows.book.decide(approval.id, Verdict.APPROVED, f"os:{os.geteuid()}", "", now)
        until = time.monotonic() + LONGEST
        while len(self.host.reached) < 2:
            if time.monotonic() > until:
                raise TimeoutError(f"{approval.id} was not carried out")
            time.sleep(0.001)
        return self.host.reached[1] - began

    def remember(self, alert: Alert) -> None:
        """The repair worked for this fault before."""
        skill = self.house.team.trust.catalog.get("clear_bench")
        self.house.rows.memory.remember(
            Episode(
                id=f"bench:{alert.id}",
                fingerprint=alert.fingerprint,
                group=group_of(self.house.place.inventory, alert.host),
                host=alert.host,
                signal=str(alert.signal),
                skill=skill.name,
                sha256=skill.sha256,
                ending=Ending.FIXED,
                incident=alert.id,
                at=self.house.store.clock.now(),
            )
        )

    def rest(self) -> None:
        """As before the first incident."""
        time.sleep(REST)
        (self.target / "bench.log.1").write_bytes(b"x" * 1000)


@contextmanager
def measured_house(lookers: int) -> Iterator[Measured]:
    """The composition of `up` with skills of its own and nothing to watch.

    This machine stands under as many names as there are incidents: where one repair is being verified no other begins.
    """
    names = tuple(f"bench-{number}" for number in range(TIMES))
    with fresh_home() as home:
        target = home.parent / "logs"
        target.mkdir()
        host = TimedHost(protected_paths(home), target)
        place = Place(
            home=home,
            database_url=f"sqlite:///{home}/nightshift.db",
            inventory=Inventory(
                tuple(HostEntry(name, "local", (GROUP,)) for name in names), group_modes=((GROUP, Mode.APPROVE),)
            ),
            checks=(),
            hosts=dict.fromkeys(names, host),
            probes=dict.fromkeys(names, LocalProbe(SystemClock())),
            looks=dict.fromkeys(names, KeptChildren(lambda: (), MODULE)),
            channels=(CHANNEL,),
            patience=Patience(),
            replica_lease=30.0,
        )
        house = build(place, write_skills(home.parent, lookers, target))
        dispatcher = Dispatcher(house, desk_of(house, "en", {CHANNEL: QuietRoom()}), (CHANNEL,))
        queue = IntakeQueue(house.rows.intake, house.rows.clock)
        try:
            dispatcher.start()
            measured = Measured(house, host, queue, target, threading.Event())
            house.store.on_card(measured.carded.set)
            house.sandbox.self_test()
            yield measured
        finally:
            queue.close()
            dispatcher.close()


def alert_of(kind: str, number: int, at: Measured) -> Alert:
    """Our own alert of a service that is really down, because it never was; a claim of it would wait for a deeper one."""
    now = at.house.store.clock.now()
    signal = Signal.parse(f"{SIGNAL}:nightshift-bench-{kind}")
    return Alert(f"{kind}-{number}", f"bench-{number}", signal, "probe", AlertStatus.FIRING, now)


def figures() -> Iterator[Figure]:
    """Thought out with two and with five lookers, from memory, and the way from the yes to the first call."""
    with measured_house(lookers=2) as two:
        thought = [_thought_out(two, "two", number) for number in range(TIMES)]
        called = [_called(two, approval) for _, approval in thought]
    with measured_house(lookers=2) as again:  # twenty more incidents in the same house would be a storm
        recalled = [_from_memory(again, number) for number in range(TIMES)]
    yield Figure(1, "proposal.two_lookers", "ms", 150, milliseconds([took for took, _ in thought]))
    with measured_house(lookers=5) as five:
        slower = [_thought_out(five, "five", number)[0] for number in range(TIMES)]
    yield Figure(1, "proposal.five_lookers", "ms", 400, milliseconds(slower))
    yield Figure(1, "proposal.memory", "ms", 100, milliseconds(recalled))
    yield Figure(1, "first_host_call", "ms", 150, milliseconds(called))


def _thought_out(measured: Measured, kind: str, number: int) -> tuple[float, Approval]:
    measured.rest()
    return measured.proposal(alert_of(kind, number, measured))


def _called(measured: Measured, approval: Approval) -> float:
    measured.rest()
    return measured.first_call(approval)


def _from_memory(measured: Measured, number: int) -> float:
    alert = alert_of("memory", number, measured)
    measured.remember(alert)
    measured.rest()
    took, approval = measured.proposal(alert)
    if approval.proposal is None or approval.proposal.tier is not Tier.MEMORY:
        raise AssertionError("it was not proposed from memory")
    return took
