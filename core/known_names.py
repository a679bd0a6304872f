"""Names that the inventory, the checks and what was seen know: what a word in a text is held against."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from core.alert import Signal
from core.check import Check
from core.extraction import MOST, extract
from core.origin import Origin

_WORD = re.compile(r"(?<![A-Za-z0-9_./-])[A-Za-z0-9_][A-Za-z0-9_.@-]*(?::\d{1,5}(?!\d))?")
"""A name as it stands in a text; Chinese is written up against it without a blank. What lies inside a path or another name is none."""

_OBJECTS: Mapping[str, frozenset[str]] = {
    "disk": frozenset({"path", "mount", "directory", "dir", "folder", "file"}),
    "backup": frozenset({"path", "directory", "dir", "folder"}),
    "process": frozenset({"unit", "service", "process", "name"}),
    "fd": frozenset({"unit", "service", "process", "name"}),
    "container": frozenset({"container", "service"}),
    "http": frozenset({"url", "uri", "link"}),
    "dns": frozenset({"domain", "hostname", "name"}),
    "route": frozenset({"destination", "route"}),
}
"""Kind of signal -> parameters that its object fills, by a word of their name."""

_WITH_PORT = frozenset({"tcp", "tls", "postgres", "redis"})


@dataclass(frozen=True, slots=True)
class Name:
    """One name that is known, from where, and what knows it."""

    text: str
    origin: Origin
    note: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the configured checks measure, by host."""

    signals: Mapping[str, tuple[Signal, ...]] = field(default_factory=dict)

    def of(self, parameter: str, host: str) -> tuple[Name, ...]:
        """What the checks of this very host name for a parameter."""
        return tuple(
            Name(part, Origin.INVENTORY, f"check {signal}")
            for signal in self.signals.get(host, ())
            for part in parts_for(parameter, signal)
        )


NOTHING_KNOWN = Known()


def known_by(checks: Iterable[Check]) -> Known:
    """What these checks name."""
    signals: dict[str, dict[Signal, None]] = {}
    for check in checks:
        signals.setdefault(check.host, {})[check.signal] = None
    return Known({host: tuple(named) for host, named in signals.items()})


def parts_for(parameter: str, signal: Signal) -> tuple[str, ...]:
    """The signal's object, or the part of it that the parameter asks for."""
    words = frozenset(parameter.split("_"))
    if not signal.object:
        return ()
    if signal.kind in _WITH_PORT:
        host, _, port = signal.object.rpartition(":")
        wanted = {"port": port, "host": host, "address": host, "server": host, "domain": host, "hostname": host}
        return tuple(part for word, part in wanted.items() if word in words and part)
    return (signal.object,) if words & _OBJECTS.get(signal.kind, frozenset()) else ()


def found_in(text: str, names: Iterable[Name]) -> tuple[Name, ...]:
    """Those names that literally stand in the text as words of their own, the longest first, each once."""
    names = tuple(names)
    if not names:
        return ()
    text = text[:MOST]
    standing = _standing(text)
    found: dict[str, Name] = {}
    for name in names:
        is_there = name.text in standing if name.text.isascii() else name.text in text
        if is_there and name.text:
            found.setdefault(name.text, name)
    return tuple(sorted(found.values(), key=lambda name: -len(name.text)))


@lru_cache(maxsize=64)
def _standing(text: str) -> frozenset[str]:
    """Every word, path and URL of a text. `nginx.service.` names nginx too, `db-1:5432` db-1."""
    words = {match.rstrip(".-@") for match in _WORD.findall(text)}
    hosts = {word.partition(":")[0] for word in words}
    units = {word.removesuffix(".service") for word in words}
    return frozenset({*words, *hosts, *units, *map(str, extract("path", text)), *map(str, extract("url", text))})
