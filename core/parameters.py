"""Filling a skill's parameters for one incident, each value with where it came from; what is not known is never made up.

Order: typed by a person, what a model suggests, observed by our own lookers on that host, the alert's labels, the signal's object, names
in the text that checks or the inventory know, the rest of the text, the default. A model only points: a value that something better names
too keeps that origin, any other is the model's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import TypeAlias

from core.alert import PERSON, Alert
from core.errors import InvalidError
from core.extraction import extract
from core.inventory import Inventory
from core.known_names import NOTHING_KNOWN, Known, Name, found_in, parts_for
from core.origin import Origin, Scalar, Value
from core.paths import has_hidden_character, parts_of
from core.skill_manifest import ParameterSpec, Skill
from core.task import is_wish, wished_in
from core.world import Json

_LONGEST = 1000
_LARGEST = 1 << 53
NOTHING: Mapping[str, Scalar] = {}

MOST_OFFERS = 20
"""Values of one parameter that anybody is given to choose from."""
_MOST_LOOKED_AT = 200

SAID = "what was said"
"""Who says so, where a person's own words do and nothing known says the same."""

_Source: TypeAlias = tuple[object, Origin, str]
"""What could be a value, its origin, and who says so."""


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


def fill(  # noqa: PLR0913, PLR0917 - what may name a value, each from a hand of its own
    skill: Skill,
    alert: Alert,
    facts: Mapping[str, Observed],
    inventory: Inventory,
    typed: Mapping[str, Scalar],
    suggested: Mapping[str, Scalar] = NOTHING,
    known: Known = NOTHING_KNOWN,
) -> Filled:
    """The parameters for one incident; facts of other hosts are not used. Raises InvalidError for a misfit, typed or suggested.

    A value from anywhere else that does not fit is passed over, as if it had not been there.
    """
    names = {spec.name for spec in skill.parameters}
    for name in (*typed, *suggested):
        if name not in names:
            raise InvalidError(f"{skill.name} has no parameter {name!r}; it has: {', '.join(sorted(names)) or 'none'}")
    values, missing = [], ""
    for spec in skill.parameters:
        told = _Told(skill, spec, alert, facts, inventory, known)
        value: Value | None
        if spec.name in typed:
            value = Value(check_value(spec, typed[spec.name]), Origin.TYPED, "typed")
        elif spec.name in suggested:
            value = _pointed_at(check_value(spec, suggested[spec.name]), told)
        else:
            value = next(told.values(), None)
        if value is not None:
            values.append((spec.name, value))
        elif spec.is_required:
            missing = missing or f"nothing that was typed, seen or said names its {spec.name}"
    return Filled(tuple(values), missing)


def offers(  # noqa: PLR0913, PLR0917 - as `fill`
    skill: Skill,
    spec: ParameterSpec,
    alert: Alert,
    facts: Mapping[str, Observed],
    inventory: Inventory,
    known: Known = NOTHING_KNOWN,
    typed: Mapping[str, Scalar] = NOTHING,
) -> tuple[Value, ...]:
    """All distinct values that fit one parameter, best first; the first is the one that `fill` takes, where it finds any.

    Last stand facts that are only called like the parameter: somebody has to point at one, `fill` never takes it by itself.
    """
    told = _Told(skill, spec, alert, facts, inventory, known)
    by_hand = told.fitting((typed[spec.name], Origin.TYPED, "typed") for _ in range(spec.name in typed))
    distinct: dict[tuple[type, Scalar], Value] = {}
    for value in islice(chain(by_hand, told.values(), told.pointable()), _MOST_LOOKED_AT):
        distinct.setdefault((type(value.value), value.value), value)
    return tuple(distinct.values())[:MOST_OFFERS]


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


