"""In-memory catalog of skills."""

from __future__ import annotations

from core.errors import UnknownError
from core.skill_manifest import Skill


class FakeCatalog:
    """The skills it was given, by name."""

    def __init__(self, *skills: Skill) -> None:
        self._skills = {skill.name: skill for skill in skills}

    def put(self, skill: Skill) -> None:
        """Adds one, or replaces the one of that name."""
        self._skills[skill.name] = skill

    def skills(self) -> tuple[Skill, ...]:
        return tuple(sorted(self._skills.values(), key=lambda skill: skill.name))

    def get(self, name: str) -> Skill:
        if name not in self._skills:
            raise UnknownError("skill", name, tuple(sorted(self._skills)))
        return self._skills[name]
