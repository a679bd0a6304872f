"""The store on a real disk that is full to the last byte while somebody goes on writing: every row is committed, also after kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.clock_system import SystemClock
from adapters.store.head_room import LEAST, MOST_SAVED, PER_START, SHARE, TAKEN
from adapters.store.store import Store
from core.alert import Alert, AlertStatus, Signal
from core.capability import NO_UNDO
from core.card import Card, CardKind
from core.errors import InvalidError
from core.message import Message
from tests.fakes.seal import FakeSeal
from tests.full_disk import KINDS, MIB, Disk, small_disk
from tests.source_tree import ROOT

pytestmark = [pytest.mark.root, pytest.mark.needs("mkfs.ext4")]

SIZE = 160 * MIB
ROWS = 80


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """One of each kind."""
    with small_disk(request.param, tmp_path, SIZE) as made:
        yield made


def opened(disk: Disk) -> Store:
    """The store on it."""
    home = disk.path / "var"
    home.mkdir(mode=0o700, exist_ok=True)
    return Store(f"sqlite:///{home}/nightshift.db", FakeSeal(), SystemClock(), home, ("console",))


def prepared(disk: Disk) -> Store:
    """A store that had its time of plenty."""
    store = opened(disk)
    assert store.db.room
    assert store.db.room.keep().is_whole
    return store


def write_everything(store: Store, name: str) -> None:
    """Rows of every kind that a night writes."""
    now = store.clock.now()
    alerts = [
        Alert(
            f"{name}{n}", "localhost", Signal("disk", "used_percent", f"/{name}{n}"), "probe", AlertStatus.FIRING, now
        )
        for n in range(ROWS)
    ]
    for n, alert in enumerate(alerts):
        (incident,) = store.intake.take_in((alert,), now)
        store.outbox.post(Card(f"{name}{n}", CardKind.NOTE, incident, incident, "text " * 50), now)
        store.inbox.put(Message(f"{name}{n}", "console", "os:0", "status", "", now))
        store.audit.append("decision", incident, {"why": "because " * 20}, now)
        action = store.effects.intend(f"{name}run", "localhost", f"fs.delete /{n}", {}, now)
        store.effects.done(action, True, "done", NO_UNDO, now)
        assert store.gate.go("all", "li", now) == (n > 0)
        store.gate.stop("all", "li", now)
        store.ticks.claim(f"{name}{n}", n, now)
        store.blobs.put(os.urandom(2048))
    fence = store.leases.take(name, "me", 30.0)
    assert fence is not None
    store.leases.give_back(name, fence)
    store.gate.go("all", "li", now)
    store.audit.anchor(name)
    assert store.audit.verify().problem == ""
    assert store.outbox.due("console", 1, now + timedelta(seconds=1))


def test_every_row_of_a_night_is_committed_at_0_bytes_free(disk: Disk) -> None:
    store = prepared(disk)
    with disk.eaten(greedy=True):
        write_everything(store, "full")
        assert disk.free == 0
    store.close()


def test_without_room_laid_by_none_is(disk: Disk) -> None:
    store = opened(disk)
    with disk.eaten(greedy=True), pytest.raises(Exception, match=r"full|I/O"):
        write_everything(store, "bare")
    store.close()


DIES = """
import os, signal, sys
from pathlib import Path
from tests.adapters.test_full_disk import opened, write_everything
from tests.full_disk import Disk
write_everything(opened(Disk(Path(sys.argv[1]))), sys.argv[2])
os.kill(os.getpid(), signal.SIGKILL)
"""


def lived(disk: Disk, name: str) -> int:
    """How a process ended that wrote everything and was then killed."""
    return subprocess.run([sys.executable, "-c", DIES, disk.path, name], cwd=ROOT, check=False).returncode


@pytest.mark.slow
def test_a_process_killed_there_starts_again_and_again_at_0_bytes_free(disk: Disk) -> None:
    prepared(disk).close()
    with disk.eaten(greedy=False):
        assert [lived(disk, f"life{n}") for n in range(3)] == [-signal.SIGKILL] * 3
    store = opened(disk)
    assert store.audit.verify().problem == ""
    assert store.audit.verify().count > 3 * ROWS
    store.close()


@pytest.mark.slow
def test_beside_the_greediest_writer_a_supervisor_brings_it_back(disk: Disk) -> None:
    prepared(disk).close()
    with disk.eaten(greedy=True):
        assert -signal.SIGKILL in (lived(disk, f"life{n}") for n in range(5))
    store = opened(disk)
    assert store.audit.verify().problem == ""
    store.close()


def test_one_that_ended_in_order_starts_again_too(disk: Disk) -> None:
    prepared(disk).close()
    with disk.eaten(greedy=False):
        for life in range(4):
            store = opened(disk)
            store.audit.append("life", str(life), {}, store.clock.now())
            store.close()


def test_large_bytes_are_refused_in_one_sentence_and_small_ones_kept(disk: Disk) -> None:
    store = prepared(disk)
    with disk.eaten(greedy=True):
        with pytest.raises(InvalidError, match="disk of the data folder is full"):
            store.blobs.put(os.urandom(MOST_SAVED + 1))
        name = store.blobs.put(os.urandom(MOST_SAVED))
        assert len(store.blobs.get(name)) == MOST_SAVED
    store.close()


def test_the_ballast_is_given_back_and_laid_by_again(disk: Disk) -> None:
    store = prepared(disk)
    room = store.db.room
    assert room
    whole = room.look()
    with disk.eaten(greedy=True):
        store.audit.append("life", "1", {}, store.clock.now())
        assert room.is_low
        assert room.keep().ballast == 0
    again = room.keep()
    assert (again.ballast, again.starts) == (whole.ballast, whole.starts)
    store.audit.append("life", "2", {}, store.clock.now())
    assert not room.is_low
    store.close()


def test_room_is_made_again_after_a_vacuum_and_never_over_its_share(disk: Disk) -> None:
    store = prepared(disk)
    with store.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("VACUUM")
    room = store.db.room
    assert room
    assert not room.look().has_pages
    assert room.keep().is_whole
    taken = sum(file.stat().st_size for file in (disk.path / "var").iterdir())
    assert taken <= SIZE / SHARE + 4 * MIB
    store.close()


def test_a_disk_that_is_too_small_keeps_none(tmp_path: Path) -> None:
    with small_disk("tmpfs", tmp_path, int(TAKEN * SHARE * LEAST) - MIB) as disk:
        store = opened(disk)
        assert store.db.room
        assert store.db.room.keep().scale == 0
        assert sorted(file.name for file in (disk.path / "var").iterdir()) == sorted(
            ["audit-anchor", "nightshift.db", "nightshift.db-shm", "nightshift.db-wal"]
        )
        store.close()


def test_a_start_gives_up_nothing_while_there_is_room(disk: Disk) -> None:
    prepared(disk).close()
    starts = disk.path / "var" / "nightshift.db-starts"
    before = starts.stat().st_size
    opened(disk).close()
    assert starts.stat().st_size == before > PER_START
