"""The weekly drill: a marked test page to whoever is on call, so that a pager that is broken is found by day (TRUST 7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from core.alert import Severity
from core.card import Card, CardKind
from core.errors import TamperedError
from core.on_call import Schedule
from core.page import Page, PageReason
from core.pause import Pause
from core.people_ports import PageLog, Pager, Standing
from core.ports import IncidentLog, Outbox

PATIENCE = timedelta(minutes=10)
"""Who has not answered a drill by then would not have been woken."""
LATEST = timedelta(hours=2)
"""A drill that cannot be held within this long of its hour waits for the next week."""
MOST_OPEN = 1000
_ID = re.compile(r"DRILL-\d{4}W\d{2}")


@dataclass(frozen=True, slots=True)
class DrillTime:
    """When it is held: `weekday` counts from Monday 0; by the wall clock of the schedule."""

    weekday: int = 2
    hour: time = time(11, 0)


@dataclass(frozen=True, slots=True)
class DrillWords:
    """What it says: on the phone, given its id; and in chat where nobody answered, or nothing could wake who is on call."""

    line: Callable[[str], str]
    silent: Callable[[Page], str]


class Drill:
    """One page a week; its id is the week, so that it is held once, whenever we were killed."""

    def __init__(
        self,
        log: IncidentLog,
        pages: PageLog,
        pauses: Standing[Pause],
        outbox: Outbox,
        pager: Pager,
        held: tuple[Callable[[], Schedule], DrillTime, DrillWords],
    ) -> None:
        self._log, self._pages, self._pauses, self._outbox, self._pager = log, pages, pauses, outbox, pager
        self._schedule, self._time, self._words = held
        self._said: set[str] = set()

    def tick(self, now: datetime) -> None:
        """Sends this week's, notes who has answered it, says so where nobody has."""
        began = self._began(now)
        name = drill_id(self._schedule().local(began))
        pages = self._pages.of(name)
        if pages:
            self._follow(pages[0], now)
        elif now < began + LATEST and self._can_be_held(now):
            person = self._schedule().at(now)
            page = Page(f"{name}:{PageReason.DRILL}:0", name, PageReason.DRILL, person, self._words.line(name), 0, now)
            self._pages.put(page)

    def _began(self, now: datetime) -> datetime:
        """The last time at which it should have been held."""
        schedule = self._schedule()
        today = schedule.local(now).replace(tzinfo=None)
        day = today.date() - timedelta(days=(today.weekday() - self._time.weekday) % 7)
        wall = datetime.combine(day, self._time.hour)
        began = schedule.moment(wall)
        return began if began <= now else schedule.moment(wall - timedelta(days=7))

    def _can_be_held(self, now: datetime) -> bool:
        """Never into a real emergency, and not where nothing is there to be tried."""
        if not any(self._pager.reaches(person) for person in self._schedule().ladder(now)):
            return False
        is_open = self._log.incidents(only_open=True, limit=MOST_OPEN)
        return all(incident.severity is not Severity.PAGE for incident in is_open)

    def _follow(self, page: Page, now: datetime) -> None:
        if page.acknowledged or page.id in self._said:
            return
        if found := self._answered(page):
            self._pages.change(page.id, lambda stands: stands.answered(found.by, now))
            self._pauses.change(found.id, lambda ack: ack.over(found.by, now), found.by, now)
        elif now >= page.due + PATIENCE:
            text = self._words.silent(page)
            self._outbox.post(Card(f"{page.id}:silent", CardKind.NOTE, page.incident, page.incident, text), now)
            self._said.add(page.id)

    def _answered(self, page: Page) -> Pause | None:
        try:
            pauses = self._pauses.all()
        except TamperedError:
            return None
        scope = f"incident:{page.incident}"
        return next((one for one in pauses if one.scope == scope and one.since >= page.due), None)


def drill_id(local: datetime) -> str:
    """`DRILL-2026W47`: the week in which it is held."""
    year, week, _ = local.isocalendar()
    return f"DRILL-{year}W{week:02d}"


def is_drill(name: str) -> bool:
    """True for what `drill_id` makes."""
    return _ID.fullmatch(name) is not None
