"""Nights on a host over SSH under a real `nightshift up`: a person types yes, the line is lost, the key changes, kill -9 in the effect."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from core.recovery import CUT_OFF
from tests.far.far_host import PLACES, FarHost
from tests.nights.test_hosts_for_real import Added, added
from tests.skills.patient import eventually
from tests.source_tree import ROOT

T = TypeVar("T")

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.needs("sshd", "sudo", "visudo", "ssh-keygen", "bwrap")]

NOT_OURS_TO_LEAVE = re.compile(r"python3 -I|nightshift-hand|nightshift-look|sudo|init\.d/shop|sleep 4711")
SLOW_SHOP = """#!/bin/sh
PID=/run/shop.pid
case "$1" in
start) start-stop-daemon --start --background --make-pidfile --pidfile $PID --startas /bin/sleep -- 1000 ;;
restart) echo restart >> /run/restarts; sleep 4711; "$0" start ;;
*) exit 2 ;;
esac
"""


@dataclass
class Night:
    """A far host as added and set up, and an `up` that runs until the end of a block."""

    added: Added
    screen: Path

    @property
    def far(self) -> FarHost:
        return self.added.far

    @contextmanager
    def up(self) -> Iterator[subprocess.Popen[bytes]]:
        """Runs until kill -9 at the end of the block."""
        with self.screen.open("ab") as screen:
            process = subprocess.Popen(
                [sys.executable, "-m", "bot", "up"], env=self.added.machine.environment, cwd=ROOT,
                stdin=subprocess.DEVNULL, stdout=screen, stderr=screen,
            )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def until(self, look: Callable[[], T | None], seconds: float = 60.0) -> T:
        """What is seen in time."""
        deadline = time.monotonic() + seconds
        while not (seen := look()):
            assert time.monotonic() < deadline, self.screen.read_text()[-4000:]
            time.sleep(0.2)
        return seen

    def data(self, *words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.added.type(*words, "--json").stdout or "[]")
        return found

    def until_measured(self) -> None:
        """Two good measurements at least."""
        self.until(lambda: "python3 -I" in " ".join(self.far.commands()))
        time.sleep(1.5)

    def say_yes(self) -> str:
        """A person types it, once it is asked; the incident."""
        (asked,) = self.until(lambda: self.data("approvals"))
        done = self.added.type("approvals", "approve", asked["id"])
        assert done.returncode == 0, done.stderr
        return str(asked["incident"])

    def ended(self, count: int = 1) -> list[dict[str, Any]]:
        """The incidents, once so many are over."""
        self.until(lambda: len([one for one in self.data("incidents") if one["ending"]]) >= count)
        return self.data("incidents")


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    with added(tmp_path) as made:
        made.set_up()
        yield Night(made, tmp_path / "screen")


def test_a_night_over_ssh_is_told_from_the_yes_to_the_report_and_ends_where_its_key_changes(night: Night) -> None:
    with night.up():
        night.until_measured()
        night.added.crash()
        incident = night.say_yes()
        (ended,) = night.ended()
        assert (ended["ending"], night.added.is_running) == ("fixed", True)
        why = night.added.type("why", incident).stdout
        assert f"{incident} web-1: shop is down" in why
        assert "approved by root" in why
        assert "restarted shop through" in why
        assert "ended as: fixed" in why
        assert ended["attempts"][0]["quiet_in_a_row"] == 3
        assert not [line for line in night.far.commands() if line.startswith("sshd: nightshift-hand")]
        night.far.change_host_key()
        night.added.crash()
        changed, _ = night.ended(2)
        assert changed["alert"]["signal"] == "check.unmeasurable:process.down:shop"
        assert "the host key of web-1 has CHANGED" in changed["alert"]["text"]
        assert (
            "I do not act on what I cannot see: the host key of web-1 has CHANGED"
            in night.added.type("why", str(changed["id"])).stdout
        )
        time.sleep(4)  # some more ticks, in which nothing new is said and nobody is asked
        assert (len(night.data("incidents")), night.data("approvals")) == (2, [])
        assert not night.added.is_running
        assert len(night.added.audited("intent")) == 1
    assert "Command: " not in night.screen.read_text()
    assert night.added.type("audit", "verify").returncode == 0


def test_a_host_that_is_down_at_the_start_and_kill_9_in_the_middle_of_a_restart_over_there(night: Night) -> None:
    night.far.write("/etc/init.d/shop", SLOW_SHOP)
    night.far.stop()
    with night.up() as up:
        (blind,) = night.until(lambda: night.data("incidents"))
        assert blind["alert"]["signal"] == "check.unmeasurable:process.down:shop"
        assert re.fullmatch(r"web-1 cannot be reached at 127\.0\.0\.1:\d+: Connection refused", blind["alert"]["text"])
        night.far.start()
        night.until_measured()
        night.added.crash()
        incident = night.say_yes()
        night.until(lambda: "sleep 4711" in night.far.commands())
        up.kill()
    assert eventually(lambda: not [line for line in night.far.commands() if NOT_OURS_TO_LEAVE.search(line)], 8)
    assert "nightshift-" not in night.far.shell(
        f"find {' '.join(PLACES)} -name '.nightshift-*' -o -name 'nightshift-*' -path '/tmp/*'"
    )
    with night.up():
        ended = next(one for one in night.ended(2) if one["id"] == incident)
    assert ended["ending"] == "handed over"
    assert [one["value"] for one in ended["attempts"][0]["measurements"]][-3:] == [1.0] * 3
    assert night.far.shell("cat /run/restarts") == "restart\n", "it was asked for once"
    (outcome,) = night.added.audited("outcome")
    assert outcome["body"]["result"] == CUT_OFF  # type: ignore[index] # JSON
    assert "cut off in the middle" in night.added.type("why", incident).stdout
    assert night.added.type("audit", "verify").returncode == 0
