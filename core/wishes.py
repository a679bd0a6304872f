"""What free words ask to be done, made ready: one skill is prepared like any proposal, several are choices, none is said so."""

from __future__ import annotations

from collections.abc import Callable

from core.diagnosis import Diagnosis
from core.incident import Incident
from core.look_tools import may_look
from core.proposal import Choices, Idea, NothingHelps, PlanStep, Proposal, Tier
from core.routing import Match, Router
from core.skill_manifest import Skill, SkillState
from core.task import Wished, wished_in

MOST_CHOICES = 3
_RUNNABLE = frozenset({SkillState.OWNED, SkillState.TRIAL})


class Wishes:
    """Between a person's words and a proposal. It permits nothing, and no value in the words counts as typed."""

    def __init__(
        self, diagnosis: Diagnosis, router: Callable[[], Router], state_on: Callable[[Skill, str], SkillState]
    ) -> None:
        self._diagnosis, self._router, self._state_on = diagnosis, router, state_on

    def prepare(self, incident: Incident) -> Idea:
        """A proposal, choices, or why there is neither."""
        wished = wished_in(incident.alert)
        skill = incident.picked or wished.skill
        if not skill:
            return self._which(incident, wished.words)
        if skill in incident.tried:
            return NothingHelps(incident.id, f"{skill} was refused or tried; nothing else was asked for")
        if wished.is_models and not incident.picked:
            return self._chosen_by_a_model(incident, wished)
        return self._by_hand(incident, skill)

    def _by_hand(self, incident: Incident, skill: str) -> Idea:
        """The skill itself; where that finds nothing to do, one that does the same to something else: `restart` is several skills."""
        first = self._diagnosis.prepare_by_hand(incident, skill, {})
        if isinstance(first, Proposal):
            return first
        for other in self._alike(incident, skill):
            idea = self._diagnosis.prepare_by_hand(incident, other, {})
            if isinstance(idea, Proposal):
                return idea
        return first

    def _alike(self, incident: Incident, skill: str) -> tuple[str, ...]:
        verb = skill.partition("_")[0]
        near = self._router().shortlist(wished_in(incident.alert).words, 10)
        names = (one.skill.name for one in near if self._may_act(one, incident) and one.skill.name != skill)
        return tuple(name for name in names if name.partition("_")[0] == verb)[:MOST_CHOICES]

    def _chosen_by_a_model(self, incident: Incident, wished: Wished) -> Idea:
        """A model only points. Where its skill does not fit what is seen, but the person's own words name it too, it is theirs."""
        step = PlanStep(wished.skill, wished.suggested, "", wished.why)
        idea = self._diagnosis.prepare(incident, step, Tier.BRAIN, wished.why)
        is_named = wished.skill in {one.skill.name for one in self._router().shortlist(wished.words, MOST_CHOICES)}
        return idea if isinstance(idea, Proposal) or not is_named else self._by_hand(incident, wished.skill)

    def _which(self, incident: Incident, words: str) -> Idea:
        router = self._router()
        able = tuple(one for one in router.shortlist(words, 10) if self._may_act(one, incident))[:MOST_CHOICES]
        if not able:
            return NothingHelps(incident.id, "I know no skill for these words")
        if router.is_clear(able):
            return self._by_hand(incident, able[0].skill.name)
        names = tuple(one.skill.name for one in able)
        return Choices(incident.id, incident.round, incident.host, names, tuple(one.skill.summary for one in able))

    def _may_act(self, one: Match, incident: Incident) -> bool:
        state = self._state_on(one.skill, incident.host)
        return state in _RUNNABLE and not may_look(one.skill, state) and one.skill.name not in incident.tried
