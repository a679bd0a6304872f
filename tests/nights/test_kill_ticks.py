"""The pulse dies before any of its commits and is played again by another process: nothing is lost, nothing is doubled.

One moment in which everything is due at once: a window begins, a pause ends, what was taken is quiet, an order expires, somebody must be
woken, a storm is over, and it is morning.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.store.schema import APPROVAL, AUDIT, DETECTOR, INCIDENT, LEG, OUTBOX, PAGE, REPORT, STORM
from adapters.store.store import Store
from bot.answers import Answer
from bot.chat_desk import ChatDesk
from bot.digest import MorningTime
from bot.roster import Roster
from bot.wiring import rows_of
from core.alert import Alert, AlertStatus, Severity, Signal
from core.check import Check
from core.execution import Operator
from core.incident import Ending
from core.inventory import HostEntry, Inventory, Mode
from core.maintenance import Window
from core.pause import Pause, PauseKind
from core.standing_order import OrderState, StandingOrder
from core.storm import LIMIT
from core.world import Measurement
from tests.adapters.postgres import PostgresServer
from tests.contracts import nouns
from tests.fakes.catalog import FakeCatalog
from tests.fakes.clock import FakeClock
from tests.fakes.host import FakeHosts
from tests.fakes.pager import FakePager
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.seal import FakeSeal
from tests.nights.composition import World, compose, paging_of

DUE = datetime(2026, 3, 14, 8, 0, 1, tzinfo=UTC)
LEFT = 2
"""Hosts of the storm that are still broken at its end."""
CROWD = tuple(f"web-{n}" for n in range(LIMIT + 1))
TAKEN, ASLEEP, ASKED, DEADLY = "taken-1", "asleep-1", "asked-1", "deadly-1"
SIGNAL = Signal.parse("disk.used_percent:/var")
WINDOW = Window("0 8 * * *", timedelta(hours=1), "UTC", hosts=(ASKED,))


class Died(BaseException):
    """Here the process ended."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What was taken is quiet; everything else is as bad as it was."""

    clock: FakeClock

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        return Measurement(host, signal, 40.0 if host == TAKEN else 97.0, self.clock.now())


@dataclass(frozen=True, slots=True)
class Place:
    """A database with its data folder; `copy` makes another of the same in a folder that is not there yet."""

    url: str
    folder: Path
    copy: Callable[[Path], Place]


class Process:
    """One process over the rows: what it remembers is gone with it, the phones it rang are not."""

    def __init__(self, rows: Place, at: datetime, pager: FakePager) -> None:
        self.clock = FakeClock(at)
        self.store = Store(rows.url, FakeSeal(), self.clock, rows.folder / "var", ("console",))
        names = (*CROWD, TAKEN, ASLEEP, ASKED, DEADLY)
        self.inventory = Inventory(tuple(HostEntry(one, "local", ("web",)) for one in names), (("web", Mode.APPROVE),))
        checks = tuple(Check(SIGNAL, one, over=90, every=10.0) for one in names)
        people = Operator(may_approve=lambda name, _host: name in {"li", "bo"})
        pager._clock = self.clock
        world = World(
            FakeHosts({}),
            Measures(self.clock),
            checks,
            self.inventory,
            FakeCatalog(),
            FakeSandbox(),
            people,
            windows=(WINDOW,),
            pager=pager,
            ladder=("li", "bo"),
        )
        self.team = compose(self.store, world)
        self.escalation, self.paging = paging_of(self.store, world)
        reached = rows_of(self.store)
        desk = ChatDesk(reached, self.inventory, Roster(self.inventory, 0), "en", lambda _command, _by: Answer(""), {})
        self.morning, self.when = desk.morning, MorningTime(time(8), UTC, self.store.born)

    def pulse(self) -> None:
        """As the dispatcher's loops."""
        now = self.clock.now()
        self.team.relapses.tick()
        self.team.storms.tick()
        self.team.holding.tick()
        self.team.watch.tick()
        self.escalation.tick(now)
        self.morning.tick(now, self.when)
        self.paging.send_due()
        self.team.trust.orders.tick()
        self.team.trust.admission.tick()

    @contextmanager
    def dying_at(self, commit: int) -> Iterator[Counter[str]]:
        """The transaction of that number is not written, and nothing after it; counts them."""
        count: Counter[str] = Counter()

        def committing(_conn: sa.Connection) -> None:
            count["commits"] += 1
            if count["commits"] == commit:
                raise Died

        sa.event.listen(self.store.db.engine, "commit", committing)
        try:
            with suppress(Died):
                yield count
        finally:
            sa.event.remove(self.store.db.engine, "commit", committing)


def alert(host: str, at: datetime, severity: Severity = Severity.ASK) -> Alert:
    return Alert(f"{host}-{at}", host, SIGNAL, "probe", AlertStatus.FIRING, at, severity, value=97.0, limit=90.0)


def storm_of_hosts(process: Process) -> None:
    """More hosts than one card each can tell of; all but a few are well again."""
    store, now = process.store, process.clock.now()
    known = store.intake.take_in([alert(host, now) for host in CROWD], now)
    for incident in known[LEFT:]:
        process.team.closing.close(store.incidents.load(incident), Ending.WENT_AWAY, "quiet again")


