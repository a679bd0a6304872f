"""The typed answers of the brain: their schema, how one is read, and the sentence that asks for a better one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from core.alert import Signal
from core.errors import AnswerError, InvalidError
from core.look_tools import arguments_of, shown
from core.model import Tool, ToolCall
from core.origin import Scalar
from core.proposal import PlanStep
from core.redaction import clean
from core.world import Json

MOST_STEPS = 4
"""Steps that may follow the first one of a plan."""
MOST_OPTIONS = 4
MOST_EVIDENCE = 6
_WORDS, _LINE, _NAME = 600, 200, 80
_MOST_VALUES, _LONGEST_VALUE, _MOST_ITEMS = 20, 1000, 64
_LARGEST = 1 << 53
_SKILL = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Proposed:
    """It would do this: a first step, and those that follow it. `evidence` and `expects` are its words, of which nothing follows."""

    wanted: PlanStep
    then: tuple[PlanStep, ...]
    evidence: tuple[str, ...]
    expects: str


@dataclass(frozen=True, slots=True)
class GapReported:
    """No skill there is can do what is needed."""

    wanted: str
    why: str


@dataclass(frozen=True, slots=True)
class AskedPerson:
    """What only a person knows."""

    question: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HandedOver:
    """It comes to no end."""

    reason: str


BrainAnswer: TypeAlias = Proposed | GapReported | AskedPerson | HandedOver


def answered(call: ToolCall) -> BrainAnswer:
    """What a final call says. Raises AnswerError, whose sentence tells the model how to mend it."""
    given = arguments_of(call)
    reader = _READERS.get(call.name)
    if reader is None:
        raise AnswerError(f"there is no final answer {shown(call.name)}; there is: {', '.join(_READERS)}")
    return reader(Fields(call.name, given))


class Fields:
    """The fields of one object, each taken once and checked; what is left over at the end was not asked for."""

    def __init__(self, name: str, given: Mapping[str, Json]) -> None:
        self._name, self._left = name, dict(given)

    def text(self, field: str, most: int, *, is_required: bool = True) -> str:
        """Cleaned, on one line."""
        value = self._left.pop(field, None)
        if value is None and not is_required:
            return ""
        if not isinstance(value, str):
            raise AnswerError(f"{self._name}: {field} must be a text")
        words = " ".join(clean(value).split())
        if is_required and not words:
            raise AnswerError(f"{self._name}: {field} must not be empty")
        if len(words) > most:
            raise AnswerError(f"{self._name}: {field} must have at most {most} characters, not {len(words)}")
        return words

    def texts(self, field: str, most: int, *, is_required: bool = False) -> tuple[str, ...]:
        """A list of short texts."""
        items = self.items(field, most)
        if is_required and not items:
            raise AnswerError(f"{self._name}: {field} must have at least one line")
        return tuple(Fields(self._name, {field: item}).text(field, _LINE) for item in items)

    def items(self, field: str, most: int) -> list[Json]:
        """A list, empty where it is missing."""
        value = self._left.pop(field, None) or []
        if not isinstance(value, list) or len(value) > most:
            raise AnswerError(f"{self._name}: {field} must be a list of at most {most}")
        return value

    def values(self, field: str) -> tuple[tuple[str, Scalar], ...]:
        """Parameters of a skill by name; whether they fit its signature is seen where it is prepared."""
        value = self._left.pop(field, None) or {}
        if not isinstance(value, dict) or len(value) > _MOST_VALUES:
            raise AnswerError(f"{self._name}: {field} must be an object of at most {_MOST_VALUES} values")
        return tuple((_parameter(name), _scalar(name, one)) for name, one in value.items() if one is not None)

    def end(self) -> None:
        """Nothing more may stand there."""
        if self._left:
            raise AnswerError(f"{self._name} has no field {', '.join(map(shown, list(self._left)[:4]))}")


def _proposed(fields: Fields) -> Proposed:
    steps = [_step(one) for one in fields.items("then", MOST_STEPS)]
    evidence = fields.texts("evidence", MOST_EVIDENCE, is_required=True)
    wanted, expects = _step_of(fields)
    return Proposed(wanted, tuple(steps), evidence, expects)


def _step(given: Json) -> PlanStep:
    if not isinstance(given, dict):
        raise AnswerError("propose: each of then must be an object with skill, parameters, expects and why")
    return _step_of(Fields("then", given))[0]


def _step_of(fields: Fields) -> tuple[PlanStep, str]:
    """A step, and what is expected in the model's words; only the form of a signal decides what is measured."""
    skill = fields.text("skill", _NAME)
    if not _SKILL.fullmatch(skill):
        raise AnswerError(f"propose: skill must be the name of a skill, not {shown(skill)}")
    values, why = fields.values("parameters"), fields.text("why", _WORDS)
    expects = fields.text("expects", _LINE)
    fields.end()
    return PlanStep(skill, values, _signal(expects), why), expects


