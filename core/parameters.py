"""Filling a skill's parameters for one incident, each value with where it came from; what is not known is never made up.

Order: typed by a person, what a model suggests, observed by our own lookers on that host, the alert's labels, the signal's object, the
alert's text, the default. A model only points: a value that something better names too keeps that origin, any other is the model's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.alert import Alert
from core.errors import InvalidError
from core.extraction import extract
from core.inventory import Inventory
from core.origin import Origin, Scalar, Value
from core.paths import has_hidden_character, parts_of
from core.skill_manifest import ParameterSpec, Skill
from core.world import Json

_LONGEST = 1000
_LARGEST = 1 << 53
_NOTHING: Mapping[str, Scalar] = {}


@dataclass(frozen=True, slots=True)
class Observed:
    """A fact as a looker of ours reported it from one host. What it only repeats of a text it was given stays text."""

    value: Json
    looker: str
    host: str
    origin: Origin = Origin.OBSERVED


@dataclass(frozen=True, slots=True)
class Filled:
    """The values in the order of the signature; `missing` says which required one has none and why, empty when all have."""

    values: tuple[tuple[str, Value], ...]
    missing: str = ""


_KINDS: Mapping[str, frozenset[str]] = {
    "path": frozenset({"path", "paths", "file", "directory", "dir", "folder", "mount", "lock", "pidfile"}),
    "unit": frozenset({"unit", "service", "process", "name"}),
    "port": frozenset({"port"}),
    "url": frozenset({"url", "uri", "link"}),
    "address": frozenset({"address", "addr", "ip", "gateway", "router", "resolver", "nameserver"}),
    "host": frozenset({"host", "server"}),
    "domain": frozenset({"domain", "hostname"}),
    "pid": frozenset({"pid"}),
    "percent": frozenset({"percent", "percentage"}),
    "bytes": frozenset({"bytes", "size"}),
    "seconds": frozenset({"seconds", "duration", "timeout"}),
    "quoted": frozenset({"message", "phrase", "pattern", "quoted"}),
}
"""What is looked for in text, by the last telling word of a parameter's name."""

_RANGES: Mapping[str, tuple[int, int]] = {"port": (1, 65535), "pid": (1, 1 << 22), "percent": (0, 100)}

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


def fill(
    skill: Skill,
    alert: Alert,
    facts: Mapping[str, Observed],
    inventory: Inventory,
    typed: Mapping[str, Scalar],
    suggested: Mapping[str, Scalar] = _NOTHING,
) -> Filled:
    """The parameters for one incident; facts of other hosts are not used. Raises InvalidError for a misfit, typed or suggested.

    A value from anywhere else that does not fit is passed over, as if it had not been there.
    """
    known = {spec.name for spec in skill.parameters}
    for name in (*typed, *suggested):
        if name not in known:
            raise InvalidError(f"{skill.name} has no parameter {name!r}; it has: {', '.join(sorted(known)) or 'none'}")
    values, missing = [], ""
    for spec in skill.parameters:
        offers = _offers(skill, spec, alert, facts, typed)
        if spec.name in suggested and spec.name not in typed:
            value: Value | None = _pointed_at(spec, suggested[spec.name], offers)
        else:
            value = _first_fitting(spec, offers)
        if value is not None:
            values.append((spec.name, _confirmed(spec.name, value, alert, facts, inventory)))
        elif spec.is_required:
            missing = missing or f"nothing that was typed, seen or said names its {spec.name}"
    return Filled(tuple(values), missing)


def check_value(spec: ParameterSpec, value: object) -> Scalar:
    """The value as the signature wants it; raises InvalidError. Numbers are read from text, nothing else is converted."""
    checked = _converted(spec, value)
    if checked is None or not _is_in_range(spec, checked):
        wanted = f"one of {', '.join(spec.choices)}" if spec.choices else spec.type
        raise InvalidError(f"{spec.name} must be {wanted}, not {str(value)[:80]!r}")
    if _kind_of(spec.name) == "path" and any(
        not _is_path(text) for text in (checked if isinstance(checked, tuple) else (checked,))
    ):
        raise InvalidError(f"{spec.name} must be an absolute path without '.', '..' and '//', not {str(value)[:80]!r}")
    return checked


def _offers(
    skill: Skill, spec: ParameterSpec, alert: Alert, facts: Mapping[str, Observed], typed: Mapping[str, Scalar]
) -> Iterator[tuple[object, Origin, str]]:
    """What could be the value, best source first."""
    if spec.name in typed:
        yield typed[spec.name], Origin.TYPED, "typed"
    fact = facts.get(dict(skill.fill).get(spec.name, ""))
    if fact is not None and fact.host == alert.host:
        yield fact.value, fact.origin, f"{fact.looker} on {fact.host}"
    label = dict(alert.labels).get(spec.name)
    if label is not None:
        yield label, Origin.ALERT, f"label {spec.name}"
    for part in _of_object(spec.name, alert):
        yield part, *_origin_of_object(alert)
    for found in extract(_kind_of(spec.name), alert.text):
        yield found, Origin.TEXT, "the alert's text"
    if spec.default is not None:
        yield spec.default, Origin.DEFAULT, "the skill's default"


