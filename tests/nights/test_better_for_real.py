"""Real processes: a repair that silences its signal by stopping the service that somebody needs ends as WORSE, undone (TRUST 4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.patient import layout
from adapters.patient.patient import Patient
from core.alert import Signal
from core.approval import Verdict
from core.check import Check
from core.execution import Operator
from core.incident import Ending
from core.inventory import HostEntry, Inventory, Mode
from tests.fakes.catalog import FakeCatalog
from tests.fakes.engine import FakeEngine
from tests.fakes.host import FakeHosts
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.store import FakeStore
from tests.nights.composition import World, compose
from tests.nights.remedies import skill
from tests.patient_kit import host_of, probe_of, running_patient

FULL = Check(Signal.parse(f"disk.used_percent:{layout.MOUNT}"), layout.NAME, over=80, every=10)
OPEN = Check(Signal.parse(f"http.failed:{layout.URL}"), layout.NAME, over=0, every=10, lasting=300)
STOPS = 'host.service("shop").stop()\nreturn Outcome(ok=True, summary="the disk has room again")'


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Patient]:
    with running_patient(tmp_path) as made:
        yield made


@pytest.mark.needs("bwrap")
def test_a_disk_that_has_room_again_because_the_shop_was_stopped_is_worse_and_the_shop_is_started(
    patient: Patient,
) -> None:
    with host_of(patient) as host, probe_of(patient) as probe:
        store, checks = FakeStore(), (FULL, OPEN)
        inventory = Inventory((HostEntry(layout.NAME, "namespace"),), ((layout.NAME, Mode.APPROVE),))
        operator = Operator(may_approve=lambda _person, _host: True)
        catalog = FakeCatalog(skill("stops_the_shop", STOPS, "service.stop:shop", risk="high"))
        hosts = FakeHosts({layout.NAME: host})
        team = compose(store, World(hosts, probe, checks, inventory, catalog, FakeSandbox(), operator))
        engine = FakeEngine(store, team.plays)

        def pulses(count: int) -> None:
            for _ in range(count):
                store.clock.advance(10)
                team.night_watch.tick(checks)
                team.watch.tick()
                engine.wait_idle(0)

        def values() -> list[bool]:
            return [check.is_bad(probe.measure(check.host, check.signal).value) for check in checks]

        pulses(1)
        patient.fill_disk()
        assert values() == [True, False]
        pulses(1)
        for name in ("li", "bo"):
            (asked,) = store.approvals.pending()
            store.approvals.decide(asked.id, Verdict.APPROVED, name, "", store.clock.now())
        engine.wait_idle(0)
        assert values() == [False, True]
        pulses(8)
        (report,) = store.shelf.reports.values()
        assert (report.ending, report.tried) == (Ending.WORSE, ("stops_the_shop: worse",))
        assert [action.text.partition(" (undone")[0] for action in report.actions] == ["service.stop shop"]
        assert values() == [False, False]
