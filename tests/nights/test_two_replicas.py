"""Two processes over one database do the same thing in the same moment: everything is kept, and nothing happens twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.store.schema import LEG, OUTBOX, PAGE, STORM
from core.pause import Pause, PauseKind
from core.standing_order import OrderState, StandingOrder
from tests.adapters.postgres import PostgresServer
from tests.fakes.clock import FakeClock
from tests.fakes.pager import FakePager
from tests.nights.test_kill_ticks import DUE, SIGNAL, Place, Process, eve

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

TIMES = 8
"""How often each of the two does it."""


@pytest.fixture
def two(postgres: PostgresServer, tmp_path: Path) -> Iterator[tuple[Process, Process]]:
    """Both on one database, at the moment in which everything is due."""

    def of(url: str, folder: Path) -> Place:
        folder.mkdir(exist_ok=True)
        return Place(url, folder, lambda to: of(url, to))

    place = eve(of(postgres.fresh(), tmp_path / "eve"))
    pager = FakePager(FakeClock(), "li", "bo")
    with ExitStack() as opened:
        first, second = (Process(place, DUE, pager) for _ in range(2))
        opened.enter_context(closing(first.store))
        opened.enter_context(closing(second.store))
        yield first, second


def at_once(two: tuple[Process, Process], what: Callable[[Process, int], object]) -> list[object]:
    """Each of them does it so often, all at once."""
    with ThreadPoolExecutor(2 * TIMES) as pool:
        begun = [pool.submit(what, process, n) for n in range(TIMES) for process in two]
        return [one.result(60) for one in begun]


def count(process: Process, column: sa.Column[str]) -> Counter[str]:
    with process.store.db.read() as conn:
        return Counter(conn.execute(sa.select(column)).scalars())


def test_what_both_lay_down_at_once_is_all_kept(two: tuple[Process, Process]) -> None:
    before = len(two[0].store.pauses.all())

    def lay_down(process: Process, n: int) -> None:
        name = f"{two.index(process)}-{n}"
        process.store.pauses.put(Pause(name, PauseKind.MUTE, f"host:{name}", "li", DUE), "li", DUE)

    at_once(two, lay_down)
    kept = [one.id for one in two[1].store.pauses.all()][before:]
    assert sorted(kept) == sorted(f"{replica}-{n}" for replica in range(2) for n in range(TIMES))
    assert two[0].store.audit.verify().problem == ""


def test_an_order_is_used_as_often_as_it_may_be_and_once_for_each_incident(two: tuple[Process, Process]) -> None:
    order = StandingOrder("O-TWO", "s", "0" * 64, str(SIGNAL), "f", "web", (), "li", DUE, DUE + timedelta(days=30))
    two[0].store.orders.put(replace(order, state=OrderState.ACTIVE, confirmed_by="bo"), "li", DUE)
    allowed = at_once(two, lambda process, n: process.team.trust.orders.use("O-TWO", f"i{n}"))
    (used,) = [one for one in two[1].store.orders.all() if one.id == "O-TWO"]
    assert len(used.uses) == len({use.incident for use in used.uses}) == used.most_a_night
    assert allowed.count(True) == 2 * used.most_a_night


def test_pulses_of_both_wake_one_person_release_once_and_tell_once(two: tuple[Process, Process]) -> None:
    with ThreadPoolExecutor(2) as pool:
        for _ in range(TIMES):
            for one in [pool.submit(process.pulse) for process in two]:
                one.result(60)
    first, _ = two
    assert list(count(first, PAGE.c.id).values()) == [1]
    cards = count(first, OUTBOX.c.key)
    assert set(cards.values()) == {1}
    assert cards["digest:2026-03-14"] == 1
    assert len([key for key in cards if key.startswith("ST-")]) == 2, "when it began, and when it was over"
    released = Counter(leg.split(":")[1] for leg in count(first, LEG.c.id) if ":free-" in leg)
    assert set(released.values()) == {1}
    assert sum(count(first, STORM.c.id).values()) == 1
    assert first.store.audit.verify().problem == ""
