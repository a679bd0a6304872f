"""Contract of port Flow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import ChangedError, UnknownError
from core.incident import Ending, Outcome
from core.ports import Flow
from tests.engines import Death, EngineCase, dbos_engine, fake_engine

AT = datetime(2026, 3, 14, 3, tzinfo=UTC)
OUTCOME = Outcome("r1", True, "done", (("bytes", 7), ("files", ["a"])), 1, 1, AT, AT)


@pytest.fixture(params=[fake_engine, dbos_engine], ids=["memory", "dbos"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EngineCase]:
    """One engine under test."""
    made: EngineCase = request.param(tmp_path)
    yield made
    made.close()
    made.case.store.close()


@dataclass
class World:
    """What the steps did, outside the journal."""

    done: list[str]
    seen: list[object]

    def outcome(self, name: str) -> Outcome:
        """A noun with everything in it."""
        self.done.append(name)
        return OUTCOME

    def pair(self) -> tuple[Ending | None, tuple[str, ...]]:
        """Enum, union and tuples."""
        self.done.append("pair")
        return Ending.WORSE, ("a", "b")

    def unknown(self) -> None:
        """An error of ours, with its facts."""
        self.done.append("unknown")
        raise UnknownError("skill", "nonsense", ("a", "b"))

    def changed(self) -> None:
        """Another one."""
        self.done.append("changed")
        raise ChangedError("it moved")


@pytest.fixture
def world() -> World:
    """Nothing was done yet."""
    return World([], [])


def test_a_value_is_the_same_on_the_first_run_and_on_a_replay(engine: EngineCase, world: World) -> None:
    def story(_id: str, flow: Flow) -> None:
        world.seen.append(flow.step("outcome", world.outcome, "once"))
        world.seen.append(flow.step("pair", world.pair))
        flow.step("last", world.outcome, "last")

    engine.play({"story": story}, Death("last", "before"))
    engine.start({"story": story})
    assert engine.settle()
    assert world.seen == [OUTCOME, (Ending.WORSE, ("a", "b"))] * 2
    assert world.done == ["once", "pair", "last"]


def test_an_error_of_ours_is_raised_again_as_itself(engine: EngineCase, world: World) -> None:
    def story(_id: str, flow: Flow) -> None:
        with pytest.raises(UnknownError) as caught:
            flow.step("unknown", world.unknown)
        world.seen.append((caught.value.what, caught.value.name, caught.value.known, str(caught.value)))
        flow.step("last", world.outcome, "last")

    engine.play({"story": story}, Death("last", "before"))
    engine.start({"story": story})
    assert engine.settle()
    facts = ("skill", "nonsense", ("a", "b"), "unknown skill 'nonsense'; known: a, b")
    assert world.seen == [facts, facts]
    assert world.done == ["unknown", "last"]


def test_a_step_that_was_cut_is_done_again(engine: EngineCase, world: World) -> None:
    def story(_id: str, flow: Flow) -> None:
        flow.step("outcome", world.outcome, "x")

    engine.play({"story": story}, Death("outcome", "inside"))
    engine.start({"story": story})
    assert engine.settle()
    assert world.done == ["x", "x"]


@pytest.mark.parametrize(
    ("where", "result", "times"), [("before", OUTCOME, 1), ("inside", OUTCOME, 1), ("after", OUTCOME, 1)]
)
def test_once_is_at_most_once(engine: EngineCase, world: World, where: str, result: Outcome, times: int) -> None:
    def story(_id: str, flow: Flow) -> None:
        world.seen.append(flow.once("execute", world.outcome, "x"))

    engine.play({"story": story}, Death("execute", where))
    engine.start({"story": story})
    assert engine.settle()
    assert world.seen[-1] == result
    assert len(world.done) == times


def test_once_is_none_when_a_former_play_died_inside(engine: EngineCase, world: World) -> None:
    death = Death("execute", "halfway")

    def execute() -> Outcome:
        world.done.append("begun")
        death("execute", "halfway")
        return OUTCOME

    def story(_id: str, flow: Flow) -> None:
        world.seen.append(flow.once("execute", execute))

    engine.play({"story": story}, death)
    engine.start({"story": story})
    assert engine.settle()
    assert world.seen == [None]
    assert world.done == ["begun"]


def test_once_raises_what_it_raised(engine: EngineCase, world: World) -> None:
    def story(_id: str, flow: Flow) -> None:
        with pytest.raises(ChangedError):
            flow.once("execute", world.changed)
        flow.step("last", world.outcome, "last")

    engine.play({"story": story}, Death("last", "before"))
    engine.start({"story": story})
    assert engine.settle()
    assert world.done == ["changed", "last"]


def test_a_lease_is_held_while_the_block_runs_and_taken_anew_by_each_play(engine: EngineCase, world: World) -> None:
    leases = engine.case.store.leases
    fences: list[int] = []
    held: list[bool] = []

    def story(_id: str, flow: Flow) -> None:
        with flow.lease("host:web-1", "i1") as fence:
            fences.append(fence)
            held.append(leases.holds("host:web-1", fence))
            flow.step("last", world.outcome, "last")

    engine.play({"story": story}, Death("last", "before"))
    engine.start({"story": story})
    assert engine.settle()
    assert held == [True, True]
    assert fences == sorted(set(fences))
    assert leases.take("host:web-1", "somebody else", 1) is not None


def test_going_on_twice_is_one_leg_more(engine: EngineCase, world: World) -> None:
    def story(_id: str, flow: Flow) -> None:
        flow.go_on("sequel", "s2", 1)
        flow.go_on("sequel", "s2", 1)

    def sequel(id: str, flow: Flow) -> None:
        flow.step("outcome", world.outcome, id)

    engine.start({"story": story, "sequel": sequel})
    engine.write("story", "s1")
    assert engine.settle()
    assert world.done == ["s2"]
