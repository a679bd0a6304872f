"""What is asked of a model and what it says: requests, replies, choices between labels, and the row that is kept of every call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.world import Json

ANSWER, LONG_ANSWER = 1500, 6000
"""Tokens of an answer, and of the next one where that was too few: some models think before they speak, and it counts."""


class Mind(StrEnum):
    """The two kinds of model there are; each may be missing, and then the tier below it decides."""

    BRAIN = "brain"
    CEREBELLUM = "cerebellum"


class Role(StrEnum):
    """Whose words a turn is, in the protocol of chat completions."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What a model wants to call. `arguments` is its JSON as it wrote it: unchecked text."""

    id: str
    name: str
    arguments: str


def call_id(turn: int, number: int) -> str:
    """Our own name of a call, in the narrowest form that a service asks for: nine letters and digits."""
    return f"c{turn:04}{number:04}"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation with a model; `answers` is the id of the call that a TOOL turn answers."""

    role: Role
    text: str
    calls: tuple[ToolCall, ...] = ()
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """What a model may call: `schema` is the JSON schema of its arguments, an object."""

    name: str
    description: str
    schema: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Purpose:
    """For whom a model works: `subject` is an incident or a conversation, `avatar` one run of one story, which has a budget of its own."""

    subject: str
    avatar: str


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One completion. `prompt` is `name@version` of the text it was made from; `most_tokens` bounds the answer.

    Where `must_call` is True the model has to call one of the tools.
    """

    prompt: str
    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    most_tokens: int = ANSWER
    must_call: bool = False


@dataclass(frozen=True, slots=True)
class ModelReply:
    """What came back, unchecked. Tokens as the server counted them; `is_cut`: it ended because `most_tokens` were used up."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class LabelQuestion:
    """A choice by one token: `prompt` ends where the label is to follow, `labels` are single letters or digits."""

    prompt: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelVote:
    """How probable each label is, in the order of the question, summing to at most 1; tokens as the server counted them."""

    probabilities: tuple[float, ...]
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call as it was made. `sent` and `said` are the exact texts that left and came, both redacted; `seconds` is how long it took.

    `cost` is in millionths of the currency that the settings' prices are in; `error` is '' where it was answered.
    """

    id: str
    mind: Mind
    subject: str
    avatar: str
    prompt: str
    model: str
    at: datetime
    seconds: float
    sent: str
    said: str
    tokens_in: int = 0
    tokens_out: int = 0
    cost: int = 0
    error: str = ""

    @property
    def tokens(self) -> int:
        """Both directions."""
        return self.tokens_in + self.tokens_out


@dataclass(frozen=True, slots=True)
class Spent:
    """What calls have used: tokens in both directions, cost in millionths of the currency."""

    calls: int = 0
    tokens: int = 0
    cost: int = 0
