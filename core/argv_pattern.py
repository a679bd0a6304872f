"""Command lines as patterns: literal arguments and typed placeholders, matched argument by argument, never by a shell."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.errors import InvalidError
from core.paths import has_hidden_character, parts_of

_ARGUMENT = re.compile(r"[!#%&+,\-./0-9:<=>?@A-Z\[\]^_a-z|~]{1,200}")
"""What a literal argument of a grant may be: printable ASCII without blanks, quotes, `;`, `$`, `*`, braces and parentheses."""

_PLACEHOLDER = re.compile(r"(?P<prefix>[^{}]*)\{(?P<name>[a-z][a-z0-9_]{0,40})(?::(?P<type>[a-z]{2,8}))?\}")
_MOST_ARGUMENTS = 64


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`{name:type}`, or `{type}` alone for any value of a type; `prefix` is literal text glued in front, as in `@{addr}`."""

    prefix: str
    name: str
    type: str

    def accepts(self, argument: str) -> bool:
        """True for the prefix and a value of the type; a value never begins with a hyphen, so that it never becomes an option."""
        if not argument.startswith(self.prefix):
            return False
        value = argument.removeprefix(self.prefix)
        return not value.startswith("-") and is_of_type(self.type, value)

    def __str__(self) -> str:
        inside = self.name if self.name == self.type else f"{self.name}:{self.type}"
        return f"{self.prefix}{{{inside}}}"


Part = str | Placeholder


def is_of_type(kind: str, value: object) -> bool:
    """True when the text is a value of that placeholder type; False for a type nobody knows."""
    check = _TYPES.get(kind)
    return check is not None and isinstance(value, str) and not has_hidden_character(value) and check(value)


def parse_argv(text: str) -> tuple[Part, ...]:
    """Arguments separated by exactly one blank; raises InvalidError. `str()` of the parts joined by blanks is the text again."""
    words = text.split(" ")
    if len(words) > _MOST_ARGUMENTS:
        raise InvalidError(f"a command line has at most {_MOST_ARGUMENTS} arguments")
    return tuple(map(_parse_part, words))


def covers(pattern: tuple[Part, ...], argv: tuple[str, ...]) -> bool:
    """True when each argument is the literal, or is accepted by the placeholder, that stands in its place."""
    return len(pattern) == len(argv) and all(map(_covers_part, pattern, argv))


def is_within(pattern: tuple[Part, ...], shape: tuple[Part, ...]) -> bool:
    """True when everything that the pattern covers, the shape covers too."""
    return len(pattern) == len(shape) and all(map(_is_part_within, pattern, shape))


def _parse_part(word: str) -> Part:
    match = _PLACEHOLDER.fullmatch(word)
    if match is not None and (not match["prefix"] or _ARGUMENT.fullmatch(match["prefix"])):
        kind = match["type"] or match["name"]
        if match["type"] == match["name"]:
            raise InvalidError(f"{word!r}: write {{{kind}}}")
        if kind not in _TYPES:
            raise InvalidError(f"{word!r}: write {{name:type}}; types are {', '.join(sorted(_TYPES))}")
        return Placeholder(match["prefix"], match["name"], kind)
    if not _ARGUMENT.fullmatch(word):
        raise InvalidError(f"{word[:60]!r} cannot be an argument of a grant")
    return word


def _covers_part(part: Part, argument: str) -> bool:
    return part.accepts(argument) if isinstance(part, Placeholder) else part == argument


def _is_part_within(part: Part, shape: Part) -> bool:
    if not isinstance(shape, Placeholder):
        return part == shape
    if isinstance(part, Placeholder):
        return part.prefix == shape.prefix and part.type == shape.type
    return shape.accepts(part)


def _matching(expression: str) -> Callable[[str], bool]:
    pattern = re.compile(expression)
    return lambda value: pattern.fullmatch(value) is not None


def _is_path(value: str) -> bool:
    try:
        return bool(parts_of(value)) or value == "/"
    except InvalidError:
        return False


def _is_address(value: str) -> bool:
    try:
        return str(ipaddress.ip_address(value)) == value.lower() and "%" not in value
    except ValueError:
        return False


def _is_port(value: str) -> bool:
    return re.fullmatch(r"[1-9]\d{0,4}", value) is not None and int(value) < 1 << 16


_TYPES: Mapping[str, Callable[[str], bool]] = {
    "int": _matching(r"\d{1,12}"),
    "pid": _matching(r"[1-9]\d{0,9}"),
    "port": _is_port,
    "path": _is_path,
    "word": _matching(r"[A-Za-z0-9][A-Za-z0-9_.@:+,]{0,199}(?:-[A-Za-z0-9_.@:+,]+)*"),
    "unit": _matching(r"[A-Za-z0-9_][A-Za-z0-9_.@:+-]{0,127}"),
    "iface": _matching(r"[A-Za-z][A-Za-z0-9_.-]{0,14}"),
    "host": _matching(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?"),
    "addr": _is_address,
}
"""Placeholder types; none of them admits a blank, a quote, a wildcard or a shell character."""
