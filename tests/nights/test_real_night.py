"""Real nights: the house as wired, on a patient of its own; the trail it leaves, broken in every way; the demo as people type it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from adapters.host.kept_child import KeptChildren
from adapters.host.namespace import Holder
from adapters.patient import layout
from adapters.patient.patient import Patient
from adapters.probe.served import MODULE
from adapters.store.store import Store
from bot.dispatcher import Dispatcher
from bot.wiring import CONSOLE, House, Place, build, desk_of, protected_paths, store_of
from core.alert import Signal
from core.check import Check
from core.desk import Patience
from core.incident import Ending
from core.inventory import HostEntry, Inventory, Mode
from core.message import Message
from core.report import Report
from tests.adapters.test_patient import eventually_equal, of_this_machine
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import FakeClock
from tests.patient_kit import host_of, probe_of, running_patient

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
DOWN = Check(Signal.parse(f"process.down:{layout.SERVICE}"), layout.NAME, over=0, every=1.0)


def until(look: Callable[[], T | None], seconds: float = 60.0) -> T:
    """What is seen in time."""
    deadline = time.monotonic() + seconds
    while (seen := look()) is None:
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)
    return seen


# ---- one night, and the trail it leaves ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class After:
    """What a night left."""

    report: Report
    asked: str
    home: Path
    key: Path

    def opened(self, home: Path) -> Store:
        """Its rows, in this folder or a copy of it."""
        return store_of(home, f"sqlite:///{home}/nightshift.db", (CONSOLE,), self.key)


def crash_and_say_yes(house: House, patient: Patient) -> tuple[Report, str]:
    """The service dies, a person answers through the inbox, and it is told how it ended."""
    desk = desk_of(house, "en", {CONSOLE: FakeChannel(CONSOLE, FakeClock())})
    dispatcher = Dispatcher(house, desk, (CONSOLE,))
    dispatcher.start()
    try:
        patient.crash()
        asked = until(lambda: next(iter(house.rows.book.pending()), None))
        me, now = f"os:{os.geteuid()}", house.store.clock.now()
        house.rows.inbox.put(Message("m1", CONSOLE, me, f"approve {asked.id}", asked.incident, now))
        dispatcher.heard()
        return until(lambda: house.rows.history.report(asked.incident)), asked.id
    finally:
        dispatcher.close()


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> After:
    """One night for all of them."""
    folder = tmp_path_factory.mktemp("night")
    home, key = folder / "home", folder / "key"
    home.mkdir(mode=0o700)
    with (
        running_patient(folder) as patient,
        host_of(patient, *protected_paths(home, key)) as host,
        probe_of(patient) as probe,
    ):
        place = Place(
            home=home,
            database_url=f"sqlite:///{home}/nightshift.db",
            inventory=Inventory((HostEntry(layout.NAME, "namespace", ("patients",)),), (("patients", Mode.APPROVE),)),
            checks=(DOWN,),
            hosts={layout.NAME: host},
            probes={layout.NAME: probe},
            looks={layout.NAME: KeptChildren(Holder(*patient.holder), MODULE)},
            channels=(CONSOLE,),
            patience=Patience(),
            replica_lease=30.0,
            key_file=key,
        )
        report, asked = crash_and_say_yes(build(place), patient)
    return After(report, asked, home, key)


needs_bwrap = pytest.mark.needs("bwrap")


@needs_bwrap
def test_a_service_that_crashed_runs_again_and_it_is_proven(after: After) -> None:
    assert after.report.ending is Ending.FIXED
    assert [proof.value for proof in after.report.proof] == [0, 0, 0]
    assert after.report.tried == ("restart_service: fixed",)
    assert len(after.report.actions) == 1


@needs_bwrap
def test_the_trail_of_a_night_is_whole_and_its_report_is_anchored_in_it(after: After) -> None:
    store = after.opened(after.home)
    state = store.audit.verify(after.report.audit_head)
    assert (state.broken_at, state.problem) == (0, "")
    assert 0 < after.report.audit_count <= state.count
    assert store.tampered() == ()
    assert store.effects.unfinished() == ()
    store.close()


FLIP = "substr({0}, 1, length({0}) - 3) || '~' || substr({0}, length({0}) - 1)"
"""SQL: a text with the last but two of its characters changed."""

COUNT = 0
"""Stands for the number of rows, which is where a break outside of the trail itself is put."""

CHANGES = {
    "trail": ("UPDATE ns_audit SET body = {flip_body} WHERE seq = 3", 3, "row 3 "),
    "time in the trail": ("UPDATE ns_audit SET at = replace(at, '20', '19') WHERE seq = 2", 2, "row 2 "),
    "effect": ("UPDATE ns_effect SET effect = {flip_effect} WHERE action = {action}", COUNT, "effect {action} "),
    "outcome of an effect": ("UPDATE ns_effect SET ok = NOT ok WHERE action = {action}", COUNT, "effect {action} "),
    "yes": ("UPDATE ns_approval SET body = {flip_body} WHERE id = '{asked}'", COUNT, "approval {asked} "),
    "verdict": ("UPDATE ns_approval SET verdict = 'rejected' WHERE id = '{asked}'", COUNT, "approval {asked} "),
    "report": ("UPDATE ns_report SET body = {flip_body} WHERE incident = '{incident}'", COUNT, "the report of {incident} "),
    "last row": ("DELETE FROM ns_audit WHERE seq = {count}", COUNT, "row {count} is missing"),
    "last rows": ("DELETE FROM ns_audit WHERE seq > 3", 4, "rows 4 to {count} are missing"),
    "all rows": ("DELETE FROM ns_audit", 1, "rows 1 to {count} are missing"),
}  # fmt: skip


@needs_bwrap
@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_changed_afterwards_is_named(after: After, change: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(after.home, home)
    store = after.opened(home)
    count = store.audit.verify().count
    facts = {
        "asked": after.asked,
        "action": after.report.actions[0].id,
        "incident": after.report.incident,
        "count": count,
        "flip_body": FLIP.format("body"),
        "flip_effect": FLIP.format("effect"),
    }
    sql, row, named = CHANGES[change]
    with store.db.engine.begin() as conn:
        assert conn.exec_driver_sql(sql.format(**facts)).rowcount > 0
    state = store.audit.verify()
    assert named.format(**facts) in f"{state.problem} "
    assert state.broken_at == (count, row)[row > 0]
    store.close()


# ---- the demo as people type it -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Typist:
    """Somebody who types commands in a fresh folder of their own."""

    folder: Path
    python: str
    user: str | None

    def start(self, *words: str) -> subprocess.Popen[str]:
        """One command, begun."""
        ours = {
            "NIGHTSHIFT_HOME": str(self.folder / "home"),
            "NIGHTSHIFT_KEY_FILE": str(self.folder / "key"),
            "HOME": str(self.folder),
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.Popen(
            [self.python, "-m", "bot", *words],
            cwd=ROOT,
            env=ours,
            user=self.user,
            group=self.user and pwd.getpwnam(self.user).pw_gid,
            extra_groups=[] if self.user else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def type(self, *words: str) -> tuple[int, str]:
        """One command, to its end."""
        process = self.start(*words)
        said, _ = process.communicate(timeout=240)
        return process.returncode, said


def typist(user: str | None) -> Iterator[Typist]:
    """As this user; skips where no Python of ours may be run by them."""
    folder = Path(tempfile.mkdtemp(prefix="ns-demo-"))
    own = folder / "own"
    own.mkdir()
    shutil.chown(own, user or os.geteuid())
    folder.chmod(0o755)
    try:
        fitting = (Typist(own, str(python), user) for python in pythons(folder))
        found = next((one for one in fitting if can_type(one)), None)
        if found is None:
            pytest.skip(f"{user} may run none of our Pythons here")
        yield found
    finally:
        shutil.rmtree(folder)


def pythons(folder: Path) -> Iterator[Path]:
    """Ours; and, because that may lie in a folder of root's, the machine's own of the same version with the same packages."""
    yield Path(sys.executable)
    machines = Path(f"/usr/bin/python3.{sys.version_info.minor}")
    if machines.exists():
        subprocess.run([machines, "-m", "venv", "--without-pip", folder / "venv"], check=True)
        packages = next((folder / "venv" / "lib").glob("python*/site-packages"))
        (packages / "ours.pth").write_text("\n".join([str(ROOT), sysconfig.get_path("purelib")]))
        yield folder / "venv" / "bin" / "python"


def can_type(somebody: Typist) -> bool:
    """True where this Python can be run with everything we need."""
    try:
        return somebody.type("--help")[0] == 0
    except OSError:
        return False


@pytest.fixture(params=[None, pytest.param("nobody", marks=pytest.mark.root)], ids=["as we are", "as nobody"])
def somebody(request: pytest.FixtureRequest) -> Iterator[Typist]:
    """Whoever runs the tests; and for root an ordinary user as well."""
    yield from typist(request.param)


def made(somebody: Typist) -> set[str]:
    """What is in the folder of who types it, outside of the demo's own."""
    files = (str(path.relative_to(somebody.folder)) for path in somebody.folder.rglob("*"))
    return {name for name in files if not name.startswith("home/demo")}


@needs_bwrap
@pytest.mark.slow
def test_the_demo_repairs_its_night_three_times_and_leaves_only_its_folder(somebody: Typist) -> None:
    before = of_this_machine(str(somebody.folder))
    code, said = somebody.type("demo", "--yes", "--night", "process")
    assert code == 0, said
    assert said.count(f"{Ending.FIXED}") >= 3, said
    eventually_equal(before, str(somebody.folder))
    assert made(somebody) <= {"home", "key"}
    code, said = somebody.type("audit", "verify")
    assert code == 0, said


@needs_bwrap
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_interrupted_leaves_nothing_but_its_folder(somebody: Typist, number: signal.Signals) -> None:
    before = of_this_machine(str(somebody.folder))
    process = somebody.start("demo", "--yes", "--night", "process")
    database = somebody.folder / "home" / "demo" / "nightshift.db"
    until(lambda: database.exists() or None)
    time.sleep(2.0)  # in the middle of its first run
    assert process.poll() is None
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode != 0, said
    assert "Traceback" not in said
    eventually_equal(before, str(somebody.folder))
    assert made(somebody) <= {"home", "key"}
