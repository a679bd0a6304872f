"""What the demo tells of one run of one night, as it was measured."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime

from bot.demo_nights import Night
from bot.messages.units import number
from bot.roster import Roster
from core.approval import Approval
from core.incident import Ending, Incident
from core.inventory import Inventory
from core.proposal import Proposal
from core.report import Report


@dataclass(frozen=True, slots=True)
class Told:
    """Times in seconds; tokens as the server of the model counted them."""

    night: str
    run: str
    incident: str
    ending: str
    detected_after: float
    decided_by: str
    waited_for_a_person: float
    repaired_after: float
    verified_by: str
    rounds: int
    evidence: tuple[str, ...]
    model_calls: int = 0
    tokens: int = 0

    @property
    def is_repaired(self) -> bool:
        """Only a measurement says so."""
        return self.ending == Ending.FIXED


def told_of(
    night: Night, run: str, incident: Incident, report: Report, asked: Approval | None, began: datetime
) -> Told:
    """One run; `asked` is its last question, None where nobody was asked anything."""
    proof = report.proof[-1] if report.proof else None
    names = Roster(Inventory((), ()), os.geteuid()).names()
    by = ", ".join(names.get(one, one) for one in report.decided_by) or "nobody"
    proposal = asked.asks if asked is not None and isinstance(asked.asks, Proposal) else None
    return Told(
        night=night.name,
        run=run,
        incident=incident.id,
        ending=report.ending,
        detected_after=(incident.opened - began).total_seconds(),
        decided_by=f"{report.tier or 'nobody'} ({asked.policy_line if asked else 'not asked'}; {by})",
        waited_for_a_person=0.0 if asked is None or asked.by == ("policy",) else report.asked_seconds,
        repaired_after=(report.closed - began).total_seconds(),
        verified_by=f"{proof.signal} = {number(proof.value)}, {len(report.proof)} times"
        if proof
        else "nothing measured",
        rounds=asked.round if asked else 0,
        evidence=tuple(f"{one.source}: {one.text}" for one in proposal.evidence) if proposal else (),
    )