def troubles_of_people(process: Process) -> None:
    """One is taken, one asleep, one asked about; and an order stands."""
    store, now = process.store, process.clock.now()
    taken, asleep, asked = store.intake.take_in([alert(host, now) for host in (TAKEN, ASLEEP, ASKED)], now)
    store.pauses.put(Pause("p-take", PauseKind.TAKE, f"host:{TAKEN}", "li", now, about=taken), "li", now)
    until = DUE - timedelta(seconds=1)
    store.pauses.put(Pause("p-snooze", PauseKind.SNOOZE, f"incident:{asleep}", "li", now, until), "li", now)
    for held in (taken, asleep):
        process.team.holding.put_aside(store.incidents.load(held))
    question = nouns.approval(asked, now, asks=replace(nouns.proposal(asked), host=ASKED))
    store.approvals.open(question, (nouns.card(f"{question.id}:ask", asked),))
    order = StandingOrder("O-ABCDEF", "s", "0" * 64, str(SIGNAL), "f", "web", (), "li", now, DUE)
    store.orders.put(replace(order, state=OrderState.ACTIVE, confirmed_by="bo"), "li", now)


def eve(rows: Place) -> Place:
    """The rows right before it."""
    process = Process(rows, DUE - timedelta(days=2), FakePager(FakeClock()))
    process.clock.at = DUE - timedelta(minutes=30)
    troubles_of_people(process)
    process.clock.at = DUE - timedelta(minutes=20)
    storm_of_hosts(process)
    for seconds in (60, 30):
        process.clock.at = DUE - timedelta(seconds=seconds)
        process.team.holding.tick()
    process.store.intake.take_in([alert(DEADLY, DUE, Severity.PAGE)], DUE)
    process.store.close()
    return rows


@dataclass(frozen=True, slots=True)
class Morning:
    """What the rows and the phones say afterwards."""

    rows: dict[str, list[tuple[object, ...]]]
    trail: Counter[tuple[str, str]]
    woken: list[str]


def seen_from(process: Process, pager: FakePager) -> Morning:
    columns = {
        "incidents": (INCIDENT.c.id, INCIDENT.c.state, INCIDENT.c.round, INCIDENT.c.ending, INCIDENT.c.lead),
        "legs": (LEG.c.id, LEG.c.due),
        "questions": (APPROVAL.c.id, APPROVAL.c.verdict),
        "reports": (REPORT.c.incident, REPORT.c.closed),
        "cards": (OUTBOX.c.channel, OUTBOX.c.key),
        "pages": (PAGE.c.id, PAGE.c.acknowledged),
        "storms": (STORM.c.id, STORM.c.ended),
        "looks": (DETECTOR.c.key,),
    }
    with process.store.db.read() as conn:
        rows = {name: sorted(map(tuple, conn.execute(sa.select(*what)))) for name, what in columns.items()}
        trail = Counter((row.kind, row.subject) for row in conn.execute(sa.select(AUDIT.c.kind, AUDIT.c.subject)))
    laid = [(one.id, one.ends) for one in process.store.pauses.all()]
    laid += [(one.id, one.ends) for one in process.store.orders.all()]
    assert process.store.audit.verify().problem == ""
    return Morning({**rows, "laid down": sorted(laid)}, trail, pager.woken)


def played(rows: Place, dies_at: int) -> tuple[Morning, int]:
    """The moment, in a process that dies at one of its commits; then in a fresh one, twice, and once more a minute later."""
    pager = FakePager(FakeClock(), "li", "bo")
    first = Process(rows, DUE, pager)
    with first.dying_at(dies_at) as count:
        first.pulse()
    first.store.close()
    last = Process(rows, DUE, pager)
    last.pulse()
    last.pulse()
    last.clock.advance(60)
    last.pulse()
    morning = seen_from(last, pager)
    last.store.close()
    return morning, count["commits"]


@pytest.fixture
def on_file(tmp_path: Path) -> Place:
    """On SQLite."""

    def of(folder: Path) -> Place:
        return Place(f"sqlite:///{folder}/rows.db", folder, lambda to: of(Path(shutil.copytree(folder, to))))

    (tmp_path / "eve").mkdir()
    return of(tmp_path / "eve")


@pytest.fixture
def on_server(postgres: PostgresServer, tmp_path: Path) -> Place:
    """On PostgreSQL."""

    def of(url: str, folder: Path) -> Place:
        return Place(url, folder, lambda to: of(postgres.fresh(url), Path(shutil.copytree(folder, to))))

    (tmp_path / "eve").mkdir()
    return of(postgres.fresh(), tmp_path / "eve")


@pytest.mark.parametrize(
    "where", ["on_file", pytest.param("on_server", marks=[pytest.mark.postgres, pytest.mark.slow])]
)
def test_the_pulse_killed_before_any_of_its_commits_and_played_again_loses_and_doubles_nothing(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    before = eve(request.getfixturevalue(where))
    whole, commits = played(before.copy(tmp_path / "whole"), 0)
    everything_happened(whole)
    assert commits > 10
    for commit in range(1, commits + 1):
        cut, _ = played(before.copy(tmp_path / str(commit)), commit)
        assert cut.rows == whole.rows, f"killed at commit {commit} of {commits}"
        assert cut.trail == whole.trail, f"killed at commit {commit} of {commits}"
        assert set(cut.woken) == {"li"}, "a page may come twice, and is never lost"


def everything_happened(morning: Morning) -> None:
    """The moment is what it is meant to be: each of the ticks had something to do."""
    keys = [str(key) for _, key in morning.rows["cards"]]
    assert [key for key in keys if key.startswith("digest:")] == ["digest:2026-03-14"]
    assert "O-ABCDEF:ended" in keys
    ((_, storm_ended),) = morning.rows["storms"]
    assert storm_ended is not None
    assert len(morning.rows["pages"]) == 1
    states = Counter((state, ending) for _, state, _, ending, _ in morning.rows["incidents"])
    assert states["closed", "taken"] == 1
    released = [str(leg) for leg, _ in morning.rows["legs"] if ":free-" in str(leg)]
    assert len(released) == len([ASLEEP, DEADLY]) + LEFT
    assert [verdict for _, verdict in morning.rows["questions"]] == ["held"]
    assert len(morning.rows["laid down"]) == 4
