"""A process for `test_rollback_timer.py`: an approved run that changes the network of a patient, with nothing but the skill invented."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from adapters.clock_system import SystemClock
from adapters.host.kept_child import KeptChildren
from adapters.host.namespace import Holder, NamespaceHost
from adapters.host.rollback_timer import HostRollbackTimer
from adapters.patient import layout
from adapters.probe.served import MODULE, ServedProbe
from adapters.store.store import Store
from core.alert import Alert, AlertStatus, Signal
from core.approval import Answer, Approval, Verdict, digest_of, short_id
from core.check import Check
from core.confirmed_commit import Network
from core.execution import Executor, Operator
from core.inventory import HostEntry, Inventory, Mode
from core.proposal import Proposal, Tier
from tests.core.run_kit import skill_of
from tests.core.test_execution import FakeCatalog
from tests.fakes.host import FakeHosts
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.seal import FakeSeal

GUARDED = Check(Signal.parse(f"http.failed:http://{layout.PAYMENTS}/"), layout.NAME, over=0)
"""The path we need."""


@contextmanager
def executor_of(store: Store, folder: Path, holder: tuple[int, int], line: str) -> Iterator[Executor]:
    """Hands on the patient for a skill that runs one line."""
    host = NamespaceHost(*holder)
    children = KeptChildren(Holder(*holder), MODULE)
    timer = HostRollbackTimer({layout.NAME: host.enter}, folder / "rollback")
    body = f"def run(host: Host) -> Outcome:\n    host.run({line.split()!r})\n    return Outcome(True, 'done')\n"
    try:
        yield Executor(
            hosts=FakeHosts({layout.NAME: host}),
            sandbox=FakeSandbox(),
            catalog=FakeCatalog(skill_of(body, f"exec:{line}")),
            effects=store.effects,
            gate=store.gate,
            leases=store.leases,
            blobs=store.blobs,
            audit=store.audit,
            clock=store.clock,
            inventory=Inventory((HostEntry(layout.NAME, "namespace", ("here",)),), (("here", Mode.APPROVE),)),
            operator=Operator(may_approve=lambda _person, _host: True),
            network=Network(timer, ServedProbe(children.ask, SystemClock()), lambda: (GUARDED,), frozenset),
        )
    finally:
        timer.close()
        children.close()
        host.close()


def approved(executor: Executor, store: Store) -> tuple[Approval, int]:
    """Two people say yes to the one line."""
    now = store.clock.now()
    alert = Alert("a1", layout.NAME, Signal.parse("tcp.failed:10.8.0.5:5432"), "probe", AlertStatus.FIRING, now)
    (incident,) = store.intake.take_in((alert,), now)
    skill = executor.catalog.get("a_skill")
    shown = executor.rehearse(skill, layout.NAME, (), incident)
    asks = Proposal(
        incident, 1, skill.name, skill.sha256, layout.NAME, (), shown.plan, shown.grants, shown.risk, Tier.RULES, ""
    )
    expires = now + timedelta(hours=1)
    digest = digest_of(asks, expires)
    card = Approval(short_id(digest), incident, 1, digest, asks, Answer.ASK2, "line", now, now, expires)
    store.approvals.open(card, ())
    store.approvals.decide(card.id, Verdict.APPROVED, "li", "", store.clock.now())
    fence = store.leases.take(f"host:{layout.NAME}", incident, 300)
    assert fence is not None
    return store.approvals.decide(card.id, Verdict.APPROVED, "bo", "", store.clock.now()), fence


def open_store(folder: Path) -> Store:
    """The rows of this test."""
    return Store(f"sqlite:///{folder}/nightshift.db", FakeSeal(), SystemClock(), folder)


def main(folder: str, pid: str, started: str, line: str) -> None:
    """Runs the line as approved, and says how it ended."""
    store = open_store(Path(folder))
    with executor_of(store, Path(folder), (int(pid), int(started)), line) as executor:
        approval, fence = approved(executor, store)
        outcome = executor.execute(approval, approval.id, fence)
    store.close()
    sys.stdout.write(f"{outcome.error or 'kept'}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
