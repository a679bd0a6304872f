"""kill -9 before, inside and after every step of a three-leg story, with real processes: it ends, and its effect happens at most once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.store.store import Store
from core.incident import Ending, IncidentState
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

    @property
    def effects(self) -> Path:
        """Where the effect leaves its lines."""
        return self.folder / "effects"

    def run(self, kill_at: str = "") -> subprocess.CompletedProcess[str]:
        """One process from start to end, or until it kills itself."""
        script = str(Path(__file__).with_name("toy_story.py"))
        argv = [sys.executable, script, self.url, str(self.folder / "var"), str(self.effects), kill_at]
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
