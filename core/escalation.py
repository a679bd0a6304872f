"""Who is woken when: derived from rows alone, so that a tick may come late, twice, or after kill -9, and nobody is woken twice or never."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.alert import Severity
from core.approval import Approval
from core.authority import POLICY
from core.caps import RELAPSE
from core.card import Card, CardKind
from core.errors import TamperedError
from core.incident import Ending, Incident
from core.inventory import Inventory, Mode
from core.on_call import Schedule
from core.page import Page, PageReason
from core.pause import BY_POST, BY_SETTINGS, SILENCING, Pause, PauseKind
from core.people_ports import PageLog, Pager, Standing
from core.ports import ApprovalBook, Gate, History, IncidentLog, Outbox
from core.report import Report
from core.set_back import is_ahead
from core.task import is_task

NEXT_AFTER = timedelta(minutes=5)
REMIND_AFTER = (timedelta(minutes=5), timedelta(minutes=10))
WAKE_AFTER = timedelta(minutes=20)
"""A question of severity 2 is shown again twice in chat before it wakes anybody."""

LOUD_ROUNDS = 3
QUIETER = timedelta(minutes=30)
MOST_WAVES = 12
"""Three times round the ladder, then the whole ladder every half hour for six hours; who is not awake by then will not be."""

REMEMBERED = timedelta(hours=12)
"""How old a hand-over may be that still wakes somebody: as long as a night, if we were down meanwhile."""

NIGHT_BEGINS, NIGHT_ENDS = 22, 8
MOST_OPEN = 1000
MOST_ASKED = 20
"""Incidents of one storm whose answers are looked for: a person who is awake answers one of the first."""

_LEFT_TO_A_PERSON = frozenset({Ending.HANDED_OVER, Ending.EXPIRED, Ending.FAILED})
_NOBODY = frozenset({POLICY, "clock", "grouping", BY_SETTINGS, ""})


@dataclass(frozen=True, slots=True)
class Rows:
    """What it is derived from, and where it is written."""

    log: IncidentLog
    book: ApprovalBook
    history: History
    pages: PageLog
    pauses: Standing[Pause]
    gate: Gate
    outbox: Outbox


@dataclass(frozen=True, slots=True)
class Ladder:
    """Whom it may wake, in which order and how fast; `line` makes the words of a page."""

    pager: Pager
    schedule: Callable[[], Schedule]
    line: Callable[[Incident, PageReason], str]
    next_after: timedelta = NEXT_AFTER

    def people(self, moment: datetime) -> tuple[str, ...]:
        """Who is on call first; without those whom nothing could wake."""
        return tuple(one for one in self.schedule().ladder(moment) if self.pager.reaches(one))

    def is_night(self, moment: datetime) -> bool:
        """True where nobody is expected to read the chat."""
        hour = self.schedule().local(moment).hour
        return hour >= NIGHT_BEGINS or hour < NIGHT_ENDS


@dataclass(frozen=True, slots=True)
class Concern:
    """One reason to wake somebody: since when, about what, and which answers count. `key` is an incident or the storm it came in."""

    key: str
    reason: PageReason
    begin: datetime
    heard_since: datetime
    parts: tuple[Incident, ...]


class Escalation:
    """Climbs the ladder until a person has answered: any answer there means that somebody is awake (TRUST 3, 7)."""

    def __init__(self, rows: Rows, ladder: Ladder, inventory: Inventory) -> None:
        self._rows, self._ladder, self._inventory = rows, ladder, inventory
        self._pauses: tuple[Pause, ...] = ()
        self._reminded: set[str] = set()
        self._handed_over: dict[str, tuple[Report, Incident]] = {}
        self._read_until: datetime | None = None

    def tick(self, now: datetime) -> None:
        """Writes the pages that are due by now, and who has answered; sending them is another thread's work."""
        if not self._ladder.people(now):
            return
        self._pauses = self._what_holds()
        is_open = tuple(
            one for one in self._rows.log.incidents(only_open=True, limit=MOST_OPEN) if self._may_wake(one, now)
        )
        for concern in (*self._severe(is_open, now), *self._unanswered(is_open, now), *self._left_alone(now)):
            self._climb(concern, now)
        self._say_that_we_are_cut_off(is_open, now)

    # ---- what there is to wake somebody for ---------------------------------------------------------------------------------------

    def _severe(self, is_open: Iterable[Incident], now: datetime) -> Iterator[Concern]:
        for key, parts in _by_key(one for one in is_open if one.severity is Severity.PAGE).items():
            begin = max(parts[0].opened, self._last_silence(parts[0], now))
            yield Concern(key, PageReason.SEVERE, begin, begin, parts)

    def _unanswered(self, is_open: Iterable[Incident], now: datetime) -> Iterator[Concern]:
        questions: dict[str, Approval] = {one.incident: one for one in reversed(self._rows.book.pending())}
        asked = (one for one in is_open if one.severity is Severity.ASK and one.id in questions)
        for key, parts in _by_key(asked).items():
            question = questions[parts[0].id]
            begin = max(question.opened, self._last_silence(parts[0], now))
            self._remind(question, begin, now)
            if now >= begin + WAKE_AFTER or is_ahead(begin, now):
                yield Concern(key, PageReason.UNANSWERED, begin + WAKE_AFTER, begin, parts)

    def _left_alone(self, now: datetime) -> Iterator[Concern]:
        """What ended in a person's hands, and whether that must be told at once."""
        ends: dict[tuple[str, PageReason], list[tuple[Report, Incident]]] = {}
        for report, incident in self._recent(now):
            reason = self._reason_of(report, incident)
            if reason is not None and self._may_wake(incident, now):
                ends.setdefault((_key(incident), reason), []).append((report, incident))
        for (key, reason), told in ends.items():
            report, incident = told[0]
            since = incident.opened if reason is PageReason.HANDED_OVER else report.closed
            yield Concern(key, reason, report.closed, since, tuple(one for _, one in told))

    def _reason_of(self, report: Report, incident: Incident) -> PageReason | None:
        if report.ending is Ending.WORSE:
            return PageReason.WORSE
        if RELAPSE in report.reason:
            return PageReason.RELAPSE
        is_observed = self._inventory.mode(incident.host) is Mode.OBSERVE  # nobody expects it to be repaired there
        is_urgent = incident.severity is Severity.PAGE or (self._ladder.is_night(report.closed) and not is_observed)
        return PageReason.HANDED_OVER if report.ending in _LEFT_TO_A_PERSON and is_urgent else None

    def _recent(self, now: datetime) -> Iterator[tuple[Report, Incident]]:
        """Reports of the last hours; those that were read are kept, because this is asked every second."""
        oldest = now - REMEMBERED
        since = max(oldest, min(self._read_until, now) - timedelta(minutes=1)) if self._read_until else oldest
        for report in self._rows.history.reports(since):
            if report.incident not in self._handed_over and _ends_badly(report):
                with suppress(TamperedError):  # that row is an incident of its own; the others still wake people
                    self._handed_over[report.incident] = (report, self._rows.log.load(report.incident))
        self._read_until = now
        self._handed_over = {one: told for one, told in self._handed_over.items() if told[0].closed >= oldest}
        return iter(tuple(self._handed_over.values()))

    # ---- who may be left asleep ---------------------------------------------------------------------------------------------------

    def _what_holds(self) -> tuple[Pause, ...]:
        """A list that was changed by somebody silences nothing."""
        try:
            return self._rows.pauses.all()
        except TamperedError:
            return ()

    def _may_wake(self, incident: Incident, now: datetime) -> bool:
        if incident.severity is Severity.DIGEST or is_task(incident.alert):
            return False
        return not any(pause.is_on(now) for pause in self._silences(incident))

    def _silences(self, incident: Incident) -> Iterator[Pause]:
        """Severity 1 comes through a mute."""
        kinds = SILENCING - {PauseKind.MUTE} if incident.severity is Severity.PAGE else SILENCING
        return (one for one in self._pauses if one.kind in kinds and self._covers(one, incident))

    def _last_silence(self, incident: Incident, now: datetime) -> datetime:
        """When it was last allowed to be loud again: what sleeps and comes back wakes people anew."""
        over = (one.ends for one in self._silences(incident) if one.ends is not None)
        return max((end for end in over if end <= now), default=incident.opened)

    def _covers(self, pause: Pause, incident: Incident) -> bool:
        groups = self._inventory.groups(incident.host)
        alert = incident.alert
        return pause.covers(incident.host, groups, incident.id, str(alert.signal), is_claim=alert.is_claim)

    # ---- who has answered ---------------------------------------------------------------------------------------------------------

    def _answered(self, concern: Concern) -> str:
        """The first person who has said anything there since then, '' if nobody has."""
        said = (name for part in concern.parts for name in self._laid_down(part, concern.heard_since))
        decided = (name for part in concern.parts[:MOST_ASKED] for name in self._decided(part, concern.heard_since))
        return next(filter(_is_somebody, (*said, *decided)), "")

    def _laid_down(self, incident: Incident, since: datetime) -> Iterator[str]:
        scopes = {"all", f"host:{incident.host}", f"incident:{incident.id}"}
        scopes |= {f"group:{group}" for group in self._inventory.groups(incident.host)}
        yield from (by for scope, by, at in self._stops() if scope in scopes and at >= since)
        for pause in self._pauses:
            if pause.kind is PauseKind.MUTE or not pause.is_by_a_person:
                continue
            if pause.since >= since and self._covers(pause, incident):
                yield pause.by

    def _stops(self) -> tuple[tuple[str, str, datetime], ...]:
        """A list that was changed by somebody is nobody's answer."""
        try:
            return self._rows.gate.stops()
        except TamperedError:
            return ()

    def _decided(self, incident: Incident, since: datetime) -> Iterator[str]:
        for approval in self._rows.history.approvals(incident.id):
            if approval.decided is None or approval.decided >= since:
                yield from approval.by

    # ---- the ladder ---------------------------------------------------------------------------------------------------------------

    def _climb(self, concern: Concern, now: datetime) -> None:
        """At most one rung a tick."""
        about = self._rows.pages.of(concern.key)
        ever = [one for one in about if one.reason is concern.reason]
        sent = [one for one in ever if one.due >= _at_last(concern.begin, now)]
        if by := self._answered(replace(concern, heard_since=_at_last(concern.heard_since, now))):
            self._note_answer(sent, by, now)
        elif sent or not self._is_news_already(concern, about, now):
            ladder = self._ladder.people(min(concern.begin, now))
            if ladder and self._is_due(sent, len(ladder), now):
                self._wake(concern, ladder[len(sent) % len(ladder)], len(ever), now)

    def _is_news_already(self, concern: Concern, about: tuple[Page, ...], now: datetime) -> bool:
        """A hand-over right after somebody was woken for the same trouble can wait for their answer; what got worse cannot."""
        waits = (one for one in about if now < one.due + self._ladder.next_after and not is_ahead(one.due, now))
        just_now = (one for one in waits if one.due >= concern.heard_since)
        return concern.reason is PageReason.HANDED_OVER and any(not one.has_failed(now) for one in just_now)

    def _is_due(self, sent: list[Page], people: int, now: datetime) -> bool:
        """The next rung: at once where the last could not be reached, round by round, then everybody now and then."""
        if not sent:
            return True
        step, last = len(sent) - LOUD_ROUNDS * people, max(sent, key=lambda one: one.rung)
        is_long_ago = is_ahead(last.due, now)
        if step < 0:
            return is_long_ago or last.has_failed(now) or now >= last.due + self._ladder.next_after
        is_same_wave = step % people != 0
        return step < MOST_WAVES * people and (is_same_wave or is_long_ago or now >= last.due + QUIETER)

    def _wake(self, concern: Concern, person: str, rung: int, now: datetime) -> None:
        line = self._ladder.line(concern.parts[0], concern.reason)
        name = f"{concern.key}:{concern.reason}:{rung}"
        self._rows.pages.put(Page(name, concern.key, concern.reason, person, line, rung, now))

    def _note_answer(self, sent: Iterable[Page], by: str, now: datetime) -> None:
        for page in sent:
            if page.acknowledged is None:
                self._rows.pages.change(page.id, lambda stands: stands.answered(by, now))

    def _remind(self, question: Approval, begin: datetime, now: datetime) -> None:
        """The same question again in chat, once each time, before it wakes anybody."""
        for after in REMIND_AFTER:
            key = f"{question.id}:remind:{after // timedelta(minutes=1)}"
            if now >= begin + after and key not in self._reminded and not any(map(_is_somebody, question.by)):
                self._rows.outbox.post(Card(key, CardKind.REMINDER, question.incident, question.id), now)
                self._reminded.add(key)

    def _say_that_we_are_cut_off(self, is_open: tuple[Incident, ...], now: datetime) -> None:
        """Once each time that no channel takes anything: who is on call is told, or the next who can be reached."""
        since = self._rows.outbox.cut_off(now)
        if since is None or not is_open:
            return
        told = [one for one in self._rows.pages.since(since) if one.reason is PageReason.CUT_OFF]
        ladder = self._ladder.people(now)
        if not told or (told[-1].has_failed(now) and len(told) < len(ladder)):
            worst = min(is_open, key=lambda one: (one.severity, one.opened, one.id))
            ever = [one for one in self._rows.pages.of(_key(worst)) if one.reason is PageReason.CUT_OFF]
            concern = Concern(_key(worst), PageReason.CUT_OFF, since, since, (worst,))
            self._wake(concern, ladder[len(told) % len(ladder)], len(ever), now)


def _is_somebody(name: str) -> bool:
    """False for what decides or lays something down without anybody being awake."""
    return name not in _NOBODY and not name.startswith(BY_POST)


def _at_last(moment: datetime, now: datetime) -> datetime:
    """The moment; for one that is not yet, because the clock was set back, so long ago that all that is known came after it."""
    return moment if moment <= now else now - REMEMBERED


def _ends_badly(report: Report) -> bool:
    return report.ending is Ending.WORSE or report.ending in _LEFT_TO_A_PERSON


def _key(incident: Incident) -> str:
    """What is paged about: one page for a storm, one for a deeper cause with all that it drags along."""
    return incident.storm or incident.lead or incident.id


def _by_key(incidents: Iterable[Incident]) -> dict[str, tuple[Incident, ...]]:
    """Oldest first."""
    groups: dict[str, tuple[Incident, ...]] = {}
    for one in sorted(incidents, key=lambda one: (one.opened, one.id)):
        groups[_key(one)] = (*groups.get(_key(one), ()), one)
    return groups
