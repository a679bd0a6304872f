"""How an idea is come to, cheapest first: what a person asked for, the plan under way, memory, rules, a vote, an investigation.

Each tier takes over where the one before it settled nothing, and each may be missing. Tiers choose; only policy permits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from core.approval import Approval, Verdict
from core.diagnosis import Diagnosis
from core.incident import Incident
from core.investigation import Investigation
from core.plan import step_before
from core.ports import Flow
from core.proposal import Evidence, Idea, NothingHelps, Proposal, Question
from core.task import is_task, is_wish
from core.voting import Voting
from core.wishes import Wishes

MOST_QUESTIONS = 2
"""Questions to a person in one incident; then a person has all of it."""


class Deliberation:
    """Every step is journalled, so that a model is not paid twice after a kill."""

    def __init__(
        self,
        diagnosis: Diagnosis,
        wishes: Wishes,
        voting: Voting,
        investigation: Investigation,
        asked_before: Callable[[str], Sequence[Approval]],
    ) -> None:
        self._diagnosis, self._wishes = diagnosis, wishes
        self._voting, self._investigation = voting, investigation
        self._asked_before = asked_before

    def propose(self, incident: Incident, flow: Flow) -> Idea:
        """What is best known to do; NothingHelps where nobody knows."""
        if is_wish(incident.alert):
            return flow.step("prepare the wish", self._wishes.prepare, incident)
        if is_task(incident.alert):
            return flow.step("prepare the task", self._diagnosis.prepare_task, incident)
        if incident.picked:
            return flow.step("prepare the pick", self._diagnosis.prepare_pick, incident)
        before = step_before(incident)
        if before is None:
            return self._think_anew(incident, (), flow)
        following = flow.step("prepare the next step", self._next_step, incident, before)
        if isinstance(following, Proposal):
            return following
        cut_short = Evidence("plan", f"its step {before.step + 1} does not fit any more: {following.reason}")
        return self._think_anew(incident, (cut_short, *following.evidence), flow)

    def _think_anew(self, incident: Incident, seen: tuple[Evidence, ...], flow: Flow) -> Idea:
        """Without a plan; `seen` is what the end of one has shown."""
        recalled = flow.step("remember", self._diagnosis.recall, incident)
        if recalled is not None:
            return recalled
        by_rules = flow.step("think", self._diagnosis.think, incident)
        if isinstance(by_rules, Proposal):
            return by_rules
        so_far = replace(by_rules, evidence=(*seen, *by_rules.evidence))
        voted = flow.step("vote", self._voting.vote, incident, so_far)
        if isinstance(voted, Proposal):
            return voted
        found = self._investigation.investigate(incident, voted, flow)
        return flow.step("how often asked", self._bounded, found) if isinstance(found, Question) else found

    def _next_step(self, incident: Incident, before: Proposal) -> Proposal | NothingHelps:
        """What follows a finished step, prepared like the first one: fresh looks, its values, its conditions, a dry run."""
        step, *rest = before.then
        done = Evidence("plan", f"its step {before.step} is done: {before.skill}")
        prepared = self._diagnosis.prepare(incident, step, before.tier, before.words, tuple(rest), (done,))
        return replace(prepared, step=before.step + 1) if isinstance(prepared, Proposal) else prepared

    def _bounded(self, question: Question) -> Question | NothingHelps:
        """A model that keeps asking gets no further by it; what was put aside unanswered does not count."""
        asked = (one for one in self._asked_before(question.incident) if isinstance(one.asks, Question))
        former = sum(one.round != question.round and one.verdict is not Verdict.HELD for one in asked)
        if former < MOST_QUESTIONS:
            return question
        reason = "asked two questions already and still does not know"
        return NothingHelps(question.incident, reason, question.evidence)

    def is_still_the_plan(self, approval: Approval) -> bool:
        """False where a dry run would now have other effects than those that were approved."""
        return self._diagnosis.is_still_the_plan(approval)
