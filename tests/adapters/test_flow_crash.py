"""kill -9 before, inside and after every step of a three-leg story, with real processes: it ends, and its effect happens at most once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.store.store import Store
from core.incident import Ending, IncidentState
from tests.adapters.postgres import PostgresServer
from tests.fakes.clock import FakeClock
from tests.fakes.seal import FakeSeal

ROOT = Path(__file__).parents[2]
STEPS = (
    "investigate/load",
    "investigate/look",
    "investigate/ask",
    "act/load",
    "act/begin",
    "act/execute",
    "act/watch",
    "conclude/load",
    "conclude/load incident",
    "conclude/close",
)
POINTS = [f"{step}@{where}" for step in STEPS for where in ("before", "inside", "after")]


@dataclass
class Child:
    """Runs the toy story in processes of its own over one database."""

    url: str
    folder: Path
    lease: float = 30.0

    @property
    def effects(self) -> Path:
        """Where the effect leaves its lines."""
        return self.folder / "effects"

    def run(self, kill_at: str = "", home: str = "var") -> subprocess.CompletedProcess[str]:
        """One process from start to end, or until it kills itself; another `home` is another replica."""
        script = str(Path(__file__).with_name("toy_story.py"))
        argv = [sys.executable, script, self.url, str(self.folder / home), str(self.effects), kill_at, str(self.lease)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)

    def store(self) -> Store:
        """A look at what is in the database."""
        return Store(self.url, FakeSeal(), FakeClock(datetime.now(UTC)), self.folder / "var")

    def lines(self) -> int:
        """How often the effect happened."""
        return len(self.effects.read_text().splitlines()) if self.effects.exists() else 0


@pytest.fixture
def child(tmp_path: Path) -> Child:
    """On SQLite, in a folder of its own."""
    return Child(f"sqlite:///{tmp_path}/nightshift.db", tmp_path)


def check_end(child: Child) -> None:
    """One incident, closed with a report; one question; never two effects; what was cut is handed over, the rest is fixed."""
    store = child.store()
    (incident,) = store.incidents.incidents(only_open=False, limit=10)
    report = store.history.report(incident.id)
    assert incident.state is IncidentState.CLOSED
    assert report is not None
    assert len(store.history.approvals(incident.id)) == 1
    assert incident.ending in {Ending.FIXED, Ending.HANDED_OVER}
    assert (incident.ending, child.lines()) in {(Ending.FIXED, 1), (Ending.HANDED_OVER, 0), (Ending.HANDED_OVER, 1)}
    assert store.audit.verify().problem == ""
    assert store.tampered() == ()
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_point_loses_nothing_and_repeats_no_effect(child: Child, point: str) -> None:
    killed = child.run(kill_at=point)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    restarted = child.run()
    assert restarted.returncode == 0, restarted.stderr + restarted.stdout
    check_end(child)


def test_a_kill_inside_the_effect_is_never_repeated(child: Child) -> None:
    assert child.run(kill_at="act/execute@inside").returncode == -signal.SIGKILL
    assert child.lines() == 1
    assert child.run().returncode == 0
    assert child.lines() == 1
    check_end(child)


def test_without_a_kill_it_is_fixed(child: Child) -> None:
    assert child.run().returncode == 0
    assert child.lines() == 1
    check_end(child)


# ---- PostgreSQL -----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def on_postgres(postgres: PostgresServer, tmp_path: Path) -> Child:
    """On PostgreSQL, where replicas take each other's work over after two seconds."""
    return Child(postgres.fresh(), tmp_path, lease=2.0)


SOME = ["investigate/ask@inside", "act/load@before", "act/execute@inside", "act/watch@after", "conclude/close@inside"]


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("point", SOME)
def test_on_postgres_a_restart_goes_on(on_postgres: Child, point: str) -> None:
    assert on_postgres.run(kill_at=point).returncode == -signal.SIGKILL
    restarted = on_postgres.run()
    assert restarted.returncode == 0, restarted.stderr + restarted.stdout
    check_end(on_postgres)


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("point", SOME)
def test_on_postgres_another_replica_takes_over(on_postgres: Child, point: str) -> None:
    assert on_postgres.run(kill_at=point).returncode == -signal.SIGKILL
    other = on_postgres.run(home="other")
    assert other.returncode == 0, other.stderr + other.stdout
    check_end(on_postgres)


@pytest.mark.slow
@pytest.mark.postgres
def test_a_leg_under_which_three_replicas_die_is_handed_over(on_postgres: Child) -> None:
    for replica in ("one", "two", "three"):
        assert on_postgres.run(kill_at="act/load@before", home=replica).returncode == -signal.SIGKILL
    last = on_postgres.run(home="four")
    assert last.returncode == 3
    assert "act:" in last.stdout
    assert on_postgres.lines() == 0
    check_end(on_postgres)


@pytest.mark.slow
@pytest.mark.postgres
def test_who_is_silent_is_declared_dead_once_and_learns_of_it(on_postgres: Child) -> None:
    store = on_postgres.store()
    executors, dead = store.executors, list[str]()
    executors.join("paused")
    executors.join("alive")
    assert executors.beat("paused")
    time.sleep(0.3)
    assert executors.beat("alive")
    executors.reap(0.2, dead.append)
    executors.reap(0.2, dead.append)
    assert dead == ["paused"]
    assert not executors.beat("paused")
    executors.leave("alive")
    executors.reap(0.2, dead.append)
    assert dead == ["paused", "alive"]
    store.close()
