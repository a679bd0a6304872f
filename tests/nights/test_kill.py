"""kill -9 of a real process at every step of every leg, and inside the effects: it ends, nothing happens twice, an answer counts."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

import pytest

from adapters.clock_system import SystemClock
from adapters.store.store import Store
from core.alert import Alert, AlertStatus, Signal
from core.approval import Approval, Verdict
from core.incident import Ending
from core.recovery import CUT_OFF
from core.standing_order import Bound, OrderState, StandingOrder
from core.storm import LIMIT
from tests.nights.graveyard import (
    KILLED,
    Graveyard,
    Person,
    begin,
    end,
    forker,
    says_no,
    says_yes,
)
from tests.nights.killable import GROUP, LOG, REMEDIES, Life, Trouble, is_alive, lines_of

DELETED, WRITTEN, TAKEN_BACK = f"FileDelete {LOG}", "FileWrite helps.flag", "FileDelete helps.flag"

SLOW = pytest.mark.slow

End = tuple[Ending, tuple[str, ...]]
"""How an incident ended, and what was really done in its folder."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One way a night goes: the trouble, the person, its end, and its other ends where it was killed inside an effect."""

    metric: str
    person: Person
    end: End
    inside: dict[tuple[str, int], End]
    is_task: bool = False


PLOTS = {
    "fixed": Plot(
        "full", says_yes, (Ending.FIXED, (DELETED,)), {("host/FileDelete@before", 1): (Ending.HANDED_OVER, ())}
    ),
    "undone": Plot(
        "lied",
        says_yes,
        (Ending.HANDED_OVER, (WRITTEN, TAKEN_BACK)),
        {
            ("host/FileWrite@before", 1): (Ending.HANDED_OVER, ()),
            ("host/FileWrite@after", 1): (Ending.HANDED_OVER, (WRITTEN,)),
            ("host/FileDelete@before", 1): (Ending.HANDED_OVER, (WRITTEN,)),
        },
    ),
    "refused": Plot("unsure", says_no, (Ending.REJECTED, ()), {}),
    "by hand": Plot(
        "rotate",
        says_yes,
        (Ending.UNPROVEN, (DELETED,)),
        {
            ("host/FileDelete@before", 1): (Ending.HANDED_OVER, ()),
            ("host/FileDelete@after", 1): (Ending.HANDED_OVER, (DELETED,)),
        },
        is_task=True,
    ),
}

Point = tuple[str, int]
"""Where, and which time it comes there."""


def points_of(yard: Graveyard, plot: Plot) -> list[Point]:
    """Every point of a plot, by playing it once without a kill."""
    trouble = yard.trouble(plot.metric, plot.person, is_task=plot.is_task)
    trace = yard.folder / f"{trouble.name}.trace"
    assert yard.life(trace=str(trace)) == 0
    assert ended(yard, trouble) == plot.end
    seen = lines_of(trace)
    return [(point, seen[: at + 1].count(point)) for at, point in enumerate(seen)]


def ended(yard: Graveyard, trouble: Trouble) -> End:
    """How a trouble ended, whoever was killed."""
    return yard.report(trouble).ending, tuple(yard.record(trouble))


def kill_at_each(yard: Graveyard, plot: Plot, points: list[Point]) -> None:
    """Every point once, in houses in which fewer hosts break down than make a storm."""
    for first in range(0, len(points), LIMIT):
        with yard.next_house() as house:
            kill_at_few(house, plot, points[first : first + LIMIT])


def kill_at_few(yard: Graveyard, plot: Plot, points: list[Point]) -> None:
    """One new trouble for each point, whose life ends there; the next life goes on with it and has the next trouble."""
    troubles = {}
    for point, nth in points:
        troubles[point, nth] = yard.trouble(plot.metric, plot.person, is_task=plot.is_task)
        assert yard.life(point, nth=nth) == KILLED, f"{point} was not reached a {nth}. time"
    assert yard.life() == 0
    found = {point: ended(yard, trouble) for point, trouble in troubles.items()}
    assert found == {point: plot.inside.get(point, plot.end) for point in points}
    assert yard.rows_hold()


@SLOW
def test_a_kill_at_any_point_loses_nothing_and_repeats_nothing(yard: Graveyard) -> None:
    points = points_of(yard, PLOTS["fixed"])
    assert len(points) > 40
    kill_at_each(yard, PLOTS["fixed"], points)


@SLOW
@pytest.mark.parametrize("name", ["undone", "refused", "by hand"])
def test_nor_does_one_on_the_ways_that_other_nights_take_from_there(yard: Graveyard, name: str) -> None:
    usual, plot = points_of(yard, PLOTS["fixed"]), PLOTS[name]
    points = [point for point in points_of(yard, plot) if point not in usual or point in plot.inside]
    assert points
    kill_at_each(yard, plot, points)


