"""A route or firewall repair that cuts the path we need is back as it was: with us, and after kill -9 without us (TRUST 4)."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.host.rollback_timer import HostRollbackTimer
from adapters.patient import layout
from adapters.patient.patient import Patient
from adapters.store.store import Store
from core.errors import UnavailableError
from core.host_change import BackStep
from tests.adapters.network_run import GUARDED, executor_of, open_store
from tests.patient_kit import host_of, probe_of, running_patient

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 90.0
"""Seconds after which the old state must be back, whatever happened."""

GOOD_ROUTE = f"default via {layout.GATEWAY} dev {layout.DEVICE}"
ROUTE = f"/usr/sbin/ip route replace default via 203.0.113.9 dev {layout.DEVICE}"
HARMLESS = f"/usr/sbin/ip route replace default via {layout.GATEWAY} dev {layout.DEVICE} metric 50"
RULE = "/usr/sbin/iptables -D INPUT 1"
ACCEPTS = f"-A INPUT -i {layout.DEVICE} -p tcp -m tcp --sport 80 -j ACCEPT"
DROPS = f"-A INPUT -i {layout.DEVICE} -j DROP"
CUTS = {"route": ROUTE, "firewall": RULE}

needs = pytest.mark.needs("bwrap", "ip", "iptables", "nsenter")


class Box:
    """The patient, with a firewall that lets answers of web servers in."""

    def __init__(self, patient: Patient, folder: Path) -> None:
        self.patient, self.folder = patient, folder

    def run(self, line: str) -> str:
        """One command in there; what it says."""
        with host_of(self.patient) as host:
            done = host.run(tuple(line.split()), 10.0, lambda _p, _s: None)
        assert done.status == 0, done.err
        return done.out

    def furnish(self) -> None:
        """As it is before a run."""
        self.run("/usr/sbin/ip route flush default")
        self.run(f"/usr/sbin/ip route replace default via {layout.GATEWAY} dev {layout.DEVICE}")
        for line in ("-F INPUT", ACCEPTS, DROPS):
            self.run(f"/usr/sbin/iptables {line}")

    @property
    def state(self) -> tuple[list[str], list[str]]:
        """Default routes and firewall rules as they are."""
        routes = [line.strip() for line in self.run("/usr/sbin/ip route show default").splitlines()]
        return routes, self.run("/usr/sbin/iptables -S INPUT").splitlines()

    def start(self, line: str) -> subprocess.Popen[str]:
        """A whole run in a process of its own."""
        words = [
            sys.executable,
            "-m",
            "tests.adapters.network_run",
            str(self.folder),
            *map(str, self.patient.holder),
            line,
        ]
        return subprocess.Popen(words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def is_reached(self) -> bool:
        """Whether the path we need is there."""
        with probe_of(self.patient) as probe:
            return probe.measure(layout.NAME, GUARDED.signal).value == 0


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    with running_patient(tmp_path_factory.mktemp("patient")) as made:
        yield made


@pytest.fixture
def box(patient: Patient, tmp_path: Path) -> Box:
    tmp_path.chmod(0o700)
    made = Box(patient, tmp_path)
    made.furnish()
    return made


def until(is_so: Callable[[], bool], seconds: float) -> bool:
    """True as soon as it is so."""
    end = time.monotonic() + seconds
    while not (found := is_so()) and time.monotonic() < end:
        time.sleep(0.2)
    return found


def run_in(store: Store) -> str:
    """The one run that had an effect."""
    (run,) = {str(row.body["run"]) for row in store.audit.tail(50, "") if row.kind == "network.armed"}
    return run


@needs
@pytest.mark.parametrize("cut", CUTS)
def test_after_kill_9_right_after_the_effect_the_old_state_is_back_and_the_journal_says_so(box: Box, cut: str) -> None:
    before = box.state
    assert box.is_reached()
    with box.start(CUTS[cut]) as process:
        assert until(lambda: box.state != before, 30)
        process.send_signal(signal.SIGKILL)
    assert until(lambda: box.state == before, LONGEST)
    assert box.is_reached()
    store = open_store(box.folder)
    with executor_of(store, box.folder, box.patient.holder, CUTS[cut]) as executor:
        run = run_in(store)
        outcome = executor.cut_off(run)
        again = executor.cut_off(run)
    assert outcome is not None
    assert again is not None
    assert (outcome.is_rolled_back, again.error) == (True, outcome.error)
    (row,) = store.effects.of_run(run)
    (back,) = store.effects.of_run(f"{run}.rollback")
    assert (row.undone_by, back.result) == (back.action, "taken back by the host itself")
    assert store.audit.verify().problem == ""
    assert list((box.folder / "rollback").iterdir()) == []
    store.close()


@needs
@pytest.mark.slow
@pytest.mark.parametrize("cut", CUTS)
def test_with_us_alive_it_is_taken_back_too_and_the_run_has_failed(box: Box, cut: str) -> None:
    before, began = box.state, time.monotonic()
    with box.start(CUTS[cut]) as process:
        said, _ = process.communicate(timeout=LONGEST + 30)
    assert said.startswith("RolledBackError"), said
    assert time.monotonic() - began < LONGEST
    assert box.state == before
    assert box.is_reached()


@needs
def test_what_leaves_the_path_alone_is_confirmed_at_once_and_stays(box: Box) -> None:
    began = time.monotonic()
    with box.start(HARMLESS) as process:
        said, _ = process.communicate(timeout=60)
    assert said == "kept\n"
    assert time.monotonic() - began < 30
    assert any("metric 50" in route for route in box.state[0])
    assert list((box.folder / "rollback").iterdir()) == []


@needs
def test_what_never_happened_is_not_taken_back(box: Box) -> None:
    """Killed between arming and the effect: a rule that is still there must not be there twice."""
    before = box.state
    with host_of(box.patient) as host:
        timer = HostRollbackTimer({layout.NAME: host.enter}, box.folder / "rollback")
        back = ("/usr/sbin/iptables", "-w", "5", "-I", "INPUT", "1", *ACCEPTS.split()[2:])
        timer.arm(layout.NAME, "r1", (BackStep(1, back, ("/usr/sbin/iptables", "-S", "INPUT")),), 60.0)
        timer.close()
        assert timer.has_fired(layout.NAME, "r1", 20.0)
    assert box.state == before


@needs
def test_a_watchdog_that_was_killed_is_said_to_be_gone(box: Box) -> None:
    with host_of(box.patient) as host:
        timer = HostRollbackTimer({layout.NAME: host.enter}, box.folder / "rollback")
        timer.arm(layout.NAME, "r1", (BackStep(1, ("/bin/true",)),), 60.0)
        dogs = [p for p in host.processes() if "adapters.host.watchdog" in p.argv]
        box.run(f"/bin/kill -KILL {dogs[-1].pid}")
        with pytest.raises(UnavailableError, match="is gone"):
            until(lambda: timer.has_fired(layout.NAME, "r1", 1.0), 20)
        timer.close()


@needs
def test_a_look_that_fails_lets_nothing_be_armed_and_leaves_nothing_behind(box: Box) -> None:
    with host_of(box.patient) as host:
        timer = HostRollbackTimer({layout.NAME: host.enter}, box.folder / "rollback")
        with pytest.raises(UnavailableError, match="no undo can be armed"):
            timer.arm(layout.NAME, "r1", (BackStep(1, ("/bin/true",), ("/bin/false",)),), 60.0)
    assert list((box.folder / "rollback").iterdir()) == []
    with contextlib.closing(timer):
        assert timer.fired(layout.NAME) == ()


def test_nothing_is_armed_where_no_record_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "rollback").write_text("a file, no folder")
    timer = HostRollbackTimer({"box": lambda: ()}, tmp_path / "rollback")
    with pytest.raises(UnavailableError):
        timer.arm("box", "r1", (BackStep(1, ("/bin/true",)),), 60.0)


def test_a_record_that_is_torn_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b"\xff{torn\n[]\n")
    assert HostRollbackTimer({"box": lambda: ()}, tmp_path).fired("box") == ()
