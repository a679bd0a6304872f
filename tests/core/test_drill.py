"""The drill: once a week, by day, never into an emergency; and it is noticed when nobody answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.alert import Severity
from core.drill import Drill, DrillTime, DrillWords
from core.on_call import Schedule
from core.page import PageReason
from core.pause import Pause, PauseKind
from tests.contracts.nouns import alert
from tests.fakes.clock import FakeClock
from tests.fakes.pager import FakePager
from tests.fakes.store import FakeStore

TUESDAY = datetime(2026, 3, 10, 10, 59, tzinfo=UTC)
WEDNESDAY = datetime(2026, 3, 11, 11, 0, tzinfo=UTC)


class Week:
    """Minutes of a week, each with a tick; `again` is a process that was killed and began anew."""

    def __init__(self, at: datetime, *people: str) -> None:
        self.store = FakeStore(FakeClock(at))
        self.pager = FakePager(self.store.clock, *people)
        self.drill = self.again()

    def again(self) -> Drill:
        schedule = Schedule(("li", "bo"), days=0, zone="UTC")
        words = DrillWords(lambda name: f"DRILL, type ack {name}", lambda page: f"{page.person} sleeps")
        store, held = self.store, (lambda: schedule, DrillTime(), words)
        return Drill(store.incidents, store.pages, store.pauses, store.outbox, self.pager, held)

    def pass_time(self, minutes: int) -> None:
        for _ in range(minutes):
            self.drill = self.again()
            self.drill.tick(self.store.clock.now())
            self.store.clock.advance(60)

    @property
    def pages(self) -> list[tuple[datetime, str, str]]:
        return [(one.due, one.person, one.incident) for one in self.store.shelf.pages.values()]

    @property
    def said(self) -> list[str]:
        return [item.card.text for item in self.store.shelf.outbox.values()]


def test_once_a_week_who_is_on_call_gets_a_marked_page_however_often_we_are_killed() -> None:
    week = Week(TUESDAY, "li")
    week.pass_time(14 * 24 * 60)
    assert week.pages == [
        (WEDNESDAY, "li", "DRILL-2026W11"),
        (WEDNESDAY + timedelta(days=7), "li", "DRILL-2026W12"),
    ]
    (first, _) = week.store.shelf.pages.values()
    assert (first.reason, "DRILL" in first.line) == (PageReason.DRILL, True)
    assert week.said == ["li sleeps", "li sleeps"]


def test_an_answer_is_noted_and_nothing_is_said() -> None:
    week = Week(WEDNESDAY, "li")
    week.pass_time(3)
    now = week.store.clock.now()
    week.store.pauses.put(Pause("P1", PauseKind.ACK, "incident:DRILL-2026W11", "li", now), "li", now)
    week.pass_time(60)
    (page,) = week.store.shelf.pages.values()
    assert (page.acknowledged_by, week.said) == ("li", [])
    assert not week.store.pauses.all()[0].is_on(now)


@pytest.mark.parametrize("late", [timedelta(hours=3), timedelta(days=5)])
def test_one_that_was_missed_is_not_held_at_night(late: timedelta) -> None:
    week = Week(WEDNESDAY + late, "li")
    week.pass_time(30)
    assert week.pages == []


def test_it_waits_while_something_severe_is_open_and_then_comes() -> None:
    week = Week(WEDNESDAY, "li")
    severe = replace(alert("a1", WEDNESDAY), severity=Severity.PAGE)
    (incident,) = week.store.intake.take_in((severe,), WEDNESDAY)
    week.pass_time(30)
    assert week.pages == []
    week.store.shelf.incidents[incident] = replace(week.store.shelf.incidents[incident], closed=WEDNESDAY)
    week.store.shelf.open_keys.clear()
    week.pass_time(2)
    assert [person for _, person, _ in week.pages] == ["li"]


def test_where_nothing_can_wake_anybody_there_is_nothing_to_try() -> None:
    week = Week(WEDNESDAY)
    week.pass_time(30)
    assert week.pages == []
