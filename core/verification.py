"""Whether it is over: the waking signal measured again before and after, never the word of whoever repaired it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.alert import Severity, Signal
from core.approval import Approval
from core.capability import Verb
from core.check import Check
from core.confirmed_commit import names
from core.errors import BusyError, NightshiftError, TamperedError, UnknownError
from core.incident import Attempt, Ending, Incident, Outcome
from core.inventory import Inventory
from core.policy import Asker
from core.ports import Clock, IncidentLog, Intake, Probe
from core.proposal import Proposal, Tier
from core.set_back import is_ahead
from core.task import asked_by, is_task
from core.world import Measurement

QUIET_NEEDED = 3
LONGEST_INTERVAL = 10.0
MOST_GUARDED = 50
"""How many checks that were good are measured once more before a repair is called a success."""

PATIENCE = 6
"""How many intervals after settling a repair is given before it counts as still bad."""
LONGEST_PROGRESS = timedelta(hours=1)
"""How long signs of progress are waited for past the deadline."""

UNTIL_IT_CAME_BACK = timedelta(days=3650)
"""An attempt is first judged once its run came back or was ended; after a long outage its effect could still follow."""

DEFAULT_LIMITS: Mapping[str, tuple[float | None, float | None]] = {
    "disk.used_percent": (90, None),
    "disk.inodes_percent": (90, None),
    "memory.used_percent": (92, None),
    "fd.used_percent": (85, None),
    "load.per_core": (4, None),
    "process.restarts": (3, None),
    "process.zombies": (20, None),
    "tls.expires_days": (None, 14),
    "backup.age_hours": (26, None),
}
"""(over, under) where no check of the settings states a limit; every metric named here is a level, all others are failures (0 or 1)."""


_GOOD_ENDINGS = frozenset({Ending.FIXED, Ending.STEP})


class Now(StrEnum):
    """What our own measurement says of a signal at this moment."""

    BAD = "bad"
    QUIET = "quiet"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standing:
    """How an incident stands before anything is done: measured by us or not, and who therefore asks (TRUST 1)."""

    now: Now
    asker: Asker
    reason: str
    measurement: Measurement | None = None

    @property
    def is_blind(self) -> bool:
        """True when our own signal cannot be measured at this moment: then nothing is done, not even under a yes."""
        return self.now is Now.UNKNOWN and self.asker is Asker.PROBE


class Watch:
    """Measures the waking signal of an incident, before, and after a repair until its ending is certain."""

    def __init__(  # noqa: PLR0913, PLR0917 - composed once, in wiring
        self,
        log: IncidentLog,
        intake: Intake,
        probe: Probe,
        checks: Callable[[], tuple[Check, ...]],
        clock: Clock,
        inventory: Inventory,
        bad_now: Callable[[], frozenset[str]],
        good_now: Callable[[], frozenset[str]],
    ) -> None:
        self._log, self._intake, self._probe, self._clock = log, intake, probe, clock
        self._checks, self._inventory = checks, inventory
        self._bad_now, self._good_now = bad_now, good_now

    # ---- before -----------------------------------------------------------------------------------------------------------------

    def stand(self, incident: Incident) -> Standing:
        """Measures the waking signal now. Our own alert that is quiet went away; a claim that we measure as bad becomes our own."""
        if is_task(incident.alert):
            return Standing(Now.UNKNOWN, Asker.PERSON, f"asked for by {asked_by(incident.alert)}")
        asker = Asker.CLAIM if incident.alert.is_claim else Asker.PROBE
        try:
            measured = self._probe.measure(incident.host, incident.signal)
        except NightshiftError as error:
            over = self._intake.source_says_over(incident.id) if incident.alert.is_claim else None
            now = Now.UNKNOWN if over is None else Now.QUIET
            return Standing(now, asker, f"not measured: {error}" if over is None else "its source says it is over")
        check = self.check_of(incident.host, incident.signal, incident.severity)
        if check.is_bad(measured.value):
            return Standing(Now.BAD, Asker.PROBE, "", measured)
        if incident.alert.is_claim:
            return Standing(Now.QUIET, asker, f"measured here as {measured.value:.4g}, which is fine", measured)
        return Standing(Now.QUIET, asker, f"quiet again by itself at {measured.value:g}", measured)

    def check_of(self, host: str, signal: Signal, severity: Severity) -> Check:
        """The configured check of a signal, else one with the default limit of its metric."""
        for check in self._checks():
            if check.host == host and check.signal == signal:
                return check
        over, under = DEFAULT_LIMITS.get(signal.name, (0.0, None))
        return Check(signal, host, over=over, under=under, every=LONGEST_INTERVAL, severity=severity)

    # ---- after ------------------------------------------------------------------------------------------------------------------

    def require_alone(self, incident: Incident) -> None:
        """Raises BusyError while another repair on that host is not judged yet: nothing else is started there (TRUST 4)."""
        for attempt in self._log.watching(self._clock.now() + 2 * UNTIL_IT_CAME_BACK):
            if attempt.proposal.host == incident.host and attempt.incident != incident.id:
                raise BusyError(f"host:{incident.host}")

    def begin(self, incident: Incident, approval: Approval) -> Attempt:
        """Writes the attempt before its run, with what is good there and around it now, so that WORSE can be told after."""
        proposal = approval.proposal
        if proposal is None:
            raise UnknownError("proposal of approval", approval.id)
        now = self._clock.now()
        interval = self._interval(incident)
        settled = now + timedelta(seconds=proposal.timeout + proposal.settles)
        good = self._good_now()
        attempt = Attempt(
            id=approval.id,
            incident=incident.id,
            round=incident.round,
            approval=approval.id,
            proposal=proposal,
            outcome=None,
            began=now,
            settled_at=settled,
            deadline=settled + timedelta(seconds=interval * PATIENCE),
            next_measure=now + UNTIL_IT_CAME_BACK,
            was_good=tuple(check.key for check in self._around(incident.host) if check.key in good),
            checks=self._own_check(incident, proposal),
        )
        self._log.save_attempt(attempt, leg=False)
        return attempt

    def _own_check(self, incident: Incident, proposal: Proposal) -> str:
        """What a step of a plan with more to come is checked by: the signal that it names, where that is bad now.

        One that cannot be read or measured, or that is quiet before anything was done, would prove nothing: then the waking one counts.
        """
        if not proposal.then or not proposal.expects:
            return ""
        try:
            signal = Signal.parse(proposal.expects)
            value = self._probe.measure(incident.host, signal).value
        except NightshiftError:
            return ""
        is_bad = self.check_of(incident.host, signal, incident.severity).is_bad(value)
        return str(signal) if is_bad and signal != incident.signal else ""

    def go_on(self, attempt: Attempt, outcome: Outcome | None) -> Attempt:
        """Notes what came back and starts measuring at once; a run that failed without effect, or was rolled back, ends here."""
        now = self._clock.now()
        interval = self._interval_of(attempt)
        settled = now + timedelta(seconds=attempt.proposal.settles)
        begun = replace(
            attempt,
            outcome=outcome,
            settled_at=settled,
            deadline=settled + timedelta(seconds=interval * PATIENCE),
            next_measure=now,
        )
        if outcome is not None and not outcome.ok and (outcome.effects == 0 or outcome.is_rolled_back):
            begun = replace(begun, ending=Ending.FAILED)
        elif attempt.proposal.tier is Tier.PERSON and self._is_task(attempt):
            begun = replace(begun, ending=Ending.UNPROVEN if outcome is not None and outcome.ok else Ending.FAILED)
        self._log.save_attempt(begun, leg=begun.ending is not None)
        return begun

    def tick(self) -> int:
        """One measurement of every attempt whose time has come; returns how many were measured."""
        now = self._clock.now()
        due = [one for one in self._log.watching(now + 2 * UNTIL_IT_CAME_BACK) if _is_due(one, now)]
        for attempt in due:
            with suppress(
                TamperedError
            ):  # the store has it on its list; one row that was changed must not keep the others waiting
                measured = self._measure(set_back(attempt, now))
                self._log.save_attempt(measured, leg=measured.ending is not None)
        return len(due)

    def _measure(self, attempt: Attempt) -> Attempt:
        incident = self._log.load(attempt.incident)
        now = self._clock.now()
        guarded = frozenset(attempt.was_good) - {f"{incident.host}|{incident.signal}"} - _meant_to_be_down(attempt)
        judged = self._judged(attempt, incident, guarded, now)
        if attempt.checks:
            judged = judge_step(judged, *self._seen_of_step(attempt, incident), now)
        return doubted(judged, self._spoiled(guarded)) if judged.ending in _GOOD_ENDINGS else judged

    def _seen_of_step(self, attempt: Attempt, incident: Incident) -> tuple[Measurement | None, bool]:
        """The signal that the step is for, and whether it is quiet; what cannot be measured is not."""
        signal = Signal.parse(attempt.checks)
        try:
            measured = self._probe.measure(incident.host, signal)
        except NightshiftError:
            return None, False
        return measured, self.check_of(incident.host, signal, incident.severity).is_clear(measured.value)

    def _judged(self, attempt: Attempt, incident: Incident, guarded: frozenset[str], now: datetime) -> Attempt:
        """By the signal that woke us."""
        check = self.check_of(incident.host, incident.signal, incident.severity)
        try:
            measured = self._probe.measure(incident.host, incident.signal)
        except NightshiftError:
            quiet = incident.alert.is_claim and self._intake.source_says_over(incident.id) is not None
            return judge(attempt, None, quiet, frozenset(), now, self._interval(incident))
        worse = self._bad_now() & guarded
        return judge(attempt, measured, check.is_clear(measured.value), worse, now, self._interval(incident))

    def _around(self, host: str) -> tuple[Check, ...]:
        """What a repair there may break: the checks of that host and of those that talk to it, and of others that name it."""
        there = self._inventory.dependents(host) | {host}
        return tuple(check for check in self._checks() if check.host in there or names(check, host))

    def _spoiled(self, guarded: frozenset[str]) -> bool:
        """Whether a failure check that was good is bad when it is measured now; levels may swing, theirs is the detector's word."""
        checks = (check for check in self._checks() if check.key in guarded and check.signal.name not in DEFAULT_LIMITS)
        return any(map(self._is_bad, itertools.islice(checks, MOST_GUARDED)))

    def _is_bad(self, check: Check) -> bool:
        try:
            return check.is_bad(self._probe.measure(check.host, check.signal).value)
        except NightshiftError:
            return False

    def attempt_of(self, incident: Incident, attempt_id: str) -> Attempt:
        """One attempt of an incident by its id."""
        for attempt in incident.attempts:
            if attempt.id == attempt_id:
                return attempt
        raise UnknownError("attempt", attempt_id)

    def _interval(self, incident: Incident) -> float:
        return min(self.check_of(incident.host, incident.signal, incident.severity).every, LONGEST_INTERVAL)

    def _is_task(self, attempt: Attempt) -> bool:
        return is_task(self._log.load(attempt.incident).alert)

    def _interval_of(self, attempt: Attempt) -> float:
        return self._interval(self._log.load(attempt.incident))


