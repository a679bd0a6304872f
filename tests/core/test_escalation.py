"""Who is woken for many troubles at once, and that a tick is as good as a thousand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.alert import Severity
from core.approval import Verdict
from core.escalation import Escalation, Ladder, Rows
from core.incident import Ending
from core.inventory import Inventory
from core.on_call import Schedule
from tests.contracts.nouns import alert, approval, report
from tests.fakes.clock import FakeClock
from tests.fakes.pager import FakePager
from tests.fakes.store import FakeStore


def escalation_of(store: FakeStore) -> Escalation:
    rows = Rows(store.incidents, store.approvals, store.history, store.pages, store.pauses, store.gate, store.outbox)
    pager = FakePager(store.clock, "li")
    ladder = Ladder(pager, lambda: Schedule(("li",), days=0, zone="UTC"), lambda one, why: f"{one.host}: {why}")
    return Escalation(rows, ladder, Inventory(()))


def severe(store: FakeStore, count: int, **changes: str) -> None:
    now = store.clock.now()
    alerts = [replace(alert(f"a{n}", now, host=f"web-{n}"), severity=Severity.PAGE) for n in range(count)]
    for name in store.intake.take_in(alerts, now):
        store.shelf.incidents[name] = replace(store.shelf.incidents[name], **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("count", "changes"), [(300, {"storm": "STORM1"}), (10, {"lead": "abc123", "storm": ""})])
def test_a_storm_is_one_page_and_so_is_a_deeper_cause(count: int, changes: dict[str, str]) -> None:
    store = FakeStore(FakeClock())
    severe(store, count, **changes)
    escalation_of(store).tick(store.clock.now())
    assert [page.incident for page in store.shelf.pages.values()] == [next(iter(changes.values()))]


def test_ticks_of_many_processes_wake_nobody_twice() -> None:
    store = FakeStore(FakeClock())
    severe(store, 2)
    for _ in range(50):
        escalation_of(store).tick(store.clock.now())
    assert len(store.shelf.pages) == 2


def test_a_list_of_pauses_that_was_changed_by_somebody_silences_nothing() -> None:
    store = FakeStore(FakeClock())
    severe(store, 1)
    store.shelf.broken.add("list of every pause")
    escalation_of(store).tick(store.clock.now())
    assert len(store.shelf.pages) == 1


def test_a_list_of_stops_that_was_changed_by_somebody_is_nobodys_answer() -> None:
    store = FakeStore(FakeClock())
    severe(store, 1)
    store.shelf.broken.add("stop list")
    escalation_of(store).tick(store.clock.now())
    assert len(store.shelf.pages) == 1


def test_an_end_whose_incident_was_changed_keeps_no_other_from_being_told() -> None:
    store = FakeStore(FakeClock())
    severe(store, 2)
    now = store.clock.now()
    for name in list(store.shelf.incidents):
        store.incidents.close(replace(report(name, now), ending=Ending.EXPIRED), (), ())
    gone = next(iter(store.shelf.incidents))
    store.shelf.broken.add(f"incident {gone}")
    escalation_of(store).tick(now)
    assert [page.incident for page in store.shelf.pages.values()] == [
        name for name in store.shelf.incidents if name != gone
    ]


@pytest.mark.parametrize("by", ["grouping", "settings", "POST by ci", "policy", "clock"])
def test_what_nobody_said_is_no_answer(by: str) -> None:
    store = FakeStore(FakeClock())
    severe(store, 1)
    now = store.clock.now()
    asked = approval(next(iter(store.shelf.incidents)), now)
    store.shelf.approvals[asked.id] = replace(asked, verdict=Verdict.HELD, by=(by,), decided=now)
    escalation_of(store).tick(now)
    assert len(store.shelf.pages) == 1
