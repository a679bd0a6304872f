"""A look that a model called for, made: filled like any other, played in the sandbox, and told as untrusted text."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.errors import AnswerError, InvalidError, sentence_of
from core.execution import Executor
from core.incident import Incident, Outcome
from core.inventory import Inventory
from core.look_tools import Look, look_called, may_look, tools_of
from core.model import Tool, ToolCall
from core.parameters import fill
from core.ports import Catalog
from core.proposal import Evidence
from core.skill_manifest import Skill, SkillState
from core.untrusted import fenced
from core.world import Json

MOST_SEEN = 2500
"""Characters of one look that a model is shown."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look came to: `text` for the model, evidence for a card. `is_invalid`: it was not made, and `text` says what was wrong."""

    text: str
    evidence: tuple[Evidence, ...] = ()
    is_invalid: bool = False


class CalledLooks:
    """Looks by the name of a skill, with values that a model wrote; whatever it names is checked here, as the house is at this moment."""

    def __init__(
        self, executor: Executor, catalog: Catalog, inventory: Inventory, state_on: Callable[[Skill, str], SkillState]
    ) -> None:
        self._executor, self._catalog, self._inventory, self._state_on = executor, catalog, inventory, state_on

    def tools(self, names: Sequence[str], hosts: Sequence[str]) -> tuple[Tool, ...]:
        """Those of the names that are still skills which only look."""
        return tools_of(self._skills(names), hosts)

    def make(self, call: ToolCall, incident: Incident, names: Sequence[str], hosts: Sequence[str]) -> Seen:
        """One look on one of the hosts; never raises for what the model wrote or the host does."""
        try:
            look = look_called(call, self._skills(names), self._inventory, incident.host, hosts)
            skill = self._catalog.get(look.skill)
            if not may_look(skill, self._state_on(skill, look.host)):
                raise AnswerError(f"{skill.name} does not look on {look.host}")
            outcome = self._executor.look(skill, look.host, self._filled(skill, look, incident), incident.id)
        except InvalidError as error:
            return Seen(error.message, is_invalid=True)
        return _seen(look, outcome, incident)

    def _filled(self, skill: Skill, look: Look, incident: Incident) -> dict[str, Json]:
        """What the model left out is filled as for any look; on another host nothing of this alert is known to hold."""
        alert = incident.alert
        if look.host != incident.host:
            alert = replace(alert, host=look.host, signal=replace(alert.signal, object=""), text="", labels=())
        filled = fill(skill, alert, {}, self._inventory, {}, dict(look.values))
        if filled.missing:
            raise AnswerError(f"{skill.name}: {filled.missing}; give it a value")
        plain: dict[str, Json] = {}
        for name, value in filled.values:
            plain[name] = list(value.value) if isinstance(value.value, tuple) else value.value
        return plain

    def _skills(self, names: Sequence[str]) -> tuple[Skill, ...]:
        by_name = {skill.name: skill for skill in self._catalog.skills() if skill.is_looker}
        return tuple(by_name[name] for name in names if name in by_name)


def _seen(look: Look, outcome: Outcome, incident: Incident) -> Seen:
    source = look.skill if look.host == incident.host else f"{look.skill} on {look.host}"
    said = f"could not look: {sentence_of(outcome.error)}" if outcome.error else outcome.summary
    facts = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in outcome.facts]
    text = fenced(f"{look.skill} on {look.host}", "\n".join([said, *facts]), MOST_SEEN)
    return Seen(text, (Evidence(source, said),))