SAMPLE = {
    "fixed": [
        ("investigate/ask@inside", 1),
        ("act/execute@before", 1),
        ("host/FileDelete@before", 1),
        ("host/FileDelete@after", 1),
        ("act/watch@inside", 1),
        ("conclude/close@inside", 1),
    ],
    "undone": [("conclude/undo@before", 1), ("host/FileDelete@before", 1), ("conclude/go on investigate@after", 1)],
}


@pytest.mark.parametrize("name", SAMPLE)
def test_a_kill_at_the_worst_points_loses_nothing_and_repeats_nothing(on_sqlite: Graveyard, name: str) -> None:
    kill_at_each(on_sqlite, PLOTS[name], SAMPLE[name])


# ---- under a yes that was given ahead -------------------------------------------------------------------------------------------------


def lay_order(yard: Graveyard, trouble: Trouble) -> None:
    """Next time nobody is woken for this trouble."""
    folder, now = str(yard.effects / trouble.name), SystemClock().now()
    signal = Signal("disk", trouble.metric, folder)
    alert = Alert(trouble.name, trouble.name, signal, "probe", AlertStatus.FIRING, now)
    cure = next(one for one in REMEDIES if one.name == "rotate")
    order = StandingOrder(
        f"O-{trouble.name}".upper(),
        cure.name,
        cure.sha256,
        str(signal),
        alert.fingerprint,
        GROUP,
        (Bound("directory", (folder,)),),
        "li",
        now,
        now + timedelta(days=30),
        confirmed_by="bo",
        state=OrderState.ACTIVE,
    )
    yard.store.orders.put(order, "li", now)


@pytest.mark.parametrize(
    "point",
    [
        pytest.param("investigate/ask@before", marks=SLOW),
        "investigate/ask@inside",
        pytest.param("investigate/ask@after", marks=SLOW),
        pytest.param("act/think again@inside", marks=SLOW),
        "act/execute@before",
        "host/FileDelete@after",
    ],
)
def test_an_order_counts_one_use_for_an_incident_however_often_it_was_killed(yard: Graveyard, point: str) -> None:
    trouble = yard.trouble("full", nobody_answers)
    lay_order(yard, trouble)
    assert yard.life(point) == KILLED
    assert yard.life() == 0
    assert ended(yard, trouble) == (Ending.FIXED, (DELETED,))
    (order,) = yard.store.orders.all()
    assert [use.incident for use in order.uses] == [yard.report(trouble).incident]
    assert yard.rows_hold()


def nobody_answers(_store: Store, asked: Approval) -> None:
    """Whoever is asked here was asked too much."""
    raise AssertionError(f"{asked.id} is asked about, though it was allowed ahead")


# ---- people while it is down --------------------------------------------------------------------------------------------------------


def test_a_yes_given_by_another_process_while_it_was_down_counts(on_sqlite: Graveyard) -> None:
    trouble = on_sqlite.trouble("full", lambda _store, _asked: None)
    assert on_sqlite.life("investigate/ask@inside") == KILLED
    (asked,) = on_sqlite.store.approvals.pending()
    on_sqlite.store.approvals.decide(asked.id, Verdict.APPROVED, "li", "", SystemClock().now())
    assert on_sqlite.life() == 0
    assert ended(on_sqlite, trouble) == PLOTS["fixed"].end
    assert on_sqlite.report(trouble).decided_by == ("li",)


def stop_at_each(yard: Graveyard, points: list[Point]) -> None:
    """Every point once, in houses in which fewer hosts break down than make a storm."""
    for first in range(0, len(points), LIMIT):
        with yard.next_house() as house:
            stop_at_few(house, points[first : first + LIMIT])


def stop_at_few(yard: Graveyard, points: list[Point]) -> None:
    """A stop is put in the table while it is down, between the yes and the effect; nothing of that incident acts any more."""
    troubles = []
    for point, nth in points:
        troubles.append(yard.trouble("full"))
        assert yard.life(point, nth=nth) == KILLED
        incident = next(one for one in yard.store.incidents.incidents(True, 10) if one.host == troubles[-1].name)
        yard.store.gate.stop(f"incident:{incident.id}", "bo", SystemClock().now())
    assert yard.life() == 0
    assert [ended(yard, trouble) for trouble in troubles] == [(Ending.HANDED_OVER, ())] * len(points)
    assert yard.rows_hold()


@SLOW
def test_a_stop_between_any_decision_and_its_effect_lets_no_effect_through(yard: Graveyard) -> None:
    points = points_of(yard, PLOTS["fixed"])
    stop_at_each(yard, points[points.index(("investigate/ask@inside", 1)) : points.index(("host/FileDelete@after", 1))])


def test_a_stop_at_the_last_instants_lets_no_effect_through(on_sqlite: Graveyard) -> None:
    stop_at_each(on_sqlite, [("act/begin@after", 1), ("act/execute@before", 1), ("host/FileDelete@before", 1)])