def _is_due(attempt: Attempt, now: datetime) -> bool:
    """True once its time has come; also where it waits longer than any that came back does, because the clock was set back."""
    came_back = attempt.next_measure - attempt.began < UNTIL_IT_CAME_BACK
    return attempt.next_measure <= now or (came_back and is_ahead(attempt.next_measure, now))


def set_back(attempt: Attempt, now: datetime) -> Attempt:
    """The same, as if it had begun now where it began at a time that is not yet: its waiting begins anew, and is not longer."""
    if not is_ahead(attempt.began, now):
        return attempt
    by = attempt.began - now
    return replace(attempt, began=now, settled_at=attempt.settled_at - by, deadline=attempt.deadline - by)


def _meant_to_be_down(attempt: Attempt) -> frozenset[str]:
    """Checks of services that the approved plan stops: being down is then what was wanted."""
    host = attempt.proposal.host
    stopped = [effect.target for effect in attempt.proposal.plan if effect.verb is Verb.SERVICE_STOP]
    return frozenset(f"{host}|process.down:{service}" for service in stopped)


def doubted(judged: Attempt, is_spoiled: bool) -> Attempt:  # noqa: FBT001 - the judgement's own word
    """A good ending waits for one more look where something that was good is bad, and is WORSE if it still is then."""
    if not is_spoiled:
        return judged
    quiet = judged.step_quiet if judged.ending is Ending.STEP else judged.quiet_in_a_row
    return replace(judged, ending=Ending.WORSE if quiet > QUIET_NEEDED else None)


