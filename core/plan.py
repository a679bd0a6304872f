"""Plans of several steps: how far one has come, what comes next, and what counts as a try.

Each step is prepared, asked about, run and checked like any repair. A finished one stays: it was measured to have done what it was for.
A step that does not verify is undone and ends its plan.
"""

from __future__ import annotations

from core.incident import Ending, Incident
from core.proposal import Proposal

MOST_STEPS = 5
"""Finished steps of one incident, of however many plans; after them a person has it."""

MOST_ROUNDS = 3
"""Tries of one incident; after them a person has it."""


def finished_steps(incident: Incident) -> int:
    """Steps that were measured to be done."""
    return sum(attempt.ending is Ending.STEP for attempt in incident.attempts)


def tries_of(incident: Incident) -> int:
    """Which try this is: every round is one, but for those that a finished step led to."""
    return incident.round - finished_steps(incident)


def step_before(incident: Incident) -> Proposal | None:
    """The finished step that another one is to follow; None where no plan is under way, or where its next step was refused."""
    if not incident.attempts:
        return None
    last = incident.attempts[-1]
    if last.ending is not Ending.STEP or any(refusal.round > last.round for refusal in incident.refusals):
        return None
    return last.proposal if last.proposal.then else None
