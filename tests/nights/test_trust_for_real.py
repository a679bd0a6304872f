"""Must show 1, 2 and 5 with real processes: only observed, five times the same fault, and what keeps coming back."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

import pytest

from adapters.patient import layout
from adapters.patient.patient import Patient
from adapters.probe.served import ServedProbe
from bot.wiring import SKILLS, open_catalog_at
from core.alert import Signal
from core.approval import Approval, Verdict
from core.check import Check
from core.execution import Operator
from core.incident import Ending
from core.inventory import HostEntry, Inventory, Mode
from core.proposal import Tier
from tests.bench.up_child import free_port
from tests.bot.machine import Machine
from tests.fakes.engine import FakeEngine
from tests.fakes.host import FakeHosts
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.store import FakeStore
from tests.full_disk import MIB, small_disk
from tests.nights.composition import World, compose
from tests.patient_kit import host_of, probe_of, running_patient
from tests.source_tree import ROOT

T = TypeVar("T")

pytestmark = [pytest.mark.slow, pytest.mark.needs("bwrap")]

SIZE, LOGS = 32 * MIB, 4
PIECE = SIZE * 95 // 100 // LOGS
ALONE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
"""With processes of its own: those of this machine may forbid even root to look into them."""
SERVE = """
import http.server, os, sys, threading, time
port, log = int(sys.argv[1]), open(sys.argv[2], "ab", buffering=0)
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
try:
    while True:
        log.write(b"l" * 4096)
        time.sleep(0.05)
except OSError:
    os._exit(1)
