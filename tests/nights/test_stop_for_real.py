"""Must show 3 with real processes: a stop typed between two effects, kill -9, alerts that go on, and who may lift it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from bot.chat_desk import MACHINE_CHANNEL
from bot.wiring import store_of
from core.message import Message
from tests.bench.up_child import free_port
from tests.bot.machine import Machine
from tests.full_disk import MIB, Disk, small_disk
from tests.source_tree import ROOT

T = TypeVar("T")

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.needs("bwrap")]

SIZE, LOGS = 64 * MIB, 100
EACH = SIZE * 95 // 100 // LOGS
ALONE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
"""With processes of its own: those of this machine may forbid even root to look into them."""

PEOPLE = """
[people.kim]
roles = ["responder"]
os = 1001

[people.bo]
roles = ["approver"]
os = 1002
"""
KIM, BO = "os:1001", "os:1002"


@dataclass(frozen=True, slots=True)
class Shop:
    """Two disks with a hundred rotated logs each, of which one or both are full, under a real `nightshift up`."""

    machine: Machine
    screen: Path
    disks: tuple[Disk, Disk]

    @contextmanager
    def up(self) -> Iterator[int]:
        """Runs until kill -9 at the end of the block; its own process id."""
        with self.screen.open("ab") as screen:
            command = [*ALONE, sys.executable, "-m", "bot", "up"]
            said: dict[str, object] = {"stdin": subprocess.DEVNULL, "stdout": screen, "stderr": screen}
            process = subprocess.Popen(command, env=self.machine.environment, cwd=ROOT, **said)  # type: ignore[call-overload]
        try:
            yield self.until(lambda: _child_of(process.pid))
        finally:
            process.kill()
            process.wait()

    def until(self, look: Callable[[], T | None], seconds: float = 90.0) -> T:
        """What is seen in time."""
        deadline = time.monotonic() + seconds
        while (seen := look()) is None:
            assert time.monotonic() < deadline, self.screen.read_text()[-4000:]
            time.sleep(0.1)
        return seen

    def asked_about(self, disk: Disk) -> str:
        """The question about the logs of one disk, once it is asked."""

        def question() -> str | None:
            found = json.loads(self.machine.type("approvals", "--json").stdout or "[]")
            return next((one["id"] for one in found if str(disk.path) in json.dumps(one)), None)

        return self.until(question)

    def says(self, account: str, text: str) -> str:
        """Somebody else writes to the running `up`; what it answers."""
        rows = store_of(self.machine.home, f"sqlite:///{self.database}", (), self.machine.key)
        try:
            message = Message(uuid.uuid4().hex, MACHINE_CHANNEL, account, text, "", datetime.now(UTC))
            rows.inbox.put(message)
            return self.until(lambda: rows.inbox.reply(MACHINE_CHANNEL, message.id))
        finally:
            rows.close()

    def endings(self) -> list[str | None]:
        """How each incident ended, the newest first; None for one that is open."""
        return [one["ending"] for one in json.loads(self.machine.type("incidents", "--json").stdout or "[]")]

    @property
    def database(self) -> Path:
        return self.machine.home / "nightshift.db"

    def effects(self) -> int:
        """Intents in the ledger."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as rows:
            return int(rows.execute("SELECT count(*) FROM ns_effect WHERE effect LIKE '%delete%'").fetchone()[0])

    def freeze_between_two_effects(self, pid: int, disk: Disk) -> None:
        """Until some of the logs are gone and no transaction is under way: then the process stands still."""

        def is_between() -> bool | None:
            if not 0 < left(disk) < LOGS - 3:
                return None
            os.kill(pid, signal.SIGSTOP)
            with sqlite3.connect(self.database, timeout=0, isolation_level=None) as rows:
                try:
                    rows.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError:
                    os.kill(pid, signal.SIGCONT)
                    return None
                rows.execute("ROLLBACK")
            return True

        deadline = time.monotonic() + 60
        while is_between() is None:
            assert time.monotonic() < deadline, self.screen.read_text()[-4000:]
            time.sleep(0.002)