def _first_fitting(spec: ParameterSpec, offers: Iterator[tuple[object, Origin, str]]) -> Value | None:
    for offered, origin, note in offers:
        try:
            return Value(check_value(spec, offered), origin, note)
        except InvalidError:
            if origin is Origin.TYPED:
                raise
    return None


def _pointed_at(spec: ParameterSpec, suggested: Scalar, offers: Iterator[tuple[object, Origin, str]]) -> Value:
    """What a model suggests, with the origin of the first offer that is the same."""
    wanted = check_value(spec, suggested)
    for offered, origin, note in offers:
        try:
            is_same = check_value(spec, offered) == wanted
        except InvalidError:
            continue
        if is_same:
            return Value(wanted, origin, note)
    return Value(wanted, Origin.MODEL, "the model's own")


def _origin_of_object(alert: Alert) -> tuple[Origin, str]:
    """The object of our own probe's signal stands in a configured check, so that it is known; that of a claim is the alert's word."""
    if alert.is_claim:
        return Origin.ALERT, f"signal {alert.signal}"
    return Origin.INVENTORY, f"check {alert.signal}"


def _confirmed(name: str, value: Value, alert: Alert, facts: Mapping[str, Observed], inventory: Inventory) -> Value:
    """What an alert said counts as known where the inventory, or our own look at that host, names the same (TRUST 1)."""
    if value.origin not in {Origin.ALERT, Origin.MODEL}:
        return value
    if _kind_of(name) == "host" and isinstance(value.value, str) and inventory.entry(value.value) is not None:
        return Value(value.value, Origin.INVENTORY, "listed host")
    for fact_name, fact in sorted(facts.items()):
        is_about_it = name == fact_name or fact_name.endswith(f"_{name}")
        is_seen = fact.origin is Origin.OBSERVED and fact.host == alert.host
        if is_about_it and is_seen and _is_same(fact.value, value.value):
            return Value(value.value, Origin.OBSERVED, f"{fact_name} by {fact.looker} on {fact.host}")
    return value


def _is_same(fact: Json, value: Scalar) -> bool:
    return type(fact) is type(value) and fact == value


def _of_object(name: str, alert: Alert) -> tuple[str, ...]:
    """The signal's object, or the part of it that the parameter asks for."""
    signal, words = alert.signal, frozenset(name.split("_"))
    if not signal.object:
        return ()
    if signal.kind in ("tcp", "tls", "postgres", "redis"):
        host, _, port = signal.object.rpartition(":")
        wanted = {"port": port, "host": host, "address": host, "server": host, "domain": host, "hostname": host}
        return tuple(part for word, part in wanted.items() if word in words and part)
    return (signal.object,) if words & _OBJECTS.get(signal.kind, frozenset()) else ()


def _is_in_range(spec: ParameterSpec, value: Scalar) -> bool:
    """Ports and pids that can exist; nothing negative unless the default is, because a negative age or size turns a rule around."""
    if not isinstance(value, int | float) or value == spec.default:
        return True
    least, most = _RANGES.get(_kind_of(spec.name), (0, _LARGEST))
    is_below_zero_meant = isinstance(spec.default, int | float) and spec.default < 0
    return (value >= least or is_below_zero_meant) and value <= most


def _kind_of(name: str) -> str:
    """The kind by the last word that tells one: `log_directory` is a path."""
    for word in reversed(name.split("_")):
        for kind, words in _KINDS.items():
            if word in words:
                return kind
    return ""


# ---- types --------------------------------------------------------------------------------------------------------------------------


def _converted(spec: ParameterSpec, value: object) -> Scalar | None:
    """None for what is not of the type; a bool is no number, and a number no text, unless it was read from a text."""
    if spec.choices:
        return value if isinstance(value, str) and value in spec.choices else None
    if spec.type == "str":
        return value if isinstance(value, str) and _is_plain(value) else None
    if spec.type == "int":
        return _integer(value)
    if spec.type == "float":
        return _number(value)
    if spec.type == "bool":
        return _truth(value)
    if spec.type == "tuple[str, ...]":
        items = tuple(value) if isinstance(value, list | tuple) and 0 < len(value) <= 64 else ()
        return items if items and all(isinstance(item, str) and _is_plain(item) for item in items) else None
    return None


def _is_plain(text: str) -> bool:
    return 0 < len(text) <= _LONGEST and not has_hidden_character(text)


def _integer(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdigit() and len(value) <= 16:
        value = int(value)
    return value if type(value) is int and abs(value) < _LARGEST else None


def _number(value: object) -> float | None:
    if isinstance(value, str) and len(value) <= 24 and value.isascii():
        try:
            value = float(value)
        except ValueError:
            return None
    if type(value) not in (int, float) or not math.isfinite(value):  # type: ignore[arg-type]
        return None
    return float(value)  # type: ignore[arg-type]


def _truth(value: object) -> bool | None:
    words: Mapping[object, bool] = {"true": True, "false": False}
    return value if type(value) is bool else words.get(value) if isinstance(value, str) else None


def _is_path(text: object) -> bool:
    try:
        parts_of(text)
    except InvalidError:
        return False
    return True