def _signal(words: str) -> str:
    try:
        return str(Signal.parse(words))
    except InvalidError:
        return ""


def _gap(fields: Fields) -> GapReported:
    gap = GapReported(fields.text("wanted", _WORDS), fields.text("why", _WORDS))
    fields.end()
    return gap


def _asked(fields: Fields) -> AskedPerson:
    asked = AskedPerson(fields.text("question", _WORDS), fields.texts("options", MOST_OPTIONS))
    fields.end()
    if len(set(asked.options)) < len(asked.options):
        raise AnswerError("ask_person: no option may stand twice")
    return asked


def _handed_over(fields: Fields) -> HandedOver:
    handed = HandedOver(fields.text("reason", _WORDS))
    fields.end()
    return handed


_READERS: Mapping[str, Callable[[Fields], BrainAnswer]] = {
    "propose": _proposed,
    "report_gap": _gap,
    "ask_person": _asked,
    "hand_over": _handed_over,
}

FINALS = frozenset(_READERS)
"""Names of the tools that end an investigation."""


def _parameter(name: str) -> str:
    if not _SKILL.fullmatch(name):
        raise AnswerError(f"propose: {shown(name)} is not the name of a parameter")
    return name


def _scalar(name: str, value: Json) -> Scalar:
    """Text, number, truth or a list of texts, within bounds; nothing is converted here."""
    if isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < _LARGEST):
        return value
    if isinstance(value, str) and len(value) <= _LONGEST_VALUE:
        return value
    if isinstance(value, list) and len(value) <= _MOST_ITEMS:
        texts = tuple(item for item in value if isinstance(item, str) and len(item) <= _LONGEST_VALUE)
        if len(texts) == len(value):
            return texts
    raise AnswerError(f"propose: {name} must be a text, a number, true, false or a list of texts")


# ---- how they are shown to the model ------------------------------------------------------------------------------------------------


def _object(required: list[str], **properties: Json) -> dict[str, Json]:
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}


def _text(most: int, description: str) -> Json:
    return {"type": "string", "maxLength": most, "description": description}


def _texts(most: int, description: str) -> Json:
    items: Json = {"type": "string", "maxLength": _LINE}
    return {"type": "array", "items": items, "maxItems": most, "description": description}


_STEP: dict[str, Json] = {
    "skill": _text(_NAME, "a skill from the list"),
    "parameters": {
        "type": "object",
        "description": "values by the names in its signature; leave out what you do not know",
    },
    "expects": _text(
        _LINE, "the signal that must be quiet after it, as kind.metric:object; or in words what will be measured"
    ),
    "why": _text(_WORDS, "why this helps, for a person who decides"),
}
_STEP_REQUIRED = ["skill", "parameters", "expects", "why"]

FINAL_TOOLS = (
    Tool(
        "propose",
        "End with a repair. A person or policy decides; it is prepared and measured whatever you say.",
        _object(
            [*_STEP_REQUIRED, "evidence"],
            **_STEP,
            evidence=_texts(MOST_EVIDENCE, "what you saw that speaks for it, one line each"),
            then={
                "type": "array",
                "items": _object(_STEP_REQUIRED, **_STEP),
                "maxItems": MOST_STEPS,
                "description": "further steps, each decided and checked by itself; usually none",
            },
        ),
    ),
    Tool(
        "report_gap",
        "End because no skill can do what is needed.",
        _object(
            ["wanted", "why"],
            wanted=_text(_WORDS, "the skill that is missing: what it would look at and do"),
            why=_text(_WORDS, "what you saw that calls for it"),
        ),
    ),
    Tool(
        "ask_person",
        "End with one question that only a person can answer.",
        _object(
            ["question"],
            question=_text(_WORDS, "one question"),
            options=_texts(MOST_OPTIONS, "possible answers, if there are few"),
        ),
    ),
    Tool(
        "hand_over",
        "End because you do not know.",
        _object(["reason"], reason=_text(_WORDS, "what you found out and what you could not")),
    ),
)
"""What ends an investigation."""