def _child_of(pid: int) -> int | None:
    """The process that `unshare` has begun."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else None


def left(disk: Disk) -> int:
    """How many of its rotated logs are still there."""
    return len(list((disk.path / "log").iterdir()))


def fill(disk: Disk) -> None:
    """A hundred rotated logs take nearly all of it."""
    for number in range(1, LOGS + 1):
        (disk.path / "log" / f"app.log.{number}").write_bytes(b"l" * EACH)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """The first disk is full."""
    with ExitStack() as mounted:
        disks = []
        for name in ("first", "second"):
            (tmp_path / name).mkdir()
            disks.append(mounted.enter_context(small_disk("tmpfs", tmp_path / name, SIZE)))
            (disks[-1].path / "log").mkdir()
        home = tmp_path / "var"
        home.mkdir(mode=0o700)
        checks = "".join(
            f'[[checks]]\nsignal = "disk.used_percent:{disk.path}"\nover = 90\nevery = "1s"\nfor = "0s"\nmargin = 2\n'
            for disk in disks
        )
        (home / "nightshift.toml").write_text(f"[server]\nport = {free_port()}\n{checks}{PEOPLE}")
        fill(disks[0])
        yield Shop(Machine(home, tmp_path / "key"), tmp_path / "screen", (disks[0], disks[1]))


def stopped_between_two_effects(shop: Shop, pid: int, *scope: str) -> int:
    """A person says yes, the run begins, and another process types stop while `up` is between two of its effects."""
    first, _ = shop.disks
    assert shop.machine.type("approvals", "approve", shop.asked_about(first)).returncode == 0
    shop.freeze_between_two_effects(pid, first)
    begun = shop.effects()
    typed = shop.machine.type("stop", *scope)
    assert typed.returncode == 0, typed.stderr
    assert 0 < left(first) < LOGS
    return begun


def test_the_next_effect_does_not_happen_also_after_kill_9_and_only_an_admin_at_the_machine_lets_it_go_on(
    shop: Shop,
) -> None:
    first, second = shop.disks
    with shop.up() as pid:
        begun = stopped_between_two_effects(shop, pid)
        os.kill(pid, signal.SIGCONT)
        shop.until(lambda: shop.endings() == ["handed over"] or None)
        assert (shop.effects(), left(first)) == (begun, LOGS - begun)
    with shop.up():
        assert "everything" in shop.machine.type("status").stdout.lower()
        fill(second)
        asked = shop.asked_about(second)
        assert shop.machine.type("approvals", "approve", asked).returncode == 1
        for account in (KIM, BO):
            answer = json.loads(shop.says(account, "go"))
            assert not answer["ok"], answer
        assert (shop.effects(), left(second)) == (begun, LOGS)
        lifted = shop.machine.type("go")
        assert lifted.returncode == 0, lifted.stderr
        assert shop.machine.type("approvals", "approve", asked).returncode == 0
        shop.until(lambda: shop.endings()[0] == "fixed" or None)
        assert left(second) == 0
    assert shop.machine.type("audit", "verify").returncode == 0


def test_killed_while_it_is_between_two_effects_it_does_not_go_on_and_an_approver_of_the_host_lifts_it(
    shop: Shop,
) -> None:
    first, second = shop.disks
    with shop.up() as pid:
        begun = stopped_between_two_effects(shop, pid, "localhost")
    with shop.up():
        shop.until(lambda: shop.endings() == ["handed over"] or None)
        assert (shop.effects(), left(first)) == (begun, LOGS - begun)
        refused = json.loads(shop.says(KIM, "go localhost"))
        assert (refused["ok"], "approver" in refused["text"]) == (False, True)
        assert "localhost" in shop.machine.type("status").stdout
        lifted = json.loads(shop.says(BO, "go localhost"))
        assert lifted["ok"], lifted
        fill(second)
        approved = json.loads(shop.says(BO, f"approve {shop.asked_about(second)}"))
        assert approved["ok"], approved
        shop.until(lambda: shop.endings()[0] == "fixed" or None)
        assert left(second) == 0
    assert shop.machine.type("audit", "verify").returncode == 0
