"""The fourth night: PostgreSQL is down because its disk is full. One trouble, led by the disk; room is made beside the database and
never in it; then it is started, its recovery is awaited on a slow disk, and it has every row that it had.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from adapters.clock_system import SystemClock
from adapters.host.kept_child import KeptChildren
from adapters.probe.served import MODULE, ServedProbe
from adapters.sandbox.bubblewrap import BubblewrapSandbox
from adapters.skill_catalog_files import FileCatalog
from bot.team import Team
from core.alert import Signal
from core.approval import Approval, Verdict
from core.check import Check
from core.execution import Operator
from core.incident import Ending
from core.inventory import HostEntry, Inventory, Mode
from core.world import Measurement
from tests.fakes.engine import FakeEngine
from tests.fakes.host import FakeHosts
from tests.fakes.store import FakeStore
from tests.faults.databases import BIN, POSTGRES_SIGNAL, REDIS_SIGNAL, SLOW, Postgres, Redis
from tests.nights.composition import World, compose
from tests.skills.hands import SKILLS_FOLDER
from tests.skills.patient import Patient, eventually

pytestmark = [
    pytest.mark.root,
    pytest.mark.needs("bwrap", "setpriv", "strace", "redis-server", f"{BIN}/postgres"),
]

NAME, DISK, DATA = "db-1", "/srv/db", "/srv/db/main"
SPACE = f"disk.used_percent:{DISK}"
SLOW_DISK = "strace -D -f -qq -o /dev/null -e trace=fsync -e inject=fsync:delay_enter=3000"
"""Every fsync takes three milliseconds longer, so that a recovery lasts for seconds, as it does on a busy disk."""


@dataclass
class Night:
    """One host with a database, both of its signals watched, and whoever says yes."""

    patient: Patient
    probe: ServedProbe
    sandbox: BubblewrapSandbox
    signal: str
    store: FakeStore = field(default_factory=FakeStore)
    seen: list[Measurement] = field(default_factory=list)
    asked: list[Approval] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.checks = (
            Check(Signal.parse(self.signal), NAME, over=0, every=10),
            Check(Signal.parse(SPACE), NAME, over=90, every=10),
        )
        self.team = self._composed()
        self.engine = FakeEngine(self.store, self.team.plays)

    def pulse(self) -> None:
        """Ten seconds of the night; what is measured is measured now."""
        self.store.clock.advance(10)
        self.team.night_watch.tick(self.checks)
        self.team.holding.tick()
        self.team.watch.tick()
        self.engine.wait_idle(0)

    def until_asked(self) -> Approval:
        """The next question; no second one is open beside it."""
        assert eventually(self._is_asked, 30), self.told()
        (asked,) = self.store.approvals.pending()
        self.asked.append(asked)
        return asked

    def approve(self, asked: Approval) -> None:
        """One yes is enough for what is not dangerous."""
        self.store.approvals.decide(asked.id, Verdict.APPROVED, "li", "", self.store.clock.now())
        self.engine.wait_idle(0)

    def until_reported(self, incident: str) -> None:
        """Measured until its ending is certain; what PostgreSQL says meanwhile is written down."""
        assert eventually(lambda: self._is_reported(incident), 60), self.told()

    def told(self) -> str:
        """Where it stands, for whoever reads a failure."""
        return f"{self.store.incidents.incidents(False, 5)} {self.store.shelf.reports} {self.seen[-3:]}"

    def _is_asked(self) -> bool:
        self.pulse()
        return bool(self.store.approvals.pending())

    def _is_reported(self, incident: str) -> bool:
        self.pulse()
        self.seen.append(self.probe.measure(NAME, Signal.parse(self.signal)))
        return incident in self.store.shelf.reports

    def _composed(self) -> Team:
        inventory = Inventory((HostEntry(NAME, "namespace"),), ((NAME, Mode.APPROVE),))
        catalog = FileCatalog(SKILLS_FOLDER, SKILLS_FOLDER / "skills.lock")
        operator = Operator(may_approve=lambda _person, _host: True)
        hosts = FakeHosts({NAME: self.patient.host})
        return compose(self.store, World(hosts, self.probe, self.checks, inventory, catalog, self.sandbox, operator))


@pytest.fixture
def night(request: pytest.FixtureRequest) -> Iterator[Night]:
    """Of the signal that the test names."""
    patient, sandbox = Patient(), BubblewrapSandbox(warm=1)
    children, steady = KeptChildren(patient.enter, MODULE), KeptChildren(patient.enter, MODULE)
    try:
        patient.furnish()
        patient.shell(f"mkdir {DISK} && mount -t tmpfs -o size=96m t {DISK} && mkdir {DISK}/log")
        yield Night(patient, ServedProbe(children.ask, SystemClock(), steady.ask), sandbox, request.param)
    finally:
        children.close()
        steady.close()
        sandbox.close()
        patient.close()


def skill_of(asked: Approval) -> str:
    """What it is asked for."""
    assert asked.proposal is not None
    return asked.proposal.skill


def fill_the_disk(patient: Patient, postgres: Postgres) -> None:
    """The application logs until there is nothing left, and goes on; the server cannot write ahead any more, ends, and cannot come up."""
    write_ahead = "select pg_logical_emit_message(true, 'app', repeat('x', 200000));"
    patient.shell(
        f"cd {DISK}/log; head -c 20M /dev/zero > app.log.2; "
        f'(sleep 1; for _ in $(seq 60); do echo "{write_ahead}"; done) | {BIN}/psql -X -q -h 127.0.0.1 -U postgres >/dev/null 2>&1 & '
        f"sleep 0.5; head -c 200M /dev/zero >> {DISK}/log/app.log.1 || true"
    )
    assert eventually(lambda: not postgres.accepts(), 10)
    patient.shell(f"head -c 200M /dev/zero >> {DISK}/log/app.log.1 || true; sleep 1")
    patient.shell("/etc/init.d/postgresql start 2>/dev/null || true")
    assert not postgres.accepts(), patient.shell("tail -5 /var/log/postgresql/*.log")
    assert "No space left on device" in patient.shell("tail -30 /var/log/postgresql/*.log")


def files_of(patient: Patient) -> list[str]:
    """What lies in the data directory, each with the hash of its content."""
    return sorted(patient.shell(f"find {DATA} -type f -exec sha256sum {{}} +").splitlines())


def is_told_as_one_incident(night: Night, incident: str) -> None:
    """One row for people, one report with both repairs; each is remembered under the signal that it was for."""
    report = night.store.shelf.reports[incident]
    assert report.ending is Ending.FIXED, night.told()
    assert report.tried == ("free_rotated_logs: fixed", "start_postgres: fixed")
    assert report.reason == f"it began with {SPACE}"
    assert [one.id for one in night.store.incidents.incidents(False, 10) if not one.lead] == [incident]
    remembered = {one.signal: (one.skill, one.ending) for one in night.store.shelf.episodes.values()}
    assert remembered == {
        SPACE: ("free_rotated_logs", Ending.FIXED),
        POSTGRES_SIGNAL: ("start_postgres", Ending.FIXED),
    }


@pytest.mark.parametrize("night", [POSTGRES_SIGNAL], indirect=True)
def test_postgres_is_down_because_its_disk_is_full(night: Night) -> None:
    patient = night.patient
    postgres = Postgres(patient, DATA, "restart_after_crash = off")
    postgres.start()
    planted = postgres.plant()
    fill_the_disk(patient, postgres)
    before = files_of(patient)

    # One trouble: the disk leads, the database waits for it, and one thing is asked.
    disk_asked = night.until_asked()
    opened = night.store.incidents.incidents(True, 10)
    assert [str(one.signal) for one in opened if not one.lead] == [SPACE]
    assert [(str(one.signal), one.lead) for one in opened if one.lead] == [(POSTGRES_SIGNAL, disk_asked.incident)]
    assert skill_of(disk_asked) == "free_rotated_logs"

    # Room is made beside the database, and nothing in it was touched.
    night.approve(disk_asked)
    assert files_of(patient) == before
    patient.write(SLOW, SLOW_DISK)

    # One incident: what is left of it is asked next, in its second round; the recovery is waited for, and nothing else is begun meanwhile.
    start_asked = night.until_asked()
    assert skill_of(start_asked) == "start_postgres"
    assert (start_asked.incident, start_asked.round) == (disk_asked.incident, 2)
    assert disk_asked.incident not in night.store.shelf.reports
    night.approve(start_asked)
    night.until_reported(start_asked.incident)
    is_told_as_one_incident(night, disk_asked.incident)
    assert any("starting up" in one.detail for one in night.seen)
    assert [one.proposal.skill for one in night.asked if one.proposal] == ["free_rotated_logs", "start_postgres"]

    # The proof: every row, a read and a write; and no effect of ours lies below the data directory.
    assert postgres.canaries() == planted
    assert (
        postgres.sql("insert into orders values (0, 'written after'); select what from orders where id = 0")
        == "written after"
    )
    effects = [row.effect for run in (disk_asked.id, start_asked.id) for row in night.store.effects.of_run(run)]
    assert sorted(effects) == [
        f"fs.delete {DISK}/log/app.log.1",
        f"fs.delete {DISK}/log/app.log.2",
        "service.start postgresql",
    ]


@pytest.mark.parametrize("night", [REDIS_SIGNAL], indirect=True)
def test_redis_refuses_writes_because_its_disk_was_full(night: Night) -> None:
    patient = night.patient
    redis = Redis(patient, f"{DISK}/cache", "save 3600 1")
    redis.start()
    planted = redis.plant()
    patient.shell(f"cd {DISK}/log; head -c 20M /dev/zero > app.log.2; head -c 200M /dev/zero > app.log.1 || true")
    redis.ask("bgsave")
    assert eventually(lambda: redis.ask("set order 1").startswith("MISCONF"), 10)

    disk_asked = night.until_asked()
    assert skill_of(disk_asked) == "free_rotated_logs"
    night.approve(disk_asked)

    # There is room, and Redis would not try again for an hour.
    save_asked = night.until_asked()
    assert redis.ask("set order 1").startswith("MISCONF")
    assert (skill_of(save_asked), save_asked.incident) == ("save_redis_again", disk_asked.incident)
    night.approve(save_asked)
    night.until_reported(save_asked.incident)
    assert night.store.shelf.reports[save_asked.incident].ending is Ending.FIXED, night.told()
    assert (redis.ask("set order 1"), redis.canaries()) == ("OK", planted)
    redis.restart()
    assert redis.canaries() == planted
    assert redis.ask("config get stop-writes-on-bgsave-error").split()[-1] == "yes"
