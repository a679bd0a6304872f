"""How the brain may end a turn of a conversation: five typed answers, their schema, and how one is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from core.brain_answer import Fields
from core.errors import AnswerError
from core.look_tools import arguments_of, shown
from core.model import Tool, ToolCall
from core.origin import Scalar
from core.world import Json

MOST_OPTIONS = 4
MOST_EVIDENCE = 8
_ANSWER, _WORDS, _NAME, _LINE = 1500, 300, 80, 200


@dataclass(frozen=True, slots=True)
class Answered:
    """Its words, and the looks that it names for them."""

    text: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person wants done, as it read them."""

    skill: str
    host: str
    values: tuple[tuple[str, Scalar], ...]
    why: str


@dataclass(frozen=True, slots=True)
class AskedBack:
    """It could mean several things."""

    question: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """A skill that does not exist."""

    wanted: str


@dataclass(frozen=True, slots=True)
class NotMine:
    """Nothing about machines."""

    reason: str


TalkAnswer: TypeAlias = Answered | Wanted | AskedBack | Missing | NotMine


def talked(call: ToolCall) -> TalkAnswer:
    """What a final call says. Raises AnswerError, whose sentence tells the model how to mend it."""
    reader = _READERS.get(call.name)
    if reader is None:
        raise AnswerError(f"there is no final answer {shown(call.name)}; there is: {', '.join(_READERS)}")
    fields = Fields(call.name, arguments_of(call))
    answer = reader(fields)
    fields.end()
    return answer


def _asked_back(fields: Fields) -> AskedBack:
    asked = AskedBack(fields.text("question", _WORDS), fields.texts("options", MOST_OPTIONS, is_required=True))
    if len(set(asked.options)) < max(2, len(asked.options)):
        raise AnswerError("ask_back: give two to four options, each of them once")
    return asked


_READERS: Mapping[str, Callable[[Fields], TalkAnswer]] = {
    "answer": lambda fields: Answered(fields.text("text", _ANSWER), fields.texts("evidence", MOST_EVIDENCE)),
    "wish": lambda fields: Wanted(
        fields.text("skill", _NAME), fields.text("host", _NAME), fields.values("parameters"), fields.text("why", _WORDS)
    ),
    "ask_back": _asked_back,
    "learn": lambda fields: Missing(fields.text("wanted", _WORDS)),
    "not_mine": lambda fields: NotMine(fields.text("reason", _WORDS)),
}

FINALS = frozenset(_READERS)
"""Names of the tools that end a turn of a conversation."""


def _tool(name: str, description: str, *optional: str, **properties: Json) -> Tool:
    required: list[Json] = [one for one in properties if one not in optional]
    schema: dict[str, Json] = {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    return Tool(name, description, schema)


def _text(most: int, description: str) -> Json:
    return {"type": "string", "maxLength": most, "description": description}


def _texts(most: int, description: str) -> Json:
    return {
        "type": "array",
        "items": {"type": "string", "maxLength": _LINE},
        "maxItems": most,
        "description": description,
    }


FINAL_TOOLS = (
    _tool(
        "answer",
        "End with what the person wanted to know.",
        text=_text(_ANSWER, "the answer, in their language"),
        evidence=_texts(MOST_EVIDENCE, "the looks it rests on, each as `skill on host`; empty where you did not look"),
    ),
    _tool(
        "wish",
        "End because something is to be done; it is put before a person as a proposal.",
        "parameters",
        skill=_text(_NAME, "a skill that exists and changes something"),
        host=_text(_NAME, "the host it is for"),
        parameters={"type": "object", "description": "values by name; leave out what nobody named"},
        why=_text(_WORDS, "what the person asked for, for who decides"),
    ),
    _tool(
        "ask_back",
        "End because the words could mean several things.",
        question=_text(_WORDS, "one question"),
        options=_texts(MOST_OPTIONS, "two to four possible answers"),
    ),
    _tool("learn", "End because no skill can do it.", wanted=_text(_WORDS, "what a new skill would have to do")),
    _tool("not_mine", "End because it is nothing about these machines.", reason=_text(_WORDS, "why, in one sentence")),
)
