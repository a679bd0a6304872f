"""A look that a person's free words ask for: filled from the words and what is known, made, and told as evidence."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping

from core.alert import Alert
from core.errors import InvalidError
from core.execution import Executor
from core.inventory import Inventory
from core.known_names import NOTHING_KNOWN, Known
from core.origin import Origin, Scalar, Value
from core.parameters import Filled, fill
from core.skill_manifest import Skill
from core.talk import Looked
from core.world import Json

MOST_LOOKS = 8
_NOTHING: Mapping[str, Scalar] = {}


class AskedLooks:
    """Makes looks for a conversation; it has no rights that a diagnosis has not."""

    def __init__(
        self, executor: Executor, inventory: Inventory, known: Callable[[], Known] = lambda: NOTHING_KNOWN
    ) -> None:
        self._executor, self._inventory, self._known = executor, inventory, known

    def look(self, skill: Skill, words: Alert, suggested: Mapping[str, Scalar] = _NOTHING) -> Looked:
        """One look; what it is given is what the words, the checks of that host or a model name."""
        try:
            filled = self._filled(skill, words, suggested)
        except InvalidError as error:
            return Looked(skill.name, words.host, None, error.message)
        if filled.missing:
            return Looked(skill.name, words.host, None, filled.missing)
        values = {name: _plain(value) for name, value in filled.values}
        return Looked(skill.name, words.host, self._executor.look(skill, words.host, values, ""))

    def in_full(self, skill: Skill, words: Alert) -> str:
        """The command that a person would type for it: with what the words name, and with the name of what is lacking."""
        known = fill(skill, words, {}, self._inventory, {}, _NOTHING, self._known()).values
        values = {name: value for name, value in known if value.origin is not Origin.DEFAULT}
        parts = [
            f"{one.name}={shlex.quote(_typed(values[one.name].value)) if one.name in values else one.name.upper()}"
            for one in skill.parameters
            if one.is_required or one.name in values
        ]
        return " ".join((f"run {skill.name} host={words.host}", *parts))

    def _filled(self, skill: Skill, words: Alert, suggested: Mapping[str, Scalar]) -> Filled:
        known = self._known()
        filled = fill(skill, words, {}, self._inventory, {}, suggested, known)
        if not filled.missing:
            return filled
        have = {name for name, _ in filled.values}
        wanted = [one.name for one in skill.parameters if one.is_required and one.name not in have]
        usual = {name: value for name in wanted if (value := _usual(name, words.host, known))}
        return fill(skill, words, {}, self._inventory, {}, {**suggested, **usual}, known)


def _usual(parameter: str, host: str, known: Known) -> str:
    """What is meant where nothing is said: the only thing that this host is watched for, or its root disk."""
    named = {name.text for name in known.of(parameter, host)}
    if len(named) == 1:
        return named.pop()
    return "/" if parameter.rpartition("_")[2] == "mount" else ""


def _typed(value: Scalar) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _plain(value: Value) -> Json:
    return list(value.value) if isinstance(value.value, tuple) else value.value
