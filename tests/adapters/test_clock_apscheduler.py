"""The ticker: at once, once per slot among replicas, never twice at a time, and not silent when a tick does not come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from adapters import clock_apscheduler
from adapters.clock_apscheduler import Ticker
from adapters.clock_system import SystemClock
from tests.fakes.clock import FakeClock
from tests.fakes.ticks import FakeTicks


class Ears:
    def __init__(self) -> None:
        self.late: list[str] = []
        self.errors: list[str] = []

    def on_late(self, job: str) -> None:
        self.late.append(job)

    def on_error(self, job: str, error: BaseException) -> None:
        self.errors.append(f"{job}: {error}")


Make = Callable[..., Ticker]


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def make(ears: Ears) -> Iterator[Make]:
    made: list[Ticker] = []

    def build(ticks: FakeTicks) -> Ticker:
        made.append(Ticker(ticks, SystemClock(), ears.on_late, ears.on_error))
        return made[-1]

    yield build
    for ticker in made:
        ticker.close()


def eventually(is_so: Callable[[], bool], seconds: float = 8) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


def test_the_first_tick_comes_at_once_and_the_next_in_the_next_slot(make: Make) -> None:
    slots: list[int] = []
    ticker = make(FakeTicks())
    ticker.every(1, "watch", slots.append)
    ticker.start()
    assert eventually(lambda: len(slots) >= 3)
    assert slots[:3] == list(range(slots[0], slots[0] + 3))


def test_one_slot_is_run_by_one_replica_only(make: Make) -> None:
    ticks, slots = FakeTicks(), list[int]()
    for _ in range(3):
        ticker = make(ticks)
        ticker.every(1, "watch", slots.append)
        ticker.start()
    assert eventually(lambda: len(slots) >= 3)
    assert len(slots) == len(set(slots))


def test_a_tick_that_takes_long_delays_no_other_job_and_never_overlaps_itself(make: Make) -> None:
    running, most, others = [0], [0], list[int]()
    gate = threading.Event()

    def slow(_slot: int) -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        gate.wait(3)
        running[0] -= 1

    ticker = make(FakeTicks())
    ticker.every(0.5, "slow", slow)
    ticker.every(0.5, "other", others.append)
    ticker.start()
    assert eventually(lambda: len(others) >= 3)
    gate.set()
    assert most == [1]


def test_an_error_in_a_tick_is_told_and_the_next_tick_comes(make: Make, ears: Ears) -> None:
    slots: list[int] = []

    def fail(slot: int) -> None:
        slots.append(slot)
        raise ValueError("broken")

    ticker = make(FakeTicks())
    ticker.every(0.5, "watch", fail)
    ticker.start()
    assert eventually(lambda: len(slots) >= 2)
    assert ears.errors[0] == "watch: broken"


def test_a_tick_that_does_not_come_is_told_once_and_clears_when_it_comes(
    make: Make, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock_apscheduler, "_GUARD_SECONDS", 0.05)
    monkeypatch.setattr(clock_apscheduler, "_LATE_SECONDS", 0.3)
    gate = threading.Event()

    def wait(_slot: int) -> None:
        gate.wait(10)

    ticker = make(FakeTicks())
    ticker.every(0.1, "stuck", wait)
    ticker.start()
    assert eventually(lambda: ears.late == ["stuck"])
    time.sleep(0.5)
    assert (ears.late, ticker.late()) == (["stuck"], ("stuck",))
    assert ticker.last_runs()["stuck"] > 0.3
    gate.set()
    assert eventually(lambda: ticker.late() == ())


def test_ticks_come_back_after_the_clock_was_set_back(ears: Ears, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_apscheduler, "_GUARD_SECONDS", 0.05)
    monkeypatch.setattr(clock_apscheduler, "_LATE_SECONDS", 0.3)
    slots: list[int] = []
    clock = FakeClock(SystemClock().now() + timedelta(hours=1))
    ticker = Ticker(FakeTicks(), clock, ears.on_late, ears.on_error)
    ticker.every(0.1, "watch", slots.append)  # planned for an hour from now, as if the clock had been ahead until now
    clock.at = SystemClock().now()
    ticker.start()
    assert eventually(lambda: len(slots) >= 1)
    assert ears.late == ["watch"]
    ticker.close()