"""
"""A shop that ends when it cannot write its log."""


# ---- a machine of which one disk is full --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Night:
    """A real `nightshift up` over one small disk."""

    machine: Machine
    screen: Path
    disk: Path

    @contextmanager
    def up(self) -> Iterator[None]:
        """Runs until the end of the block."""
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
            yield
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def until(self, look: Callable[[], T | None], seconds: float = 90.0) -> T:
        """What is seen in time."""
        deadline = time.monotonic() + seconds
        while (seen := look()) is None:
            assert time.monotonic() < deadline, self.screen.read_text()[-4000:]
            time.sleep(0.1)
        return seen

    def listed(self, *words: str) -> list[dict[str, str]]:
        """What a listing command says."""
        found: list[dict[str, str]] = json.loads(self.machine.type(*words, "--json").stdout or "[]")
        return found

    def endings(self) -> list[str]:
        """How each incident ended, the oldest first; '' for one that is open."""
        return [one["ending"] or "" for one in self.listed("incidents")][::-1]

    def say_yes(self) -> None:
        """To the one question, once it is asked."""
        (asked, *others) = self.until(lambda: self.listed("approvals") or None)
        assert not others
        assert self.machine.type("approvals", "approve", asked["id"]).returncode == 0

    def rows(self, table: str) -> int:
        """How many there are."""
        with sqlite3.connect(f"file:{self.machine.home}/nightshift.db?mode=ro", uri=True) as rows:
            return int(rows.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def fill(self) -> None:
        """Rotated logs take nearly all of it."""
        for number in range(1, LOGS + 1):
            (self.disk / "log" / f"app.log.{number}").write_bytes(b"l" * PIECE)

    @property
    def logs(self) -> int:
        """How many of them are there."""
        return len(list((self.disk / "log").glob("app.log.*")))


@dataclass
class Phone:
    """A push service on this machine; it keeps what it was sent."""

    titles: list[str] = field(default_factory=list)
    port: int = 0

    @contextmanager
    def listening(self) -> Iterator[Phone]:
        """While it takes pages."""
        titles = self.titles

        class Take(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                titles.append(json.loads(body)["title"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
        self.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


@contextmanager
def a_night(folder: Path, mode: str, signals: tuple[str, ...] = (), phone: int = 0) -> Iterator[Night]:
    """Its checks are bad at once: the share of the disk that is used, and further ones that are bad when they are 1."""
    with small_disk("tmpfs", folder, SIZE) as disk:
        (disk.path / "log").mkdir()
        home = folder / "var"
        home.mkdir(mode=0o700)
        often = 'every = "1s"\nfor = "0s"\n'
        checks = f'[[checks]]\nsignal = "disk.used_percent:{disk.path}"\nover = 90\nmargin = 2\n{often}'
        checks += "".join(f'[[checks]]\nsignal = "{one}"\nover = 0\n{often}' for one in signals)
        here = f'[hosts.localhost]\nreach = "local"\ngroups = ["shop"]\n[groups.shop]\nmode = "{mode}"\n'
        me = f'[people.li]\nroles = ["approver"]\nos = {os.geteuid()}\npager = ["env:LI"]\n' if phone else ""
        (home / "nightshift.toml").write_text(f"[server]\nport = {free_port()}\n{here}{me}{checks}")
        (home / ".env").write_text(f"LI=json://127.0.0.1:{phone}/\n" if phone else "")
        (home / ".env").chmod(0o600)
        yield Night(Machine(home, folder / "key"), folder / "screen", disk.path)


@pytest.mark.root
def test_a_group_that_is_only_observed_is_not_touched_and_the_morning_says_what_would_have_been_done(
    tmp_path: Path,
) -> None:
    with a_night(tmp_path, "observe") as night:
        night.fill()
        with night.up():
            night.until(lambda: night.endings() == ["handed over"] or None)
            morning = night.machine.type("digest").stdout
            assert "Would have (observed only) 1: free_rotated_logs on localhost" in morning
            assert night.machine.type("approvals").stdout == "None.\n"
        assert (night.logs, night.rows("ns_effect"), night.rows("ns_attempt")) == (LOGS, 0, 0)


@pytest.mark.root
def test_what_keeps_coming_back_is_repaired_three_times_and_then_somebody_is_paged(tmp_path: Path) -> None:
    with Phone().listening() as phone, a_night(tmp_path, "approve", phone=phone.port) as night, night.up():
        for done in range(1, 4):
            night.fill()
            night.say_yes()
            night.until(lambda done=done: night.endings() == ["fixed"] * done or None)  # type: ignore[misc]
            assert night.logs == 0
        assert phone.titles == []
        night.fill()
        night.until(lambda: phone.titles or None)
        assert [title.rpartition(" - ")[2] for title in phone.titles] == ["keeps coming back"]
        time.sleep(10)  # long enough for a second card, if there were one
        assert night.endings() == ["fixed", "fixed", "fixed", "handed over"]
        assert (night.logs, len(phone.titles)) == (LOGS, 1)


@pytest.mark.root
def test_five_alarms_of_one_full_disk_are_one_question(tmp_path: Path) -> None:
    port = free_port()
    signals = (
        f"tcp.failed:127.0.0.1:{port}",
        f"http.failed:http://127.0.0.1:{port}/",
        "process.down:served_orders",
        "process.down:served_stock",
    )
    with a_night(tmp_path, "approve", signals) as night, ExitStack() as shops:
        for name, own in (("served_orders", port), ("served_stock", free_port())):
            command = ["-c", f"exec -a {name} {sys.executable} -c '{SERVE}' {own} {night.disk}/{name}.log"]
            shop = subprocess.Popen(["/bin/bash", *command], cwd=night.disk)
            shops.callback(shop.wait)
            shops.callback(shop.kill)
        night.until(lambda: (night.disk / "served_stock.log").exists() or None)
        night.fill()
        with night.up():
            night.until(lambda: night.listed("approvals") or None)
            night.until(lambda: len(night.listed("incidents")) == 1 + len(signals) or None)
            (asked,) = night.listed("approvals")
            lead = asked["incident"]
            assert {one["lead"] for one in night.listed("incidents")} == {"", lead}
            assert [one["id"] for one in night.listed("incidents") if not one["lead"]] == [lead]


# ---- one fault, five times ----------------------------------------------------------------------------------------------------------

DOWN = Check(Signal.parse(f"process.down:{layout.SERVICE}"), layout.NAME, over=0, every=10)


@dataclass
class Shop:
    """A shop with real processes on a host of its own; only the hours between its crashes are not real."""

    patient: Patient
    hosts: FakeHosts
    probe: ServedProbe

    def __post_init__(self) -> None:
        self.store = FakeStore()
        inventory = Inventory((HostEntry(layout.NAME, "namespace"),), ((layout.NAME, Mode.APPROVE),))
        operator = Operator(may_approve=lambda _person, _host: True)
        world = World(self.hosts, self.probe, (DOWN,), inventory, open_catalog_at(SKILLS), FakeSandbox(), operator)
        self.team = compose(self.store, world)
        self.engine = FakeEngine(self.store, self.team.plays)

    @property
    def is_down(self) -> bool:
        """Measured on the host itself."""
        return bool(self.probe.measure(layout.NAME, DOWN.signal).value)

    def pulses(self, count: int) -> None:
        """What the running house does again and again."""
        for _ in range(count):
            self.store.clock.advance(10)
            self.team.night_watch.tick((DOWN,))
            self.team.watch.tick()
            self.engine.wait_idle(0)

    def crash(self) -> Approval:
        """An hour later it crashes: how that was decided."""
        self.store.clock.advance(3700)
        self.pulses(2)
        self.patient.crash()
        self._await(is_down=True)
        self.pulses(3)
        (incident,) = self.store.incidents.incidents(only_open=False, limit=1)
        return self.store.history.approvals(incident.id)[-1]

    def _await(self, *, is_down: bool) -> None:
        """What processes do takes its own time."""
        deadline = time.monotonic() + 20
        while self.is_down is not is_down:
            assert time.monotonic() < deadline, f"it stays as it is: {self.store.shelf.reports}"

    def ending(self, asked: Approval) -> Ending | None:
        """How it ended, after it was measured for a while."""
        self.engine.wait_idle(0)
        self._await(is_down=False)
        self.pulses(8)
        return self.store.incidents.load(asked.incident).ending


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_patient(tmp_path) as patient, host_of(patient) as host, probe_of(patient) as probe:
        yield Shop(patient, FakeHosts({layout.NAME: host}), probe)


def test_a_shop_that_crashes_five_times_is_asked_about_until_an_order_stands_and_again_after_a_wrong_fix(
    shop: Shop,
) -> None:
    tiers, born_of = [], ""
    for _ in range(3):
        asked = shop.crash()
        assert asked.proposal is not None
        assert (asked.verdict, shop.is_down) == (Verdict.PENDING, True)
        tiers.append(asked.proposal.tier)
        born_of = asked.incident
        shop.store.approvals.decide(asked.id, Verdict.APPROVED, "li", "", shop.store.clock.now())
        assert (shop.ending(asked), shop.is_down) == (Ending.FIXED, False)
    assert tiers == [Tier.RULES, Tier.MEMORY, Tier.MEMORY]
    trust = shop.team.trust
    order = trust.orders.put(trust.birth.draft(born_of, "li"), is_for_others=True)
    trust.orders.confirm(order.id, "bo")

    alone = shop.crash()
    assert (alone.verdict, alone.order) == (Verdict.APPROVED, order.id)
    assert (shop.ending(alone), shop.is_down) == (Ending.FIXED, False)
    trust.orders.wrong(shop.store.incidents.load(alone.incident), "li")

    again = shop.crash()
    assert (again.verdict, again.order, shop.is_down) == (Verdict.PENDING, "", True)
