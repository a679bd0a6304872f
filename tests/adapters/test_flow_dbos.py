"""What the engine does besides its contract: bugs, hand-overs, leases that are renewed, deaths that are counted, manners."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.store.flow_dbos import MOST_TAKEOVERS, DbosEngine
from adapters.store.store import Store
from core.errors import ModelError
from core.leg import Leg
from core.ports import Flow
from tests.fakes.clock import FakeClock
from tests.fakes.seal import FakeSeal


class BugError(Exception):
    """Nothing of ours."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """On SQLite."""
    opened = Store(f"sqlite:///{tmp_path}/nightshift.db", FakeSeal(), FakeClock(), tmp_path / "var")
    yield opened
    opened.close()


class Lost:
    """Who takes legs that cannot be played; fails the first `failures` times."""

    def __init__(self, failures: int = 0) -> None:
        self.legs: list[tuple[str, str]] = []
        self._failures = failures

    def __call__(self, leg: Leg, why: str) -> None:
        self._failures -= 1
        for _ in range(self._failures + 1):
            raise BugError("nobody there")
        self.legs.append((leg.id, why))


@pytest.fixture
def lost() -> Lost:
    """Nothing is lost yet."""
    return Lost()


def engine_of(store: Store, play: Callable[[str, Flow], None], lost: Lost, lease: float = 30.0) -> DbosEngine:
    """An engine with one kind of leg, which gives up quickly."""
    engine = DbosEngine(store, {"story": play}, 2, lease, on_lost=lost, retry_pauses=(0.01, 0.01))
    engine.launch()
    return engine


def start(store: Store, leg: str = "story") -> None:
    """One leg more."""
    store.legs.start(leg, "s1", 1, store.clock.now())


def test_a_bug_that_passes_costs_nothing(store: Store, lost: Lost) -> None:
    tries: list[int] = []

    def flaky() -> int:
        tries.append(1)
        return {3: 7}[len(tries)]

    seen: list[int] = []
    engine = engine_of(store, lambda _id, flow: seen.append(flow.step("flaky", flaky)), lost)
    start(store)
    assert engine.wait_idle(10)
    engine.close()
    assert seen == [7]
    assert lost.legs == []


def test_a_bug_that_stays_is_handed_over_with_its_reason(store: Store, lost: Lost) -> None:
    def broken() -> int:
        raise BugError("42")

    engine = engine_of(store, lambda _id, flow: logging.getLogger(__name__).info(flow.step("broken", broken)), lost)
    start(store)
    assert engine.wait_idle(10)
    engine.close()
    assert lost.legs == [("story:s1:1", "BugError: 42")]
    assert store.legs.due(store.clock.now(), 9) == ()


def test_a_leg_that_nobody_can_play_is_handed_over(store: Store, lost: Lost) -> None:
    engine = engine_of(store, lambda _id, _flow: None, lost)
    start(store, "unheard of")
    assert engine.wait_idle(10)
    engine.close()
    assert [leg for leg, _why in lost.legs] == ["unheard of:s1:1"]


def test_a_failed_hand_over_is_tried_again(store: Store) -> None:
    lost = Lost(failures=1)
    engine = engine_of(store, lambda _id, _flow: None, lost)
    start(store, "unheard of")
    assert engine.wait_idle(10)
    assert lost.legs == []
    clock = store.clock
    assert isinstance(clock, FakeClock)
    clock.advance(60)
    for _ in range(50):  # DBOS writes down that the first try has ended a moment after it has
        engine.sweep(clock.now())
        threading.Event().wait(0.0 if lost.legs else 0.1)
    engine.close()
    assert [leg for leg, _why in lost.legs] == ["unheard of:s1:1"]


def test_a_leg_that_lost_the_database_midway_is_played_again(store: Store) -> None:
    gone, again = threading.Event(), threading.Event()

    def lose() -> None:
        renamed(store, ns_leg="gone_leg", workflow_status="gone_status")
        gone.set()
        raise BugError("the database is gone")

    acts = iter((lose, again.set))
    engine = engine_of(store, lambda _id, _flow: next(acts)(), Lost(failures=1))
    start(store)
    assert gone.wait(10)
    threading.Event().wait(1.5)  # until DBOS, too, has failed to write down how it ended
    renamed(store, gone_leg="ns_leg", gone_status="workflow_status")
    engine.sweep(store.clock.now())
    assert again.wait(20)
    engine.close()


def renamed(store: Store, **tables: str) -> None:
    """As good as gone."""
    with store.db.engine.begin() as conn:
        for name, other in tables.items():
            conn.exec_driver_sql(f"ALTER TABLE {name} RENAME TO {other}")


def test_a_bug_inside_once_is_unknown_and_not_repeated(store: Store, lost: Lost) -> None:
    tries: list[int] = []
    seen: list[int | None] = []

    def broken() -> int:
        tries.append(1)
        raise BugError

    engine = engine_of(store, lambda _id, flow: seen.append(flow.once("broken", broken)), lost)
    start(store)
    assert engine.wait_idle(10)
    engine.close()
    assert (seen, len(tries), lost.legs) == ([None], 1, [])


def test_a_lease_is_renewed_while_its_block_runs(store: Store, lost: Lost) -> None:
    clock = store.clock
    assert isinstance(clock, FakeClock)
    held: list[bool] = []
    entered, renewed = threading.Event(), threading.Event()

    def story(_id: str, flow: Flow) -> None:
        with flow.lease("host:web-1", "i1") as fence:
            entered.set()
            renewed.wait(5)
            held.append(store.leases.holds("host:web-1", fence))

    engine = engine_of(store, story, lost, lease=0.5)
    start(store)
    assert entered.wait(5)
    for _ in range(4):
        clock.advance(0.3)
        threading.Event().wait(0.25)
    renewed.set()
    assert engine.wait_idle(10)
    engine.close()
    assert held == [True]


def test_closing_ends_between_two_steps_and_the_leg_goes_on_later(store: Store, lost: Lost) -> None:
    inside, go_on = threading.Event(), threading.Event()
    done: list[str] = []

    def slow() -> str:
        inside.set()
        go_on.wait(5)
        return "slow"

    def story(_id: str, flow: Flow) -> None:
        done.append(flow.step("slow", slow))
        done.append(flow.step("next", lambda_free))

    def lambda_free() -> str:
        return "next"

    engine = engine_of(store, story, lost)
    start(store)
    assert inside.wait(5)
    closing = threading.Thread(target=engine.close)
    closing.start()
    threading.Event().wait(0.1)
    go_on.set()
    closing.join()
    assert done == ["slow"]
    again = engine_of(store, story, lost)
    assert again.wait_idle(10)
    again.close()
    assert done == ["slow", "slow", "next"]
    assert lost.legs == []


@pytest.mark.parametrize("error", [ModelError("cut off"), BugError("cut off")], ids=["ours", "a bug"])
def test_what_fails_because_it_closes_is_no_result_and_is_done_after_the_next_start(
    store: Store, lost: Lost, error: Exception
) -> None:
    begun, ended, errors, said = threading.Event(), threading.Event(), [error], list[str]()

    def ask() -> str:
        begun.set()
        for one in errors:
            ended.wait(10)
            raise one
        return "an answer"

    def play(_subject: str, flow: Flow) -> None:
        said.append(flow.step("ask", ask))

    first = engine_of(store, play, lost)
    start(store)
    assert begun.wait(10)
    first.end()
    ended.set()
    first.close()
    errors.clear()
    second = engine_of(store, play, lost)
    assert second.wait_idle(10)
    second.close()
    assert (said, lost.legs) == (["an answer"], [])


def test_what_a_person_approved_does_not_wait_for_investigations_that_think(store: Store, lost: Lost) -> None:
    thought, acted, think_on = list[str](), threading.Event(), threading.Event()

    def think(subject: str, _flow: Flow) -> None:
        thought.append(subject)
        think_on.wait(20)

    plays = {"investigate": think, "act": lambda _subject, _flow: acted.set()}
    engine = DbosEngine(store, plays, 4, on_lost=lost)
    engine.launch()
    for number in range(6):
        store.legs.start("investigate", f"s{number}", 1, store.clock.now())
    store.legs.start("act", "a1", 1, store.clock.now())
    assert acted.wait(10)
    assert len(thought) == 2
    think_on.set()
    assert engine.wait_idle(20)
    engine.close()
    assert sorted(thought) == [f"s{number}" for number in range(6)]
    assert lost.legs == []


def test_deaths_of_replicas_are_counted_per_leg_and_its_tries(store: Store) -> None:
    counts = [store.legs.taken_over(leg) for leg in ("act:A:1", "act:A:1#2", "act:B:1", "act:A:1#3")]
    assert counts == [1, 2, 1, MOST_TAKEOVERS]


def test_a_leg_is_busy_a_bounded_number_of_times(store: Store) -> None:
    clock = store.clock
    assert isinstance(clock, FakeClock)
    start(store)
    tries = 0
    while due := store.legs.due(clock.now(), 2):
        (leg,) = due
        store.legs.again(leg, "busy", clock.now())
        tries += 1
        store.legs.end(leg.id, "done", "")
        clock.advance(300)
    assert tries == 40


def test_the_journal_of_finished_legs_is_forgotten_and_no_leg_with_it(store: Store, lost: Lost) -> None:
    played: list[str] = []
    engine = engine_of(store, lambda subject, _flow: played.append(subject), lost)
    start(store)
    assert engine.wait_idle(10)
    threading.Event().wait(0.2)
    assert engine.prune(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert engine.prune(datetime.now(UTC) + timedelta(hours=1)) == 1
    start(store)
    assert engine.wait_idle(10)
    engine.close()
    assert played == ["s1"]


def test_dbos_speaks_through_our_logs_alone(store: Store, lost: Lost, capfd: pytest.CaptureFixture[str]) -> None:
    engine = engine_of(store, lambda _id, _flow: None, lost)
    logger = logging.getLogger("dbos")
    assert logger.propagate
    assert [type(handler) for handler in logger.handlers] == [logging.NullHandler]
    engine.close()
    assert capfd.readouterr() == ("", "")


def test_nothing_but_the_engine_loads_dbos() -> None:
    code = "import sys, adapters.store.store; sys.exit('dbos' in sys.modules or 'alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0