@pytest.mark.parametrize(
    "point",
    [
        pytest.param("investigate/ask@after", marks=SLOW),
        "act/execute@before",
        pytest.param("host/FileDelete@before", marks=SLOW),
    ],
)
def test_the_file_stop_put_there_while_it_was_down_holds(on_sqlite: Graveyard, point: str) -> None:
    trouble = on_sqlite.trouble("full")
    assert on_sqlite.life(point) == KILLED
    (on_sqlite.home / "STOP").touch()
    assert on_sqlite.life() == 0
    assert ended(on_sqlite, trouble) == (Ending.HANDED_OVER, ())


# ---- death in the middle ------------------------------------------------------------------------------------------------------------


RECOVERIES = {
    "full": ("host/FileDelete@after", "act/end what still runs", (Ending.FIXED, (DELETED,))),
    "lied": ("host/FileDelete@after", "conclude/end what still runs", PLOTS["undone"].end),
}


@pytest.mark.parametrize("where", [pytest.param("before", marks=SLOW), "inside", pytest.param("after", marks=SLOW)])
@pytest.mark.parametrize("metric", RECOVERIES)
def test_a_second_kill_in_the_middle_of_recovery_is_recovered_from_too(
    on_sqlite: Graveyard, metric: str, where: str
) -> None:
    inside, recovery, expected = RECOVERIES[metric]
    trouble = on_sqlite.trouble(metric)
    assert on_sqlite.life(inside) == KILLED
    assert on_sqlite.life(f"{recovery}@{where}") == KILLED
    assert on_sqlite.life() == 0
    assert ended(on_sqlite, trouble) == expected
    assert on_sqlite.rows_hold()


def test_an_outage_between_the_beginning_and_the_effect_is_not_taken_for_a_failure(on_sqlite: Graveyard) -> None:
    trouble = on_sqlite.trouble("full")
    assert on_sqlite.life("act/begin@after") == KILLED
    time.sleep(2.0)  # longer than the run and its patience may take
    assert on_sqlite.life() == 0
    assert ended(on_sqlite, trouble) == (Ending.FIXED, (DELETED,))


@pytest.mark.parametrize(
    ("point", "sql"),
    [
        ("act/load@before", "UPDATE ns_approval SET body = replace(body, 'rotate', 'rotatE')"),
        ("conclude/load@before", "UPDATE ns_approval SET verdict = 'rejected'"),
        ("conclude/load@before", "UPDATE ns_effect SET ok = NOT ok"),
    ],
)
def test_rows_that_were_changed_while_it_was_down_put_it_into_a_persons_hands(
    on_sqlite: Graveyard, point: str, sql: str
) -> None:
    trouble = on_sqlite.trouble("full")
    assert on_sqlite.life(point) == KILLED
    with on_sqlite.store.db.engine.begin() as conn:
        assert conn.exec_driver_sql(sql).rowcount == 1
    on_sqlite.is_quiet = False
    assert on_sqlite.life() == 0
    assert on_sqlite.report(trouble).ending in {Ending.HANDED_OVER, Ending.FIXED}
    assert on_sqlite.record(trouble) == [DELETED][: point.startswith("conclude")]
    assert "does not verify" in on_sqlite.store.audit.verify().problem


def test_a_command_that_was_running_is_ended_before_anything_is_measured(yard: Graveyard) -> None:
    trouble = yard.trouble("slow")
    assert yard.life("host/command@inside") == KILLED
    (started,) = lines_of(yard.effects / f"{trouble.name}.record")
    measured = len(lines_of(yard.effects / f"{trouble.name}.measured"))
    assert yard.life() == 0
    assert yard.report(trouble).ending is Ending.HANDED_OVER
    assert lines_of(yard.effects / f"{trouble.name}.record") == [started], "it was started once"
    assert not is_alive(started)
    assert set(lines_of(yard.effects / f"{trouble.name}.measured")[measured:]) == {"0"}
    (action,) = yard.report(trouble).actions
    (row,) = yard.store.effects.of_run(yard.store.history.run_of(int(action.id))[0])
    assert (row.ok, row.result) == (False, CUT_OFF)


@pytest.mark.postgres
@SLOW
@pytest.mark.parametrize("point", ["investigate/prepare the task@inside", "act/begin@after", "host/FileDelete@after"])
def test_one_of_two_replicas_dies_for_good_and_the_other_takes_over(on_postgres: Graveyard, point: str) -> None:
    trouble = on_postgres.trouble("rotate", is_task=True)
    home = str(on_postgres.folder / "second")
    second = Life(on_postgres.url, home, str(on_postgres.effects), (trouble,), lease=3.0, is_second=True)
    with forker() as other:
        begin(other, second)
        assert on_postgres.life(point, lease=3.0) == KILLED
        died = time.monotonic()
        assert end(other) == 0
        assert time.monotonic() - died < 20
    plot = PLOTS["by hand"]
    assert ended(on_postgres, trouble) == plot.inside.get((point, 1), plot.end)
    assert on_postgres.rows_hold()
