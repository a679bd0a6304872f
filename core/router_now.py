"""The router over the skills, what people taught it and what they approved, as all of that is now."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from core.calibration import Gates, Sample, gates_for
from core.errors import TamperedError
from core.mind_ports import SemanticIndex
from core.people_ports import Standing
from core.ports import Catalog
from core.routing import Router
from core.skill_manifest import Skill
from core.trigger import LearnedTrigger


class RouterNow:
    """Builds one index and keeps it until a skill or what was learned has changed. Several threads may ask at once."""

    def __init__(
        self, catalog: Catalog, triggers: Standing[LearnedTrigger], semantic: SemanticIndex | None = None
    ) -> None:
        self._catalog, self._triggers, self._semantic = catalog, triggers, semantic
        self._building = threading.Lock()
        self._kept: tuple[object, Router] | None = None

    def __call__(self) -> Router:
        """The one that holds now."""
        skills, learned = self._catalog.skills(), self._learned()
        key = (tuple((skill.name, skill.identity, skill.state) for skill in skills), learned)
        with self._building:
            if self._kept is None or self._kept[0] != key:
                self._kept = (key, self._built(skills, learned))
            return self._kept[1]

    def _learned(self) -> tuple[LearnedTrigger, ...]:
        """A list that somebody changed teaches nothing; that it does not verify is said where all such rows are."""
        try:
            return tuple(one for one in self._triggers.all() if one.ended is None)
        except TamperedError:
            return ()

    def _built(self, skills: Sequence[Skill], learned: Sequence[LearnedTrigger]) -> Router:
        gates = gates_for(tuple(samples_of(skills, learned)))
        router = Router(skills, learned, self._semantic.scores if self._semantic is not None else None, gates)
        if self._semantic is not None:
            self._semantic.learn(router.texts)
        return router


def samples_of(skills: Sequence[Skill], learned: Sequence[LearnedTrigger]) -> Iterator[Sample]:
    """How the skills' own words alone would have stood on what people said, and whether they were right.

    Nothing that was learned may vouch for itself; what was said not to mean a skill tells nothing of one that names another.
    """
    if not learned:
        return
    untaught = Router(skills, gates=Gates(floor=0.0))
    for one in learned:
        matches = untaught.shortlist(one.text)
        is_named = bool(matches) and matches[0].skill.name == one.skill
        if is_named or (matches and not one.is_wrong):
            yield Sample(matches[0].score, untaught.margin(matches), is_named and not one.is_wrong)
