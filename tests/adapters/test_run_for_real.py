"""Runs with nothing invented: SQLite, bubblewrap, this machine's files; approved, undone, and killed in the middle."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.host.local import LocalHost
from adapters.sandbox.bubblewrap import BubblewrapSandbox
from adapters.store.store import Store
from core.alert import Alert, AlertStatus, Signal
from core.approval import Answer, Approval, Verdict, digest_of, short_id
from core.execution import Executor, Operator
from core.host_change import Change, Changed
from core.inventory import HostEntry, Inventory, Mode
from core.origin import Origin, Value
from core.pause import HOLDING, Pause, PauseKind
from core.proposal import Proposal, Tier
from core.recovery import CUT_OFF
from tests.adapters.interrupted_run import RealClock
from tests.core.run_kit import skill_of
from tests.core.test_execution import CLEAN, GRANTS, FakeCatalog
from tests.fakes.host import FakeHosts
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.seal import FakeSeal

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "var"
    folder.mkdir(mode=0o700)
    opened = Store(f"sqlite:///{folder}/nightshift.db", FakeSeal(), RealClock(), folder)
    yield opened
    opened.close()


@pytest.fixture
def executor(store: Store) -> Iterator[Executor]:
    sandbox, host = BubblewrapSandbox(warm=1), LocalHost(())
    inventory = Inventory((HostEntry("localhost", groups=("here",)),), (("here", Mode.APPROVE),))
    yield Executor(
        hosts=FakeHosts({"localhost": host}),
        sandbox=sandbox,
        catalog=FakeCatalog(skill_of(CLEAN, *GRANTS)),
        effects=store.effects,
        gate=store.gate,
        leases=store.leases,
        blobs=store.blobs,
        audit=store.audit,
        clock=store.clock,
        inventory=inventory,
        operator=Operator(may_approve=lambda person, _host: person == "li"),
    )
    sandbox.close()
    host.close()


def logs_in(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    folder.mkdir()
    for name in ("a.log", "a.log.1", "b.log.1"):
        (folder / name).write_text(name, encoding="ascii")
    return folder


def approved(executor: Executor, store: Store, directory: Path) -> tuple[Approval, int]:
    now = store.clock.now()
    (incident,) = store.intake.take_in(
        (Alert("a1", "localhost", Signal.parse("disk.used_percent:/srv"), "probe", AlertStatus.FIRING, now),), now
    )
    skill = executor.catalog.get("a_skill")
    values = (("directory", Value(str(directory), Origin.TYPED)),)
    shown = executor.rehearse(skill, "localhost", values, incident)
    asks = Proposal(
        incident, 1, skill.name, skill.sha256, "localhost", values, shown.plan, shown.grants, shown.risk, Tier.RULES, ""
    )
    expires = now + timedelta(hours=1)
    digest = digest_of(asks, expires)
    card = Approval(short_id(digest), incident, 1, digest, asks, Answer.ASK1, "line", now, now, expires)
    store.approvals.open(card, ())
    fence = store.leases.take("host:localhost", incident, 60)
    assert fence is not None
    return store.approvals.decide(card.id, Verdict.APPROVED, "li", "", store.clock.now()), fence


@pytest.mark.needs("bwrap")
def test_what_was_approved_happens_on_this_machine_and_is_taken_back(
    executor: Executor, store: Store, tmp_path: Path
) -> None:
    logs = logs_in(tmp_path)
    approval, fence = approved(executor, store, logs)
    done = executor.execute(approval, approval.id, fence)
    assert (done.error, done.ok, done.effects, done.undoable) == ("", True, 2, 2)
    assert [path.name for path in logs.iterdir()] == ["a.log"]
    back = executor.undo(approval.id, approval.incident, approval.id, fence)
    assert (back.error, back.ok) == ("", True)
    assert {path.name: path.read_text(encoding="ascii") for path in logs.iterdir()} == {
        name: name for name in ("a.log", "a.log.1", "b.log.1")
    }
    assert store.audit.verify().problem == ""


@pytest.mark.needs("bwrap")
def test_a_yes_of_before_does_nothing_on_a_machine_where_stop_was_said(
    executor: Executor, store: Store, tmp_path: Path
) -> None:
    logs = logs_in(tmp_path)
    approval, fence = approved(executor, store, logs)
    store.gate.stop("all", "li", store.clock.now())
    done = executor.execute(approval, approval.id, fence)
    assert done.error.startswith("StoppedError")
    assert len(list(logs.iterdir())) == 3


class TalkedToHost(LocalHost):
    """This machine, where a person says something after the first effect."""

    def __init__(self, say: Callable[[], object]) -> None:
        super().__init__(())
        self._say = say

    def change(self, change: Change) -> Changed:
        """See `core.ports.Host`."""
        changed = super().change(change)
        self._say()
        return changed


@pytest.mark.needs("bwrap")
@pytest.mark.parametrize("kind", sorted(HOLDING))
@pytest.mark.parametrize("scope", ["host:localhost", "group:here", "all"])
def test_a_word_between_two_effects_ends_the_run_before_the_second(
    executor: Executor, store: Store, tmp_path: Path, kind: PauseKind, scope: str
) -> None:
    logs, now = logs_in(tmp_path), store.clock.now()
    pause = Pause("P1", kind, scope, "bo", now, now + timedelta(hours=1))
    host = TalkedToHost(lambda: store.pauses.put(pause, "bo", now))
    talked_to = replace(executor, hosts=FakeHosts({"localhost": host}))
    approval, fence = approved(executor, store, logs)
    done = talked_to.execute(approval, approval.id, fence)
    host.close()
    assert (done.error, done.effects) == (f"StoppedError: stopped: {scope}, by bo: {kind}", 1)
    assert len(list(logs.iterdir())) == 2
    assert talked_to.undo(approval.id, approval.incident, approval.id, fence).error.startswith("StoppedError")


def until(is_so: Callable[[], bool]) -> bool:
    tries = itertools.count()
    while not (found := is_so()) and next(tries) < 200:
        threading.Event().wait(0.1)
    return found


def test_after_kill_9_in_an_effect_its_process_is_gone_and_its_outcome_unknown(store: Store, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "tests.adapters.interrupted_run", str(tmp_path / "var")]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL) as process:
        assert until(lambda: any(row.pid for row in store.effects.unfinished()))
        (row,) = store.effects.unfinished()
        process.send_signal(signal.SIGKILL)
    host = LocalHost(())
    executor = Executor(
        hosts=FakeHosts({"localhost": host}),
        sandbox=FakeSandbox(),
        catalog=FakeCatalog(skill_of(CLEAN, *GRANTS)),
        effects=store.effects,
        gate=store.gate,
        leases=store.leases,
        blobs=store.blobs,
        audit=store.audit,
        clock=store.clock,
        inventory=Inventory(()),
    )
    assert [one.action for one in executor.recover()] == [row.action]
    assert not any((p.pid, p.started) == (row.pid, row.start) for p in host.processes())
    host.close()
    (closed,) = store.effects.of_run("r1")
    assert (closed.ok, closed.result, closed.effect) == (False, CUT_OFF, "exec /usr/bin/sleep 300")
