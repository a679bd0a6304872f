"""Cut off from every channel only standing orders act: nobody could see what is done, or say stop (TRUST 7)."""

from __future__ import annotations

from collections.abc import Callable

from core.approval import Answer
from core.capability import Risk
from core.incident import Incident
from core.ports import Clock, Outbox
from core.proposal import Proposal
from core.restraint import Restrain, Restraint

WHY = "cut off from every channel: only standing orders act"
SOURCE = "cut off"


def restrain_while_cut_off(outbox: Outbox, clock: Clock, has_order: Callable[[Incident, Proposal], bool]) -> Restrain:
    """A further rule for the desk; looking goes on, and so does what somebody signed ahead."""

    def restrain(incident: Incident, proposal: Proposal) -> Restraint | None:
        if proposal.risk is Risk.LOW or outbox.cut_off(clock.now()) is None or has_order(incident, proposal):
            return None
        return Restraint(Answer.ASK1, WHY, SOURCE)

    return restrain
