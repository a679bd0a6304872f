"""How an idea is come to, cheapest first: what a person asked for, what worked before, what rules say, a vote, an investigation.

Each tier takes over where the one before it settled nothing, and each may be missing. Tiers choose; only policy permits.
"""

from __future__ import annotations

from core.approval import Approval
from core.diagnosis import Diagnosis
from core.incident import Incident
from core.investigation import Investigation
from core.ports import Flow
from core.proposal import Idea, Proposal
from core.task import is_task
from core.voting import Voting


class Deliberation:
    """Every step is journalled, so that a model is not paid twice after a kill."""

    def __init__(self, diagnosis: Diagnosis, voting: Voting, investigation: Investigation) -> None:
        self._diagnosis, self._voting, self._investigation = diagnosis, voting, investigation

    def propose(self, incident: Incident, flow: Flow) -> Idea:
        """What is best known to do; NothingHelps where nobody knows."""
        if is_task(incident.alert):
            return flow.step("prepare the task", self._diagnosis.prepare_task, incident)
        if incident.picked:
            return flow.step("prepare the pick", self._diagnosis.prepare_pick, incident)
        recalled = flow.step("remember", self._diagnosis.recall, incident)
        if recalled is not None:
            return recalled
        by_rules = flow.step("think", self._diagnosis.think, incident)
        if isinstance(by_rules, Proposal):
            return by_rules
        voted = flow.step("vote", self._voting.vote, incident, by_rules)
        return voted if isinstance(voted, Proposal) else self._investigation.investigate(incident, voted, flow)

    def is_still_the_plan(self, approval: Approval) -> bool:
        """False where a dry run would now have other effects than those that were approved."""
        return self._diagnosis.is_still_the_plan(approval)
