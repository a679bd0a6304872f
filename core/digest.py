"""The morning message: what the night was, from rows alone; who was woken, what was done alone and by whose order, what waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.approval import Approval, Verdict
from core.authority import POLICY
from core.errors import UnknownError
from core.incident import Ending, Incident
from core.page import Page, PageReason
from core.pause import Pause, PauseKind
from core.people_ports import PageLog, Standing
from core.ports import ApprovalBook, History, IncidentLog, Memory
from core.report import Report
from core.standing_order import OrderState, StandingOrder

NIGHT = timedelta(days=1)
EARNED = 3
"""Verified successes after which something could be done alone (TRUST 4)."""
MOST_OPEN = 200
MOST_EPISODES = 5000

_BAD = frozenset({Ending.WORSE, Ending.STILL_BAD, Ending.FAILED})
_BY_PEOPLE = frozenset({Ending.RESOLVED, Ending.TAKEN, Ending.REJECTED, Ending.WRONG})
_SUCCESS = frozenset({Ending.FIXED, Ending.UNPROVEN})


@dataclass(frozen=True, slots=True)
class Told:
    """One incident of the night; `skill` is what was or would have been run, `order` and `by` who had said yes ahead."""

    incident: str
    host: str
    signal: str
    value: float | None
    ending: Ending | None
    skill: str = ""
    order: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Woken:
    """One person who was woken; `was_needed` None while the incident is open."""

    person: str
    at: datetime
    host: str
    was_needed: bool | None


@dataclass(frozen=True, slots=True)
class Wish:
    """What could be done alone from now on, if somebody says so; `times` it was verified since its last failure."""

    incident: str
    host: str
    skill: str
    times: int


@dataclass(frozen=True, slots=True)
class Month:
    """How a month was: nights without a page, pages, fixes that people called wrong."""

    begin: datetime
    nights: int
    slept: int
    woken: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Digest:
    """One night, from `since` to `until`. `cost` is what models cost, in words, '' for nothing; `gaps` are skills that were missed."""

    since: datetime
    until: datetime
    fixed: tuple[Told, ...]
    alone: tuple[Told, ...]
    bad: tuple[Told, ...]
    over: tuple[Told, ...]
    away: tuple[Told, ...]
    by_people: tuple[Told, ...]
    would: tuple[Told, ...]
    muted: tuple[Told, ...]
    open: tuple[Told, ...]
    woken: tuple[Woken, ...]
    waits: tuple[Approval, ...]
    wishes: tuple[Wish, ...]
    month: Month | None
    cost: str = ""
    gaps: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many incidents the night had, open ones too."""
        ended = (self.fixed, self.alone, self.bad, self.over, self.away, self.by_people, self.would)
        return sum(map(len, ended)) + len(self.open)

    @property
    def is_quiet(self) -> bool:
        """True if nothing happened at all."""
        return self.count == 0 and not self.woken


