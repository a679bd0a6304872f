"""Cut off from every channel only standing orders act: nobody could see what is done, or say stop (TRUST 7)."""

from __future__ import annotations

from core.approval import Answer
from core.capability import Risk
from core.incident import Incident
from core.policy import Asker
from core.ports import Clock, Outbox
from core.proposal import Proposal
from core.restraint import Restrain, Restraint
from core.standing_orders import StandingOrders
from core.verification import Now, Standing

WHY = "cut off from every channel: only standing orders act"
SOURCE = "cut off"


def restrain_while_cut_off(outbox: Outbox, clock: Clock, orders: StandingOrders) -> Restrain:
    """A further rule for the desk; looking goes on, and so does what somebody signed ahead for this fault."""
    measured = Standing(Now.BAD, Asker.PROBE, "")

    def restrain(incident: Incident, proposal: Proposal) -> Restraint | None:
        if proposal.risk is Risk.LOW or outbox.cut_off(clock.now()) is None:
            return None
        has_order = orders.covering(incident, proposal, measured).order is not None
        return None if has_order else Restraint(Answer.ASK1, WHY, SOURCE)

    return restrain
