"""The keeper's own disk is the patient: filled to the last byte while a writer goes on, and yet alerted, approved, fixed, audited."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from tests.bot.machine import Machine
from tests.full_disk import MIB, Disk, small_disk
from tests.source_tree import ROOT

T = TypeVar("T")

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.needs("bwrap", "mkfs.ext4")]

SIZE = 160 * MIB
ROTATED, EACH = 14, 5 * MIB
ALONE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
"""With processes of its own: those of this machine may forbid even root to look into them."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """A disk with rotated logs on it, with the data folder on it, watched by a real `nightshift up`."""

    disk: Disk
    machine: Machine
    screen: Path

    @contextmanager
    def up(self) -> Iterator[subprocess.Popen[bytes]]:
        """Runs until the end of the block, with processes of its own, which it may all look into; its words go to another disk."""
        with self.screen.open("ab") as screen:
            process = subprocess.Popen(
                [*ALONE, sys.executable, "-m", "bot", "up"],
                env=self.machine.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=screen,
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def asked(self) -> str | None:
        """The question about the rotated logs."""
        found = json.loads(self.machine.type("approvals", "--json").stdout or "[]")
        return next((one["id"] for one in found if "free_rotated_logs" in json.dumps(one)), None)

    def incidents(self) -> list[dict[str, str]]:
        """All there are."""
        found: list[dict[str, str]] = json.loads(self.machine.type("incidents", "--json").stdout or "[]")
        return found

    def ending(self) -> str | None:
        """How the only one ended."""
        return next((one["ending"] for one in self.incidents()), None)

    def has_said(self, words: str, times: int = 1) -> bool | None:
        """True once these words stand on its screen so often."""
        return self.screen.read_text().count(words) >= times or None

    def until(self, look: Callable[[], T | None], seconds: float = 90.0) -> T:
        """What is seen in time."""
        deadline = time.monotonic() + seconds
        while (seen := look()) is None:
            assert time.monotonic() < deadline, self.screen.read_text()[-6000:]
            time.sleep(0.3)
        return seen


def free_port() -> int:
    """One that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    """Everything on one ext4."""
    with small_disk("ext4", tmp_path, SIZE) as disk:
        home, logs = disk.path / "var", disk.path / "log"
        home.mkdir(mode=0o700)
        logs.mkdir()
        for number in range(1, ROTATED + 1):
            (logs / f"app.log.{number}").write_bytes(b"l" * EACH)
        check = (
            f'[[checks]]\nsignal = "disk.used_percent:{disk.path}"\nover = 90\nevery = "1s"\nfor = "0s"\nmargin = 2\n'
        )
        (home / "nightshift.toml").write_text(f"[server]\nport = {free_port()}\n{check}")
        yield Keeper(disk, Machine(home, tmp_path / "key"), tmp_path / "screen")


def laid_by(keeper: Keeper) -> bool | None:
    """True once `up` has made the room that it keeps."""
    return (keeper.machine.home / "nightshift.db-starts").exists() or None


def said_yes(keeper: Keeper, asked: str) -> None:
    """A person types it in another process."""
    run = keeper.machine.type("approvals", "approve", asked)
    assert run.returncode == 0, run.stdout + run.stderr


def proven(keeper: Keeper) -> None:
    """It ended as fixed, by the yes, and the trail says so."""
    ending = keeper.until(keeper.ending)
    assert ending == "fixed", keeper.machine.type("why").stdout
    assert not list((keeper.disk.path / "log").iterdir())
    assert keeper.machine.type("audit", "verify").returncode == 0
    (incident,) = keeper.incidents()
    told = keeper.machine.type("why", incident["id"]).stdout
    assert "free_rotated_logs" in told


def test_a_disk_that_is_full_to_the_last_byte_is_repaired_from_it(keeper: Keeper) -> None:
    with keeper.up():
        keeper.until(lambda: laid_by(keeper))
        with keeper.disk.eaten(greedy=False):
            asked = keeper.until(keeper.asked)
            keeper.until(lambda: keeper.has_said("My reserve is given back"))
            assert keeper.disk.free == 0
            doctor = keeper.machine.type("doctor").stdout
            assert "BAD  room: the disk of the data folder is full (0 MiB free)" in doctor
            said_yes(keeper, asked)
            proven(keeper)


def test_killed_at_that_moment_it_goes_on_where_it_was(keeper: Keeper) -> None:
    with keeper.up():
        keeper.until(lambda: laid_by(keeper))
    with keeper.disk.eaten(greedy=False):
        with keeper.up():
            asked = keeper.until(keeper.asked)
        assert keeper.disk.free == 0
        with keeper.up():
            keeper.until(lambda: keeper.has_said("Watching", 3))
            said_yes(keeper, asked)
            proven(keeper)


def test_while_it_is_down_the_one_who_says_yes_does_the_work(keeper: Keeper) -> None:
    with keeper.up():
        keeper.until(lambda: laid_by(keeper))
    with keeper.disk.eaten(greedy=False):
        with keeper.up():
            asked = keeper.until(keeper.asked)
        command = [*ALONE, sys.executable, "-m", "bot", "approvals", "approve", asked]
        run = subprocess.run(
            command, env=keeper.machine.environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr
        proven(keeper)
