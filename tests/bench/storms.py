"""Three hundred hosts lost at once, to the one message about it: told in one request, and seen by ourselves; the whole house, real rows."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from adapters.clock_system import SystemClock
from bot.dispatcher import Dispatcher
from bot.intake_queue import IntakeQueue
from bot.wiring import House, Place, build, desk_of
from core.alert import LOCALHOST, Alert, AlertStatus, Signal
from core.card import Card, CardKind
from core.check import Check
from core.desk import Patience
from core.errors import UnavailableError
from core.inventory import HostEntry, Inventory
from core.message import Message
from core.world import Measurement
from tests.bench.figure import Figure
from tests.bench.places import fresh_home

CHANNEL = "bench"
HOSTS = tuple(f"web-{number}" for number in range(300))
DISK = Signal("disk", "used_percent", "/")
TIMES = 3
LONGEST = 30.0
AFTERWARDS = 2.0
"""Seconds in which a second message would be seen."""


class Board:
    """A channel that keeps what is shown, with its moment."""

    def __init__(self) -> None:
        self.shown: list[tuple[float, Card]] = []
        self.has_some, self._closed = threading.Event(), threading.Event()

    def receive(self, wait: float) -> Message | None:
        """See `core.ports.Channel`; nobody speaks."""
        self._closed.wait(wait)
        return None

    def send(self, rendered: str, card: Card) -> None:
        """See `core.ports.Channel`."""
        del rendered
        self.shown.append((time.perf_counter(), card))
        self.has_some.set()


class Eyes:
    """A probe to every host, until `lost`."""

    def __init__(self) -> None:
        self.lost = threading.Event()
        self._clock = SystemClock()

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        if self.lost.is_set():
            raise UnavailableError(f"{host} does not answer")
        return Measurement(host, signal, 41.0, self._clock.now())


@dataclass(frozen=True, slots=True)
class Scene:
    """A running house and what can be seen of it."""

    house: House
    queue: IntakeQueue
    board: Board
    eyes: Eyes

    def seconds_to_one(self, began: float, kinds: Sequence[CardKind]) -> float:
        """From there to the message; raises AssertionError where it is not the only one."""
        self.board.has_some.wait(LONGEST)
        time.sleep(AFTERWARDS)
        if [card.kind for _, card in self.board.shown] != list(kinds):
            raise AssertionError(f"people were told {[card.kind for _, card in self.board.shown]}")
        return self.board.shown[0][0] - began


def figures() -> Iterator[Figure]:
    """Told in one request; and unmeasurable, which takes three rounds of a second to believe."""
    yield Figure(2, "storm.300_hosts", "s", 5, tuple(_told() for _ in range(TIMES)))
    yield Figure(2, "storm.300_hosts_unmeasurable", "s", 5, tuple(_unseen() for _ in range(TIMES)))


def _told() -> float:
    with _house(()) as scene:
        now = scene.house.store.clock.now()
        alerts = [Alert(f"a-{host}", host, DISK, "claim:bench", AlertStatus.FIRING, now) for host in HOSTS]
        began = time.perf_counter()
        scene.queue.put(alerts).result(LONGEST)
        return scene.seconds_to_one(began, [CardKind.STORM])


def _unseen() -> float:
    with _house(tuple(Check(DISK, host, over=90, every=1) for host in HOSTS)) as scene:
        time.sleep(2)
        scene.eyes.lost.set()
        return scene.seconds_to_one(time.perf_counter(), [CardKind.REPORT])


@contextmanager
def _house(checks: tuple[Check, ...]) -> Iterator[Scene]:
    eyes, board = Eyes(), Board()
    with fresh_home() as home:
        place = Place(
            home=home,
            database_url=f"sqlite:///{home}/nightshift.db",
            inventory=Inventory(tuple(HostEntry(name) for name in (LOCALHOST, *HOSTS))),
            checks=checks,
            hosts={},
            probes=dict.fromkeys(HOSTS, eyes),
            channels=(CHANNEL,),
            patience=Patience(),
            replica_lease=30.0,
        )
        house = build(place)
        dispatcher = Dispatcher(house, desk_of(house, "en", {CHANNEL: board}), (CHANNEL,))
        queue = IntakeQueue(house.rows.intake, house.rows.clock)
        try:
            dispatcher.start()
            yield Scene(house, queue, board, eyes)
        finally:
            queue.close()
            dispatcher.close()
