"""From a typed stop to the last effect of ten repairs that are under way: real rows, real sandbox, real files of ours."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from adapters.clock_system import SystemClock
from adapters.host.directory import HostDirectory
from adapters.host.local import LocalHost
from adapters.key_file import open_key
from adapters.sandbox.bubblewrap import BubblewrapSandbox
from adapters.skill_catalog_files import FileCatalog, lock_text
from adapters.store.store import Store
from core.alert import Alert, AlertStatus, Signal
from core.approval import Answer, Approval, Verdict, digest_of, short_id
from core.execution import Executor, Operator
from core.host_change import Change, Changed
from core.incident import Outcome
from core.inventory import HostEntry, Inventory, Mode
from core.origin import Origin, Value
from core.proposal import Proposal, Tier
from tests.bench.figure import Figure, milliseconds
from tests.bench.places import fresh_home

RUNS, EFFECTS, TIMES = 10, 60, 10
GROUP = "measured"
UNDER_WAY = 3
"""Effects that each run has had before the stop is typed."""
LONGEST = 60.0

_SKILL = '''# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 60
# settles = 0
# cures = ["disk.used_percent"]
# when = []
# capabilities = ["fs.list:{directory}", "fs.delete:{directory}/*;rotated"]
# triggers = ["bench", "测量"]
# ///
"""Deletes rotated logs, one effect each."""

from __future__ import annotations

from core.skill import Host, Outcome


def run(host: Host, directory: str) -> Outcome:
    files = host.list(directory)
    for file in files:
        host.delete(file.path)
    return Outcome(ok=True, summary="deleted them", facts={"files": len(files)})


CASES = [{"name": "deletes", "params": {"directory": "/srv/log"}, "expect": {"ok": True}}]
'''


class TimedHost(LocalHost):
    """This machine; notes when each effect was over."""

    def __init__(self) -> None:
        super().__init__(())
        self.changed: list[float] = []

    def change(self, change: Change) -> Changed:
        """See `core.ports.Host`."""
        done = super().change(change)
        self.changed.append(time.perf_counter())
        return done


@dataclass(frozen=True, slots=True)
class Site:
    """Ten names of this machine, each with a folder of rotated logs."""

    store: Store
    executor: Executor
    hosts: dict[str, TimedHost]
    place: Path

    def approved(self, name: str) -> tuple[Approval, int]:
        """A repair that a person said yes to."""
        folder, store = self.place / name, self.store
        folder.mkdir()
        for number in range(EFFECTS):
            (folder / f"app.log.{number}").write_bytes(b"x")
        now = store.clock.now()
        signal = Signal("disk", "used_percent", str(folder))
        (incident,) = store.intake.take_in((Alert(name, name, signal, "probe", AlertStatus.FIRING, now),), now)
        skill = self.executor.catalog.get("clear_many")
        values = (("directory", Value(str(folder), Origin.TYPED)),)
        shown = self.executor.rehearse(skill, name, values, incident)
        asks = Proposal(
            incident, 1, skill.name, skill.sha256, name, values, shown.plan, shown.grants, shown.risk, Tier.RULES, ""
        )
        expires = now + timedelta(hours=1)
        digest = digest_of(asks, expires)
        card = Approval(short_id(digest), incident, 1, digest, asks, Answer.ASK1, "bench", now, now, expires)
        store.approvals.open(card, ())
        fence = store.leases.take(f"host:{name}", incident, 60)
        if fence is None:
            raise TimeoutError(f"host {name} is not free")
        return store.approvals.decide(card.id, Verdict.APPROVED, "bench", "", store.clock.now()), fence

    def stop(self) -> float:
        """Seconds from the typed stop, its own commit included, to the end of the last effect."""
        ready = {name: self.approved(name) for name in self.hosts}
        for host in self.hosts.values():
            host.changed.clear()
        with ThreadPoolExecutor(RUNS) as pool:
            runs = [pool.submit(self.executor.execute, one, one.id, fence) for one, fence in ready.values()]
            self._await_effects()
            began = time.perf_counter()
            self.store.gate.stop("all", "bench", self.store.clock.now())
            ended = [run.result(LONGEST) for run in runs]
        self._require_stopped(ended)
        return max(max(host.changed) for host in self.hosts.values()) - began

    def _await_effects(self) -> None:
        until = time.monotonic() + LONGEST
        while any(len(host.changed) < UNDER_WAY for host in self.hosts.values()):
            if time.monotonic() > until:
                raise TimeoutError("ten runs did not begin")
            threading.Event().wait(0.002)

    @staticmethod
    def _require_stopped(ended: list[Outcome]) -> None:
        if wrong := [one.error for one in ended if not one.error.startswith("StoppedError")]:
            raise AssertionError(f"a run was not stopped but ended as {wrong[0] or 'done'}")


@contextmanager
def site() -> Iterator[Site]:
    """All of it in a fresh folder."""
    with fresh_home() as home:
        store = Store(f"sqlite:///{home}/nightshift.db", open_key(os.environ, home), SystemClock(), home)
        skills = home.parent / "skills"
        (skills / "bench").mkdir(parents=True)
        (skills / "bench" / "clear_many.py").write_text(_SKILL)
        (skills / "skills.lock").write_text(lock_text(skills))
        hosts = {f"bench-{number}": TimedHost() for number in range(RUNS)}
        entries = tuple(HostEntry(name, "local", (GROUP,)) for name in hosts)
        sandbox = BubblewrapSandbox(warm=RUNS)
        executor = Executor(
            hosts=HostDirectory(hosts),
            sandbox=sandbox,
            catalog=FileCatalog(skills, skills / "skills.lock"),
            effects=store.effects,
            gate=store.gate,
            leases=store.leases,
            blobs=store.blobs,
            audit=store.audit,
            clock=store.clock,
            inventory=Inventory(entries, ((GROUP, Mode.APPROVE),)),
            operator=Operator(may_approve=lambda _person, _host: True),
        )
        try:
            yield Site(store, executor, hosts, home.parent)
        finally:
            sandbox.close()
            for host in hosts.values():
                host.close()
            store.close()


def _stopped() -> float:
    with site() as at:
        return at.stop()


def figures() -> Iterator[Figure]:
    """Ten stops, each in a fresh house while ten repairs are in the middle of sixty effects."""
    yield Figure(2, "stop.to_no_further_effect", "ms", 1000, milliseconds([_stopped() for _ in range(TIMES)]))
