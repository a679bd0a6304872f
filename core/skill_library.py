"""Libraries that a skill may declare: `skills/deps.lock` names each with its version, its modules and the SHA-256 of its text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.errors import InvalidError

_NAME = re.compile(r"[a-z][a-z0-9-]{0,60}")
_VERSION = re.compile(r"[0-9][0-9a-z.]{0,30}")
_MODULE = re.compile(r"[a-z][a-z0-9_]{0,40}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_KEYS = {"version", "modules", "needs", "sha256"}


@dataclass(frozen=True, slots=True)
class Library:
    """One of them. `modules` are its top level ones, `needs` the names of others; `sha256` is of all the text that a guest gets."""

    name: str
    version: str
    modules: tuple[str, ...]
    needs: tuple[str, ...]
    sha256: str

    @property
    def pin(self) -> str:
        """As a skill's header declares it."""
        return f"{self.name}=={self.version}"


Libraries = Mapping[str, Library]
NO_LIBRARIES: Libraries = MappingProxyType({})


def read_libraries(text: str) -> Libraries:
    """The lock as it stands in its file; raises InvalidError."""
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidError(f"deps.lock is no JSON: {error}") from error
    if not isinstance(table, dict):
        raise InvalidError("deps.lock maps names of libraries to what is pinned of them")
    found = {name: _library(name, entry) for name, entry in table.items()}
    missing = sorted({need for library in found.values() for need in library.needs} - set(found))
    if missing:
        raise InvalidError(f"deps.lock: {missing[0]} is needed and not in it")
    return MappingProxyType(found)


def declared(pins: Iterable[object], locked: Libraries) -> tuple[Library, ...]:
    """What a header declares, each exactly as locked; raises InvalidError for anything else."""
    return tuple(_declared(pin, locked) for pin in pins)


def with_needs(libraries: Iterable[Library], locked: Libraries) -> tuple[Library, ...]:
    """They and all that they need, by name."""
    found: dict[str, Library] = {}
    queue = [*libraries]
    while queue:
        library = queue.pop()
        if library.name not in found:
            found[library.name] = library
            queue += [locked[name] for name in library.needs]
    return tuple(found[name] for name in sorted(found))


def _declared(pin: object, locked: Libraries) -> Library:
    found = next((library for library in locked.values() if library.pin == pin), None)
    if found is None:
        known = ", ".join(sorted(library.pin for library in locked.values())) or "none"
        raise InvalidError(f"dependencies: {str(pin)[:80]!a} is not in skills/deps.lock; known: {known}")
    return found


def _library(name: str, entry: object) -> Library:
    if not _NAME.fullmatch(name) or not isinstance(entry, dict) or set(entry) != _KEYS:
        raise InvalidError(f"deps.lock: {name[:60]!a} needs {', '.join(sorted(_KEYS))}")
    library = Library(
        name,
        _word(entry["version"], _VERSION),
        _words(entry["modules"], _MODULE),
        _words(entry["needs"], _NAME),
        _word(entry["sha256"], _DIGEST),
    )
    if not library.modules or "core" in library.modules:
        raise InvalidError(f"deps.lock: {name} has modules that no skill may import")
    return library


def _words(value: object, form: re.Pattern[str]) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InvalidError(f"deps.lock: {str(value)[:60]!a} is no list")
    return tuple(_word(one, form) for one in value)


def _word(value: object, form: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise InvalidError(f"deps.lock: {str(value)[:60]!a} does not belong there")
    return value
