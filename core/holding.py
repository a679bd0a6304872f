"""What nothing is done about now: taken, asleep, in maintenance, or part of a deeper trouble. Looked at until it is quiet or free again.

All of it is derived from rows: the pauses that are on, the incidents that are HELD, the last looks. A kill between two ticks loses
nothing, and a tick that is played again changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from core.approval import Verdict
from core.belonging import Belonging
from core.card import Card, CardKind
from core.closing import Closing
from core.errors import TamperedError, UnknownError
from core.grouping import depth
from core.incident import Attempt, Ending, Incident
from core.inventory import Inventory
from core.maintenance import Window
from core.pause import HOLDING, SILENCING, Pause, PauseKind
from core.people_ports import Holds, Standing
from core.plan import MOST_ROUNDS, tries_of
from core.ports import ApprovalBook, Clock, IncidentLog, Outbox, Ticks
from core.reopening import RESOLVED, Resolved
from core.task import is_task
from core.verification import QUIET_NEEDED, Now, Watch

LONGEST_LOOK = 30.0
"""Seconds between two looks at what is held, at most."""

LOOKS = "holding"
"""Where the last looks stand among what the watch remembers: incident -> when, and how often it was quiet in a row."""

MOST_OPEN = 1000

Look = tuple[float, int]


@dataclass(frozen=True, slots=True)
class Books:
    """The rows that holding goes by."""

    log: IncidentLog
    book: ApprovalBook
    holds: Holds
    pauses: Standing[Pause]
    ticks: Ticks
    outbox: Outbox


class Holding:
    """Keeps us off what people asked us to leave alone, and comes back to it."""

    def __init__(  # noqa: PLR0913, PLR0917 - composed once, in wiring
        self,
        books: Books,
        watch: Watch,
        closing: Closing,
        belonging: Belonging,
        inventory: Inventory,
        clock: Clock,
        windows: Sequence[Window] = (),
    ) -> None:
        self._books, self._watch, self._closing, self._belonging = books, watch, closing, belonging
        self._inventory, self._clock, self._windows = inventory, clock, tuple(windows)

    # ---- steps of the story -----------------------------------------------------------------------------------------------------

    def hold(self, incident: Incident) -> str:
        """Why nothing is done about it now, after which it is HELD; '' where nothing stands in the way.

        What a person asked for by hand is not held: nobody wants it done hours later.
        """
        now = self._clock.now()
        pause = next(iter(covering(self._on(now), incident, self._inventory)), None)
        part_of = "" if pause or is_task(incident.alert) else self._belonging.holds_back(incident)
        if pause is None and not part_of:
            return ""
        if not is_task(incident.alert):
            self.put_aside(incident)
        if pause is not None and pause.kind is PauseKind.TAKE and not pause.about:
            self._tell(incident, now)
        return f"{pause.kind} by {pause.by}: nothing acts there" if pause else part_of

    def put_aside(self, incident: Incident) -> None:
        """It is HELD; the next tick sees whether anything still holds it."""
        self._books.holds.hold(incident.id)

    def goes_on(self, incident: Incident, attempt: Attempt) -> bool:
        """True where something that this trouble brought about is still bad: the deepest of it goes on here, in a further round.

        What is quiet does not, nor what we cannot measure ourselves, is on another host, or waits under a person's pause.
        """
        now = self._books.log.load(incident.id)
        if now.round > attempt.round:
            return True  # it went on already, and we died before that was noted
        if tries_of(now) >= MOST_ROUNDS:
            return False
        on = self._on(self._clock.now())
        members = [one for one in self._books.holds.members(incident.id) if one.host == incident.host]
        left = [one for one in members if self._is_left(one, on)]
        if not left:
            return False
        self._closing.go_on_with(incident, min(left, key=lambda one: (depth(one.alert), one.opened, one.id)))
        return True

    def _is_left(self, member: Incident, on: Sequence[Pause]) -> bool:
        if (
            member.closed is not None
            or member.alert.is_claim
            or member.attempts
            or covering(on, member, self._inventory)
        ):
            return False
        return self._watch.stand(member).now is Now.BAD

    # ---- a person's word --------------------------------------------------------------------------------------------------------

    def resolve(self, incident: Incident, by: str) -> None:
        """Closed by a person, which proves nothing: the check that still finds it bad reopens it as a new incident."""
        resolved = Resolved(incident.id, self._clock.now().timestamp())
        self._books.ticks.save({f"{RESOLVED}{incident.host}|{incident.signal}": resolved.to_json()})
        self._closing.close(incident, Ending.RESOLVED, f"closed by {by}")

    # ---- the pulse --------------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Lays down what the calendar says, puts open questions aside, looks at what is held, ends what is over.

        A list that was changed holds nothing and releases nothing; the gate refuses everything until it is put right.
        """
        now = self._clock.now()
        with suppress(TamperedError):
            for window in self._windows:
                for pause in window.pauses(now):
                    self._books.pauses.put(pause, pause.by, now)
            on = tuple(pause for pause in self._books.pauses.all() if pause.is_on(now))
            put_questions_aside(self._books.log, self._books.book, on, self._inventory, now)
            self._look(on, now)
            self._end(on, now)

    def _look(self, on: Sequence[Pause], now: datetime) -> None:
        held = self._books.holds.held()
        if not held:
            return
        former: dict[str, Look] = json.loads(self._books.ticks.states().get(LOOKS, "{}"))
        looks = {one.id: look for one in held if (look := self._looked(one, on, former.get(one.id), now)) is not None}
        if looks != former:
            self._books.ticks.save({LOOKS: json.dumps(looks)})

    def _looked(self, incident: Incident, on: Sequence[Pause], last: Look | None, now: datetime) -> Look | None:
        """The look that stands after this one; None once it is closed or free."""
        check = self._watch.check_of(incident.host, incident.signal, incident.severity)
        pauses, bond = covering(on, incident, self._inventory), self._belonging.bond(incident)
        at, quiet = last or (0.0, 0)
        if not pauses and not bond.why and not quiet:
            self._release(incident, now)
            return None
        if not bond.is_watched or 0 <= now.timestamp() - at < min(check.every, LONGEST_LOOK):
            return at, quiet
        standing = self._watch.stand(incident)
        is_clear = standing.measurement is None or check.is_clear(standing.measurement.value)
        quiet = quiet + 1 if standing.now is Now.QUIET and is_clear else 0
        if quiet < QUIET_NEEDED:
            return now.timestamp(), quiet
        if incident.lead and not pauses:
            self._closing.close_member(incident)
            return None
        taken = next((pause for pause in pauses if pause.kind is PauseKind.TAKE), None)
        ending = Ending.TAKEN if taken else Ending.WENT_AWAY
        self._closing.close(incident, ending, f"quiet now, taken by {taken.by}" if taken else standing.reason)
        return None

    def _release(self, incident: Incident, now: datetime) -> None:
        """Free again and not known to be quiet: investigated afresh, which measures first."""
        self._books.holds.release(incident.id, f"free-{now.timestamp():.0f}", now)

    def _end(self, on: Sequence[Pause], now: datetime) -> None:
        """What was said for one incident ends with it; a take of its host only when nothing else is open there."""
        for pause in on:
            kind, _, name = pause.scope.partition(":")
            about = name if kind == "incident" else pause.about
            if about and self._is_closed(about) and not self._is_needed(pause):
                self._books.pauses.change(pause.id, lambda one: one.over("quiet", now), "quiet", now)

    def _is_needed(self, pause: Pause) -> bool:
        opened = self._books.log.incidents(only_open=True, limit=MOST_OPEN)
        return any(covering((pause,), incident, self._inventory) for incident in opened)

    # ---- inside -----------------------------------------------------------------------------------------------------------------

    def _on(self, now: datetime) -> tuple[Pause, ...]:
        """None where the list was changed: then people are asked as ever, and the gate lets nothing happen."""
        try:
            return tuple(pause for pause in self._books.pauses.all() if pause.is_on(now))
        except TamperedError:
            return ()

    def _is_closed(self, incident: str) -> bool:
        try:
            return self._books.log.load(incident).closed is not None
        except UnknownError:
            return True
        except TamperedError:
            return False

    def _tell(self, incident: Incident, now: datetime) -> None:
        """Who has a host is told of a new trouble there: nobody is asked, and nothing is done."""
        self._books.outbox.post(Card(f"{incident.id}:held", CardKind.ALERT, incident.id, incident.id), now)