class Morning:
    """Makes the digest of any night."""

    def __init__(  # noqa: PLR0913, PLR0917 - composed once, in wiring
        self,
        log: IncidentLog,
        book: ApprovalBook,
        history: History,
        memory: Memory,
        pages: PageLog,
        orders: Standing[StandingOrder],
        pauses: Standing[Pause],
        group_of: Callable[[str], str],
    ) -> None:
        self._log, self._book, self._history, self._memory = log, book, history, memory
        self._pages, self._orders, self._pauses = pages, orders, pauses
        self._group_of = group_of

    def digest(self, until: datetime, month: tuple[datetime, int] | None = None) -> Digest:
        """The night that ended at `until`; `month` is the begin of the month that is told too, and how many nights it had."""
        since = until - NIGHT
        reports = [report for report in self._history.reports(since) if report.closed < until]
        incidents = {report.incident: self._log.load(report.incident) for report in reports}
        led = [report for report in reports if not incidents[report.incident].lead]
        told = [(self._told(report), self._decided(report.incident)) for report in led]
        alone = [one for one, yes in told if one.ending in _SUCCESS and yes is not None and yes.by == (POLICY,)]
        would = [one for one, yes in told if yes is not None and yes.is_only_observed]
        rest = [one for one, _ in told if one not in alone and one not in would]
        return Digest(
            since=since,
            until=until,
            fixed=tuple(one for one in rest if one.ending in _SUCCESS),
            alone=tuple(alone),
            bad=tuple(one for one in rest if one.ending in _BAD),
            over=tuple(one for one in rest if one.ending in {Ending.HANDED_OVER, Ending.EXPIRED}),
            away=tuple(one for one in rest if one.ending is Ending.WENT_AWAY),
            by_people=tuple(one for one in rest if one.ending in _BY_PEOPLE),
            would=tuple(would),
            muted=tuple(one for one in rest if self._was_muted(one, incidents[one.incident])),
            open=tuple(_open(one) for one in self._log.incidents(only_open=True, limit=MOST_OPEN) if not one.lead),
            woken=self._woken(since, until),
            waits=self._book.pending(),
            wishes=self._wishes([incidents[report.incident] for report in led if report.ending is Ending.FIXED]),
            month=self._month(*month, until) if month else None,
            gaps=tuple(dict.fromkeys(report.gap for report in reports if report.gap)),
        )

    # ---- one incident -----------------------------------------------------------------------------------------------------------

    def _decided(self, incident: str) -> Approval | None:
        """The question that led furthest: the last one that was approved, else the last that policy denied."""
        asked = [one for one in self._history.approvals(incident) if one.proposal is not None]
        granted = [one for one in asked if one.verdict is Verdict.APPROVED]
        denied = [one for one in asked if one.verdict is Verdict.DENIED]
        return next(iter((granted or denied)[-1:]), None)

    def _told(self, report: Report) -> Told:
        yes = self._decided(report.incident)
        skill = yes.proposal.skill if yes is not None and yes.proposal is not None else ""
        order = yes.order if yes is not None else ""
        author = next((one.author for one in self._orders.all() if one.id == order), "") if order else ""
        return Told(report.incident, report.host, report.signal, report.value, report.ending, skill, order, author)

    def _was_muted(self, one: Told, incident: Incident) -> bool:
        mutes = [
            pause for pause in self._pauses.all() if pause.kind is PauseKind.MUTE and _held(pause, incident.opened)
        ]
        groups, is_claim = tuple(self._group_of(one.host).split("+")), incident.alert.is_claim
        return any(pause.covers(one.host, groups, one.incident, one.signal, is_claim=is_claim) for pause in mutes)

    # ---- people -----------------------------------------------------------------------------------------------------------------

    def _woken(self, since: datetime, until: datetime) -> tuple[Woken, ...]:
        return tuple(self._waking(page) for page in self._real_pages(since, until))

    def _waking(self, page: Page) -> Woken:
        try:
            incident = self._log.load(page.incident)
        except UnknownError:  # about a storm, or about being cut off: that a person was needed is no question
            return Woken(page.person, page.due, "", was_needed=True)
        needed = None if incident.ending is None else incident.ending is not Ending.WENT_AWAY
        return Woken(page.person, page.due, incident.host, needed)

    def _real_pages(self, since: datetime, until: datetime) -> list[Page]:
        """Pages that went out; a drill wakes nobody at night."""
        found = [page for page in self._pages.since(since) if page.due < until and page.receipt is not None]
        return [page for page in found if page.reason is not PageReason.DRILL]

    def _wishes(self, fixed: list[Incident]) -> tuple[Wish, ...]:
        active = {
            (o.skill, o.sha256, o.group, o.fingerprint) for o in self._orders.all() if o.state is OrderState.ACTIVE
        }
        wishes: dict[tuple[str, str, str], Wish] = {}
        for incident in fixed:
            group, fingerprint = self._group_of(incident.host), incident.alert.fingerprint
            for recall in self._memory.recall(fingerprint, group) if incident.attempts else ():
                is_this = recall.skill == incident.attempts[-1].proposal.skill and recall.verified >= EARNED
                if (
                    is_this
                    and (recall.skill, recall.sha256, group, fingerprint) not in active
                    and not incident.alert.is_claim
                ):
                    wish = Wish(incident.id, incident.host, recall.skill, recall.verified)
                    wishes[recall.skill, group, fingerprint] = wish
        return tuple(wishes.values())

    def _month(self, begin: datetime, nights: int, until: datetime) -> Month:
        pages = self._real_pages(begin, until)
        bad_nights = {(page.due - begin) // NIGHT for page in pages}
        episodes = self._memory.search("", MOST_EPISODES)
        wrong = sum(one.ending is Ending.WRONG and begin <= one.at < until for one in episodes)
        return Month(begin, nights, max(0, nights - len(bad_nights)), len(pages), wrong)


def _held(pause: Pause, at: datetime) -> bool:
    """True if it held at that moment, whether or not it still does."""
    return pause.since <= at and (pause.ends is None or at < pause.ends)


def _open(incident: Incident) -> Told:
    return Told(incident.id, incident.host, str(incident.signal), incident.alert.value, None)
