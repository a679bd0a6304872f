"""The texts that models are asked with: `core/prompts/NAME.md`, each with a version, filled by name and never by format strings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from core.errors import InvalidError

_VERSION = re.compile(r"version: (\d{1,4})\n\n?")
_PLACE = re.compile(r"\{\{([a-z_]+)\}\}")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One text. `id` is `name@version`, which every call is kept with."""

    name: str
    version: int
    text: str

    @property
    def id(self) -> str:
        """As it stands in the audit."""
        return f"{self.name}@{self.version}"

    @property
    def places(self) -> frozenset[str]:
        """The names that must be filled in."""
        return frozenset(_PLACE.findall(self.text))

    def filled(self, **values: str) -> str:
        """The text with every `{{name}}` replaced once; what stands in a value is never replaced again.

        Raises InvalidError unless exactly the places are given.
        """
        if set(values) != self.places:
            raise InvalidError(f"prompt {self.name} has the places {', '.join(sorted(self.places))}")
        return _PLACE.sub(lambda match: values[match[1]], self.text)


@cache
def prompt(name: str) -> Prompt:
    """The prompt of that name; raises InvalidError for a file whose first line is no `version: N`."""
    text = resources.files("core").joinpath("prompts", f"{name}.md").read_text("utf-8")
    match = _VERSION.match(text)
    if match is None:
        raise InvalidError(f"prompt {name} does not begin with `version: N`")
    return Prompt(name, int(match[1]), text[match.end() :].strip())