def covering(on: Sequence[Pause], incident: Incident, inventory: Inventory) -> tuple[Pause, ...]:
    """The pauses under which nothing is done about an incident."""
    groups = inventory.groups(incident.host)
    return tuple(pause for pause in on if pause.kind in HOLDING and pause.covers(incident.host, groups, incident.id))


def put_questions_aside(
    log: IncidentLog, book: ApprovalBook, on: Sequence[Pause], inventory: Inventory, now: datetime
) -> None:
    """Every open question under such a pause is decided as HELD, by who said it. One whose incident was changed keeps no other waiting."""
    for approval in book.pending() if any(pause.kind in HOLDING for pause in on) else ():
        with suppress(TamperedError):
            if pauses := covering(on, log.load(approval.incident), inventory):
                book.decide(approval.id, Verdict.HELD, pauses[0].by, pauses[0].kind, now)


def is_silenced(on: Sequence[Pause], incident: Incident, inventory: Inventory) -> bool:
    """True where what is said of it waits for the morning message. A mute lets severity 1 through; what a person asked for is answered."""
    if is_task(incident.alert):
        return False
    groups, is_claim = inventory.groups(incident.host), incident.alert.is_claim
    return any(
        pause.kind in SILENCING
        and (pause.kind is not PauseKind.MUTE or incident.severity > 1)
        and pause.covers(incident.host, groups, incident.id, str(incident.signal), is_claim=is_claim)
        for pause in on
    )
