"""The catalog with the operator's own commands in it: one whose files here are not what was adopted is changed, and is asked about."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from core.action import Action, files_named
from core.action_skill import adopted_as, skill_of
from core.adopted_files import LARGEST
from core.alert import LOCALHOST
from core.errors import UnknownError
from core.ports import Catalog
from core.skill_manifest import Skill, SkillState

Stamp = tuple[int, int, int]


class ActionCatalog:
    """Catalog over another one. Only what it made itself is ever an action; a skill's text cannot claim to be one."""

    def __init__(self, files: Catalog, actions: Iterable[Action]) -> None:
        self._files, self._actions = files, {action.skill: action for action in actions}
        self._made: dict[str, Action] = {}
        self._hashes: dict[str, tuple[Stamp, str]] = {}

    def skills(self) -> tuple[Skill, ...]:
        """See `core.ports.Catalog`; a skill of the library keeps its name where an action has the same."""
        library = self._files.skills()
        names = {skill.name for skill in library}
        own = (self._skill(action) for name, action in self._actions.items() if name not in names)
        return tuple(sorted((*library, *own), key=lambda skill: skill.name))

    def get(self, name: str) -> Skill:
        """See `core.ports.Catalog`; an action also by the name that its line in nightshift.toml has."""
        try:
            return self._files.get(name)
        except UnknownError:
            action = self._actions.get(name.replace("-", "_"))
            if action is None:
                raise
            return self._skill(action)

    def action(self, skill: Skill) -> Action | None:
        """The operator's line that this very text was made from, None for any other skill."""
        made = self._made.get(skill.sha256)
        return made if made is not None and made.skill == skill.name else None

    def _skill(self, action: Action) -> Skill:
        """On trial where the files here are what was adopted; with their content of now, and changed, where they are not."""
        now = adopted_as(action, self._files_here(action)) if self._is_here(action) else action
        state = SkillState.TRIAL if now.files == tuple(sorted(action.files)) and now.files else SkillState.CHANGED
        skill = skill_of(now, state)
        self._made[skill.sha256] = now
        return skill

    @staticmethod
    def _is_here(action: Action) -> bool:
        return not action.hosts or LOCALHOST in action.hosts

    def _files_here(self, action: Action) -> tuple[tuple[str, str], ...]:
        """A file that cannot be read here keeps the hash it was adopted with; the run refuses it."""
        adopted, found = dict(action.files), {}
        for path in (*files_named(action.command), *files_named(action.undo)):
            sha256 = self._hash_of(path) or adopted.get(path, "")
            if sha256:
                found[path] = sha256
        return tuple(found.items())

    def _hash_of(self, path: str) -> str:
        try:
            info = os.lstat(path)
            stamp = (info.st_ctime_ns, info.st_size, info.st_ino)
            if not stat.S_ISREG(info.st_mode) or info.st_size > LARGEST:
                return ""
            if path not in self._hashes or self._hashes[path][0] != stamp:
                self._hashes[path] = (stamp, hashlib.sha256(Path(path).read_bytes()).hexdigest())
        except OSError:
            return ""
        return self._hashes[path][1]