def judge_step(judged: Attempt, seen: Measurement | None, is_quiet: bool, now: datetime) -> Attempt:  # noqa: FBT001 - as in `judge`
    """The same of a step of a plan: done after three quiet ones in a row of its own signal, as long as the waking one is not quiet too.

    Where the waking one has begun to be quiet it is waited for, because then nothing more is needed.
    """
    is_progress = seen is not None and any(sign in seen.detail for sign in judged.proposal.progress)
    quiet = judged.step_quiet + 1 if is_quiet and not is_progress and now >= judged.settled_at else 0
    of_step = (*judged.step_seen, seen)[-50:] if seen is not None else judged.step_seen
    after = replace(judged, step_quiet=quiet, step_seen=of_step)
    if after.ending not in {None, Ending.STILL_BAD}:
        return after
    if quiet >= QUIET_NEEDED and not after.quiet_in_a_row:
        return replace(after, ending=Ending.STEP)
    is_hopeful = quiet > 0 or (is_progress and now < after.deadline + LONGEST_PROGRESS)
    return replace(after, ending=None) if is_hopeful else after


def judge(
    attempt: Attempt,
    measured: Measurement | None,
    is_quiet: bool,  # noqa: FBT001 - the judgement's own word
    worse: frozenset[str],
    now: datetime,
    interval: float,
) -> Attempt:
    """The attempt after one more look: FIXED after three quiet ones in a row past settling, WORSE, STILL_BAD at the deadline, or none yet.

    While a sign of progress is seen, what else is bad may be bad because of it: nothing is judged until LONGEST_PROGRESS is over.
    `measured` None means that we could not measure: then only the source's word counts, and the best ending is UNPROVEN.
    """
    is_settled = now >= attempt.settled_at
    is_progress = measured is not None and any(sign in measured.detail for sign in attempt.proposal.progress)
    quiet = attempt.quiet_in_a_row + 1 if is_quiet and is_settled and not is_progress else 0
    proven = attempt.proven_in_a_row + 1 if quiet and measured is not None else 0
    seen = (*attempt.measurements, measured)[-50:] if measured is not None else attempt.measurements
    after = replace(
        attempt,
        measurements=seen,
        quiet_in_a_row=quiet,
        proven_in_a_row=proven,
        next_measure=now + timedelta(seconds=interval),
    )
    if not is_settled:
        soon = min(attempt.settled_at, now + timedelta(seconds=interval))
        return replace(after, next_measure=max(soon, now + timedelta(milliseconds=200)))
    is_hopeful = is_progress and now < attempt.deadline + LONGEST_PROGRESS
    if worse and not is_hopeful:
        return replace(after, ending=Ending.WORSE)
    if proven >= QUIET_NEEDED:
        return replace(after, ending=Ending.FIXED)
    if quiet >= QUIET_NEEDED and measured is None:
        return replace(after, ending=Ending.UNPROVEN)
    if now >= attempt.deadline and not is_hopeful and (is_progress or not is_quiet):
        return replace(after, ending=Ending.STILL_BAD)
    return after
