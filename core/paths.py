"""Absolute paths as text: read strictly, never cleaned up, and matched against patterns component by component."""

from __future__ import annotations

import re
import unicodedata

from core.errors import InvalidError

Parts = tuple[str, ...]

_LONGEST = 4095
_HIDDEN_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Characters that Unicode calls letters, marks or symbols and that nobody can see."""


def has_hidden_character(text: str) -> bool:
    """True for anything a reader cannot see or that reorders what is seen: control, format, surrogate, unassigned, odd spaces."""
    return not text.isprintable() or any(
        character in _HIDDEN_LETTERS or "\ufe00" <= character <= "\ufe0f" or unicodedata.category(character) == "Co"
        for character in text
    )


def parts_of(path: object) -> Parts:
    """`/a/b` -> `("a", "b")`; raises InvalidError for every other spelling of a path (`.`, `..`, `//`, a slash at the end)."""
    if not isinstance(path, str) or not path.startswith("/"):
        raise InvalidError(f"{str(path)[:80]!r} is not an absolute path")
    if len(path.encode("utf-8", "surrogatepass")) > _LONGEST:
        raise InvalidError(f"path of {len(path)} characters is too long")
    if has_hidden_character(path):
        raise InvalidError(f"{path[:80]!a} has a control or invisible character")
    if path == "/":
        return ()
    parts = tuple(path[1:].split("/"))
    if any(part in ("", ".", "..") for part in parts):
        raise InvalidError(f"{path[:80]!r} must be written without '.', '..', '//' and a slash at the end")
    return parts


def pattern_of(text: str) -> Parts:
    """Like `parts_of`, for a pattern: `*` is any run inside one component, `**` any number of whole components, at most once."""
    parts = parts_of(text)
    if any(character in part for part in parts for character in "?[]{}\\"):
        raise InvalidError(f"{text[:80]!r}: only '*' and '**' are wildcards here")
    if parts.count("**") > 1 or any("**" in part and part != "**" for part in parts):
        raise InvalidError(f"{text[:80]!r}: '**' stands alone between slashes, once")
    return parts


def literal_parts(pattern: Parts) -> Parts:
    """The components before the first wildcard."""
    for index, part in enumerate(pattern):
        if "*" in part:
            return pattern[:index]
    return pattern


def matches(pattern: Parts, parts: Parts) -> bool:
    """True when the path lies in the pattern; a `*` never stands for a leading dot."""
    if "**" not in pattern:
        return len(pattern) == len(parts) and all(map(matches_component, pattern, parts))
    index = pattern.index("**")
    before, after = pattern[:index], pattern[index + 1 :]
    if len(parts) < len(before) + len(after):
        return False
    tail = parts[len(parts) - len(after) :] if after else ()
    return all(map(matches_component, before, parts)) and all(map(matches_component, after, tail))


def matches_component(pattern: str, name: str) -> bool:
    """One component against one pattern with `*`."""
    if "*" not in pattern:
        return pattern == name
    if name.startswith(".") and not pattern.startswith("."):
        return False
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None
