"""One trouble from the alert to its end: the incident, and every attempt at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.alert import Alert, Severity, Signal
from core.proposal import Proposal
from core.world import Json, Measurement


class IncidentState(StrEnum):
    """Where an incident stands. HELD: somebody has it, it sleeps, there is maintenance, or it is part of a deeper one."""

    OPEN = "open"
    WAITING = "waiting"
    ACTING = "acting"
    WATCHING = "watching"
    HELD = "held"
    CLOSED = "closed"


class Ending(StrEnum):
    """How an attempt or an incident ended; only FIXED is a success, and only a measurement says it.

    RESOLVED: closed by a person's word. WRONG, UNDONE: a person said afterwards that it was the wrong fix, or took it back; both take
    trust away, and only an episode ends so. STEP: a step of a plan did what it was for, which is neither a success nor a failure, and only
    an attempt ends so.
    """

    FIXED = "fixed"
    WORSE = "worse"
    STILL_BAD = "still bad"
    WENT_AWAY = "went away"
    UNPROVEN = "done, unproven"
    HANDED_OVER = "handed over"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    TAKEN = "taken"
    RESOLVED = "resolved"
    WRONG = "wrong"
    UNDONE = "undone"
    STEP = "step done"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back from one run of a skill; its `ok` is the skill's word and closes nothing."""

    run: str
    ok: bool
    summary: str
    facts: tuple[tuple[str, Json], ...]
    effects: int
    undoable: int
    started: datetime
    ended: datetime
    error: str = ""

    @property
    def is_rolled_back(self) -> bool:
        """True where the host took a change of its network back by itself."""
        return self.error.startswith("RolledBackError:")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One approved run and what was measured after it. `outcome` None means that we died halfway: measure, never guess.

    `quiet_in_a_row` counts the source's word too, `proven_in_a_row` only what we measured ourselves. `checks` is the signal that a step of
    a plan is checked by beside the waking one, '' for none; `step_seen` and `step_quiet` are what was measured of it.
    """

    id: str
    incident: str
    round: int
    approval: str
    proposal: Proposal
    outcome: Outcome | None
    began: datetime
    settled_at: datetime
    deadline: datetime
    next_measure: datetime
    measurements: tuple[Measurement, ...] = ()
    quiet_in_a_row: int = 0
    proven_in_a_row: int = 0
    was_good: tuple[str, ...] = ()
    ending: Ending | None = None
    checks: str = ""
    step_quiet: int = 0
    step_seen: tuple[Measurement, ...] = ()

    @property
    def was_kept_off(self) -> bool:
        """True where a person's stop, take or maintenance came before its first effect: that says nothing of the skill."""
        return self.outcome is not None and not self.outcome.effects and self.outcome.error.startswith("StoppedError: ")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One round that ended without an effect, and why: rejected, expired, denied."""

    round: int
    skill: str
    ending: Ending
    by: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Incident:
    """The trouble, the alert that opened it, and everything tried so far. `picked` is the skill a person chose from buttons.

    `lead` is the incident of the deeper cause that this one is part of, `storm` the storm that it came in; '' for neither.
    """

    id: str
    alert: Alert
    state: IncidentState
    opened: datetime
    count: int = 1
    round: int = 1
    picked: str = ""
    attempts: tuple[Attempt, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    closed: datetime | None = None
    ending: Ending | None = None
    lead: str = ""
    storm: str = ""

    @property
    def host(self) -> str:
        """The host that is in trouble."""
        return self.alert.host

    @property
    def signal(self) -> Signal:
        """The signal that woke us."""
        return self.alert.signal

    @property
    def severity(self) -> Severity:
        """How loud it is."""
        return self.alert.severity

    @property
    def tried(self) -> frozenset[str]:
        """Names of the skills that were run or refused; none of them is proposed again in this incident.

        A finished step of a plan is not among them: the same skill may serve another step, or another plan.
        """
        over = (one for one in self.attempts if not one.was_kept_off and one.ending is not Ending.STEP)
        run = (attempt.proposal.skill for attempt in over)
        return frozenset(run) | frozenset(r.skill for r in self.refusals)
