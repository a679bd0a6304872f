"""The `when` grammar of a skill: a fact by name, `not` a fact, or a fact compared with a literal. Never evaluated as code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne

from core.errors import InvalidError
from core.world import Json

_CONDITION = re.compile(
    r"(?P<fact>[a-z][a-z0-9_]{0,60})(?: (?P<operator>==|!=|>=|<=|>|<) (?P<literal>-?\d{1,18}(?:\.\d{1,9})?|true|false|\"[^\"\\]{0,200}\"))?"
    r"|not (?P<absent>[a-z][a-z0-9_]{0,60})"
)
_OPERATORS: Mapping[str, Callable[..., bool]] = {"==": eq, "!=": ne, ">=": ge, "<=": le, ">": gt, "<": lt}
_EQUALITIES = frozenset({"==", "!="})


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: `fact` compared by `operator` with `literal`; the operator is `is` or `not` for a bare name."""

    fact: str
    operator: str
    literal: str | float | bool


def parse_condition(text: object) -> Condition:
    """Reads one condition; raises InvalidError with what can be written."""
    match = _CONDITION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise InvalidError(
            f'{str(text)[:80]!r} is not a condition; write fact, not fact, or fact >= 1000000 (also == "text", == true)'
        )
    if match["absent"]:
        return Condition(match["absent"], "not", True)
    if not match["operator"]:
        return Condition(match["fact"], "is", True)
    literal = _literal(match["literal"])
    if match["operator"] not in _EQUALITIES and type(literal) is not float:
        raise InvalidError(f"{match[0]!r}: only numbers are ordered; use == or !=")
    return Condition(match["fact"], match["operator"], literal)


def evaluate(condition: str, facts: Mapping[str, Json]) -> bool:
    """True when the condition holds; False for a fact nobody observed and for one of another type, also behind `not` and `!=`."""
    parsed = parse_condition(condition)
    fact = facts.get(parsed.fact)
    if fact is None:
        return False
    if parsed.operator in ("is", "not"):
        return bool(fact) is (parsed.operator == "is")
    if not _is_comparable(fact, parsed.literal):
        return False
    return bool(_OPERATORS[parsed.operator](fact, parsed.literal))


def _literal(text: str) -> str | float | bool:
    if text in ("true", "false"):
        return text == "true"
    return text[1:-1] if text.startswith('"') else float(text)


def _is_comparable(fact: Json, literal: object) -> bool:
    """Numbers with numbers, words with words; a bool is not a number here."""
    if type(literal) is float:
        return type(fact) in (int, float)
    return type(fact) is type(literal)
