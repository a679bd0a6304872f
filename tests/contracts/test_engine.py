"""Contract of port Engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.ports import Flow
from tests.engines import Death, EngineCase, dbos_engine, fake_engine


@pytest.fixture(params=[fake_engine, dbos_engine], ids=["memory", "dbos"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EngineCase]:
    """One engine under test."""
    made: EngineCase = request.param(tmp_path)
    yield made
    made.close()
    made.case.store.close()


def test_each_row_is_played_once_to_its_end(engine: EngineCase) -> None:
    played: list[str] = []
    started = engine.start({"story": lambda subject, _flow: played.append(subject)})
    for subject in ("a", "b", "c", "a"):
        engine.write("story", subject)
    assert engine.settle()
    assert sorted(played) == ["a", "b", "c"]
    assert started.sweep(engine.case.clock.now()) == 0


def test_a_row_written_while_nobody_listened_is_played_at_launch(engine: EngineCase) -> None:
    played: list[str] = []
    engine.write("story", "a")
    engine.start({"story": lambda subject, _flow: played.append(subject)})
    assert engine.settle()
    assert played == ["a"]


def test_a_row_written_before_the_clock_was_set_back_does_not_wait_for_the_old_time(engine: EngineCase) -> None:
    played: list[str] = []
    engine.write("story", "a")
    engine.case.clock.advance(-5 * 3600)
    engine.start({"story": lambda subject, _flow: played.append(subject)})
    assert engine.settle()
    assert played == ["a"]


def test_what_was_cut_off_goes_on_at_the_next_launch(engine: EngineCase) -> None:
    played: list[str] = []

    def look() -> str:
        return "seen"

    def story(_id: str, flow: Flow) -> None:
        played.append(flow.step("look", look))

    engine.play({"story": story}, Death("look", "before"))
    assert played == []
    engine.start({"story": story})
    assert engine.settle()
    assert played == ["seen"]


def test_a_busy_lease_ends_the_leg_which_comes_again_later(engine: EngineCase) -> None:
    played: list[str] = []
    leases = engine.case.store.leases
    assert leases.take("host:web-1", "somebody else", 3600)

    def story(id: str, flow: Flow) -> None:
        with flow.lease("host:web-1", "i1"):
            played.append(id)

    started = engine.start({"story": story})
    engine.write("story", "s1")
    assert engine.settle()
    assert played == []
    leases.release("host:web-1", "somebody else")
    assert started.sweep(engine.case.clock.now()) == 0
    started.sweep(engine.case.clock.advance(2))
    assert engine.settle()
    assert played == ["s1"]
