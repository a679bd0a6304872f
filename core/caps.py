"""How much is repaired, in every mode: one repair on one thing, one host, the fleet; and one new host at a time (TRUST 4).

Counted from what was begun within the hour, so that no restart forgets it. A run counts once it had an effect, and when it was cut off,
because nobody knows; taking something back is no repair and is never held up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from core.approval import Answer, Approval
from core.authority import POLICY
from core.errors import BusyError, NightshiftError
from core.incident import Attempt, Ending, Incident, IncidentState
from core.ports import Clock, History, IncidentLog
from core.proposal import Proposal
from core.restraint import Restrain, Restraint
from core.task import UNDO, is_task

WITHIN = timedelta(hours=1)
SAME_REPAIR = 3
PER_HOST = 10
PER_FLEET = 30
REFUSED_OVER = 3
"""So many times the limit of a host or of the fleet is refused; from the limit on a person is asked."""

RELAPSE = "it does not last, please see why"
"""In the reason of every hand-over of a repair that did not last."""

_BAD = frozenset({Ending.WORSE, Ending.STILL_BAD, Ending.FAILED, Ending.WRONG})


def counts(attempt: Attempt) -> bool:
    """True for a repair that had an effect, or may have had one."""
    had_effect = attempt.outcome is None or attempt.outcome.effects > 0
    return had_effect and attempt.proposal.skill != UNDO


def cap(done: int, limit: int, where: str) -> Restraint | None:
    """What a limit says of one repair more."""
    if done < limit:
        return None
    least = Answer.DENY if done >= limit * REFUSED_OVER else Answer.ASK1
    return Restraint(least, f"{done} repairs {where} within the hour; {limit} is the limit", "caps")


def at_once(verified: int) -> int:
    """On how many hosts a repair may be under way, after so many hosts on which it was verified: 1, then 2, 4, 8 …"""
    return 1 << ((verified + 1).bit_length() - 1)


def is_alone(approval: Approval) -> bool:
    """True for a yes that no person gave at that moment."""
    return approval.by == (POLICY,) or bool(approval.order)


@dataclass(frozen=True, slots=True)
class Caps:
    """Reads what was begun, and says what that means for one more."""

    history: History
    log: IncidentLog
    clock: Clock

    @property
    def restraints(self) -> tuple[Restrain, ...]:
        """All of them, for the desk."""
        return (self.relapse, self.busy_host, self.busy_fleet, self.failed_elsewhere)

    def relapse(self, incident: Incident, proposal: Proposal) -> Restraint | None:
        """The same repair on the same thing three times within the hour: it does not last, and a person has to see why.

        What a person typed as a command is theirs to repeat.
        """
        if proposal.skill == UNDO or is_task(incident.alert):
            return None
        same = sum(self._is_same(attempt, incident, proposal) for attempt in self._begun() if counts(attempt))
        if same < SAME_REPAIR:
            return None
        return Restraint(Answer.DENY, f"repaired {same} times within the hour: {RELAPSE}", "caps")

    def busy_host(self, _: Incident, proposal: Proposal) -> Restraint | None:
        """Ten repairs on one host within the hour."""
        done = sum(counts(attempt) and attempt.proposal.host == proposal.host for attempt in self._begun())
        return None if proposal.skill == UNDO else cap(done, PER_HOST, f"on {proposal.host}")

    def busy_fleet(self, _: Incident, proposal: Proposal) -> Restraint | None:
        """Thirty repairs anywhere within the hour."""
        done = sum(counts(attempt) for attempt in self._begun())
        return None if proposal.skill == UNDO else cap(done, PER_FLEET, "in the fleet")

    def failed_elsewhere(self, _: Incident, proposal: Proposal) -> Restraint | None:
        """What failed on one host within the hour is tried on no other one without a person."""
        for attempt in self._elsewhere(proposal):
            if attempt.ending in _BAD:
                return Restraint(Answer.ASK1, f"it failed on {attempt.proposal.host}", "caps")
        return None

    def require_turn(self, approval: Approval) -> None:
        """Raises BusyError while this repair, which nobody looks at now, is under way on as many other hosts as it may be."""
        proposal = approval.proposal
        if proposal is None or not is_alone(approval) or proposal.skill == UNDO:
            return
        others = tuple(self._elsewhere(proposal))
        verified = {attempt.proposal.host for attempt in others if attempt.ending is Ending.FIXED}
        under_way = {attempt.proposal.host for attempt in others if attempt.ending is None and self._is_open(attempt)}
        if len(under_way) >= at_once(len(verified)):
            raise BusyError(f"skill:{proposal.skill}")

    # ---- inside -----------------------------------------------------------------------------------------------------------------

    def _begun(self) -> tuple[Attempt, ...]:
        return self.history.attempts(self.clock.now() - WITHIN)

    def _elsewhere(self, proposal: Proposal) -> Iterable[Attempt]:
        """The same skill, to the byte, on other hosts."""
        for attempt in self._begun():
            if attempt.proposal.sha256 == proposal.sha256 and attempt.proposal.host != proposal.host:
                yield attempt

    def _is_same(self, attempt: Attempt, incident: Incident, proposal: Proposal) -> bool:
        before = attempt.proposal
        if (before.skill, before.host) != (proposal.skill, proposal.host):
            return False
        former = self._incident_of(attempt)
        return former is None or former.signal.object == incident.signal.object

    def _is_open(self, attempt: Attempt) -> bool:
        incident = self._incident_of(attempt)
        return incident is None or incident.state is not IncidentState.CLOSED

    def _incident_of(self, attempt: Attempt) -> Incident | None:
        """None where its row does not verify: then the stricter of two readings holds."""
        try:
            return self.log.load(attempt.incident)
        except NightshiftError:
            return None
