"""How a yes given ahead comes to be: from the card of a repair that worked for the third time, no wider than what was seen (TRUST 4)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

from core.approval import Approval, short_id
from core.capability import Risk
from core.diagnosis import group_of
from core.episode import FAILURES
from core.errors import NoOrderError, TamperedError, UnknownError
from core.incident import Ending, Incident
from core.inventory import Mode
from core.origin import Scalar
from core.people_ports import Standing as LaidDown
from core.ports import ApprovalBook, Catalog, Clock, IncidentLog, Memory
from core.proposal import Proposal
from core.skill_manifest import Skill, SkillState
from core.standing_order import LIFE_DAYS, Bound, Fault, StandingOrder, bounds_of, is_wider, never_the_same
from core.standing_orders import Ground

NEEDED = 3
"""Verified successes of one fault, host group and hash since the last failure, undo or change."""


class OrderBirth:
    """Drafts orders; it lays none down and permits nothing. Raises NoOrderError with the first reason why there can be none."""

    def __init__(  # noqa: PLR0913, PLR0917 - composed once, in wiring
        self,
        orders: LaidDown[StandingOrder],
        memory: Memory,
        log: IncidentLog,
        book: ApprovalBook,
        catalog: Catalog,
        clock: Clock,
        ground: Ground,
        state_on: Callable[[Skill, str], SkillState],
    ) -> None:
        self._orders, self._memory, self._log, self._book = orders, memory, log, book
        self._catalog, self._clock, self._ground, self._state_on = catalog, clock, ground, state_on

    def is_offered(self, incident: str) -> bool:
        """Whether the card of this incident offers `next time, don't wake me`."""
        try:
            self.draft(incident, "")
        except (NoOrderError, TamperedError, UnknownError):
            return False
        return True

    def draft(self, incident_id: str, author: str) -> StandingOrder:
        """The order that an incident would become, PROPOSED; the same press again makes the same one."""
        incident = self._log.load(incident_id)
        proposal = self._repair_of(incident)
        skill = self._skill_of(proposal, incident.host)
        fault = Fault(
            skill.name,
            skill.sha256,
            str(incident.signal),
            incident.alert.fingerprint,
            group_of(self._ground.inventory, incident.host),
        )
        self._require_earned(fault)
        seen = self._seen(fault)
        bounds = bounds_of(seen, skill.parameters)
        if varies := never_the_same(bounds, len(seen)):
            raise NoOrderError("varies", varies)
        if is_wider(bounds, skill):
            raise NoOrderError("wider", skill.name)
        now = self._clock.now()
        order = StandingOrder(
            id=f"O-{short_id(_digest(fault, bounds, author, incident.id))}",
            skill=fault.skill,
            sha256=fault.sha256,
            signal=fault.signal,
            fingerprint=fault.fingerprint,
            group=fault.group,
            bounds=bounds,
            author=author,
            made=now,
            expires=now + timedelta(days=LIFE_DAYS),
            born_of=incident.id,
        )
        self._require_new(order, proposal)
        return order

    # ---- inside -----------------------------------------------------------------------------------------------------------------

    def _repair_of(self, incident: Incident) -> Proposal:
        """What fixed it, as the sealed row says it; only our own measurement wakes nobody the next time."""
        if incident.alert.is_claim:
            raise NoOrderError("claim")
        fixed = [one for one in incident.attempts if one.ending is Ending.FIXED]
        if incident.ending is not Ending.FIXED or not fixed:
            raise NoOrderError("notfixed", incident.id)
        proposal = self._book.load(fixed[-1].approval).proposal
        if proposal is None:
            raise NoOrderError("notfixed", incident.id)
        return proposal

    def _skill_of(self, proposal: Proposal, host: str) -> Skill:
        skill = next((one for one in self._catalog.skills() if one.name == proposal.skill), None)
        if skill is None or skill.sha256 != proposal.sha256:
            raise NoOrderError("changed", proposal.skill)
        if self._state_on(skill, host) is not SkillState.OWNED:
            raise NoOrderError("notowned", skill.name)
        if proposal.risk is not Risk.MEDIUM:
            raise NoOrderError("risk", proposal.risk.word)
        if self._ground.mode(host) is Mode.OBSERVE:
            raise NoOrderError("observe", host)
        return skill

    def _require_earned(self, fault: Fault) -> None:
        known = self._memory.recall(fault.fingerprint, fault.group)
        verified = sum(one.verified for one in known if (one.skill, one.sha256) == (fault.skill, fault.sha256))
        if verified < NEEDED:
            raise NoOrderError("early", str(verified))

    def _seen(self, fault: Fault) -> list[dict[str, Scalar]]:
        """The values of each verified run since the last failure, from the sealed rows of their yeses."""
        seen = []
        for episode in self._memory.episodes(fault.group, fault.skill, fault.sha256):
            if episode.fingerprint != fault.fingerprint:
                continue
            if episode.ending in FAILURES:
                break
            approval = self._approval(episode.id) if episode.ending is Ending.FIXED else None
            if approval is not None and approval.proposal is not None:
                seen.append({name: value.value for name, value in approval.proposal.parameters})
        return seen

    def _approval(self, id: str) -> Approval | None:
        try:
            return self._book.load(id)
        except (UnknownError, TamperedError):
            return None

    def _require_new(self, order: StandingOrder, proposal: Proposal) -> None:
        values = [(name, value.value) for name, value in proposal.parameters]
        for known in self._orders.all():
            if (
                known.ended is None
                and order.made < known.expires
                and known.fault == order.fault
                and known.allows(values)
            ):
                raise NoOrderError("covered", known.id)
            if known.id == order.id:
                raise NoOrderError("over", known.ended_why or "its time is up")


def _digest(fault: Fault, bounds: tuple[Bound, ...], author: str, incident: str) -> str:
    bound = [[one.parameter, [*one.values], one.least, one.most] for one in bounds]
    text = [fault.skill, fault.sha256, fault.signal, fault.fingerprint, fault.group, bound, author, incident]
    return hashlib.sha256(json.dumps(text).encode()).hexdigest()