@dataclass(frozen=True, slots=True)
class _Told:
    """All that could name one parameter in one incident."""

    skill: Skill
    spec: ParameterSpec
    alert: Alert
    facts: Mapping[str, Observed]
    inventory: Inventory
    known: Known

    def values(self) -> Iterator[Value]:
        """What may be taken without anybody pointing at it, best source first."""
        return self.fitting(self._sources())

    def pointable(self) -> Iterator[Value]:
        """What was seen on that host under the parameter's name, or a name that ends with it."""
        return self.fitting((fact.value, fact.origin, note) for _, fact, note in self._like_named())

    def fitting(self, sources: Iterable[_Source]) -> Iterator[Value]:
        """Those that the signature allows, with the origin that they have after all that is known."""
        for offered, origin, note in sources:
            try:
                value = Value(check_value(self.spec, offered), origin, note)
            except InvalidError:
                continue
            yield self._confirmed(value) if origin is Origin.ALERT else value

    def _sources(self) -> Iterator[_Source]:
        name, alert = self.spec.name, self.alert
        fact = self.facts.get(dict(self.skill.fill).get(name, ""))
        if fact is not None and fact.host == alert.host:
            yield fact.value, fact.origin, f"{fact.looker} on {fact.host}"
        label = dict(alert.labels).get(name)
        if label is not None:
            yield label, Origin.ALERT, f"label {name}"
        for part in parts_for(name, alert.signal):
            yield part, *_origin_of_object(alert)
        if alert.text:
            yield from self._of_text()
        if self.spec.default is not None:
            yield self.spec.default, Origin.DEFAULT, "the skill's default"

    def _of_text(self) -> Iterator[_Source]:
        """A person's own words point at what is known; the words of anybody else name nothing but text, whatever they name."""
        alert, names = self.alert, tuple(self._names())
        if alert.source.startswith(PERSON):
            words = wished_in(alert).words if is_wish(alert) else alert.text
            yield from ((name.text, name.origin, f"in words; {name.note}") for name in found_in(words, names))
        yield from ((name.text, Origin.TEXT, f"the text; {name.note}") for name in found_in(alert.text, names))
        for found in extract(_kind_of(self.spec.name), self.alert.text):
            yield found, Origin.TEXT, SAID if alert.source.startswith(PERSON) else "the alert's text"

    def _names(self) -> Iterator[Name]:
        yield from self.known.of(self.spec.name, self.alert.host)
        if _kind_of(self.spec.name) == "host":
            yield from (Name(entry.name, Origin.INVENTORY, "listed host") for entry in self.inventory.hosts)
        for _, fact, note in self._like_named():
            yield from (Name(text, fact.origin, note) for text in _texts_of(fact.value))

    def _confirmed(self, value: Value) -> Value:
        """What an alert said counts as known where the inventory, or our own look at that host, names the same (TRUST 1)."""
        name, host = self.spec.name, self.alert.host
        is_listed = _kind_of(name) == "host" and self.inventory.entry(str(value.value)) is not None
        if is_listed and isinstance(value.value, str):
            return Value(value.value, Origin.INVENTORY, "listed host")
        for checked in self.known.of(name, host):
            if _is_same(checked.text, value.value):
                return Value(value.value, checked.origin, checked.note)
        return self.seen(value)

    def seen(self, value: Value) -> Value:
        """The value as observed, where a look of ours at that host saw the same under that name; else as it is."""
        for _, fact, note in self._like_named():
            if fact.origin is Origin.OBSERVED and _is_same(fact.value, value.value):
                return Value(value.value, Origin.OBSERVED, note)
        return value

    def _like_named(self) -> Iterator[tuple[str, Observed, str]]:
        for fact_name, fact in sorted(self.facts.items()):
            is_about_it = fact_name == self.spec.name or fact_name.endswith(f"_{self.spec.name}")
            if is_about_it and fact.host == self.alert.host:
                yield fact_name, fact, f"{fact_name} by {fact.looker} on {fact.host}"


def _pointed_at(wanted: Scalar, told: _Told) -> Value:
    """What a model suggests, with the origin of the first offer that is the very same; any other is the model's own."""
    for value in islice(chain(told.values(), told.pointable()), _MOST_LOOKED_AT):
        if _is_same(value.value, wanted):
            return value
    return Value(wanted, Origin.MODEL, "the model's own")


def _origin_of_object(alert: Alert) -> tuple[Origin, str]:
    """The object of our own probe's signal stands in a configured check, so that it is known; that of a claim is the alert's word."""
    if alert.is_claim:
        return Origin.ALERT, f"signal {alert.signal}"
    return Origin.INVENTORY, f"check {alert.signal}"


def _texts_of(fact: Json) -> tuple[str, ...]:
    items = fact[:_MOST_LOOKED_AT] if isinstance(fact, list) else [fact]
    return tuple(item for item in items if isinstance(item, str))


def _is_same(one: object, other: object) -> bool:
    """The very same value: nothing is normalised, and True is not 1."""
    return type(one) is type(other) and one == other


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
