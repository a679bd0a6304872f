"""A brain that says the same in both plays of a night: what it says follows from the round and the turn that it is asked in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from bot.minds import Minds
from core.model import ModelReply, ModelRequest, Role, ToolCall
from core.world import Json
from tests.fakes.brain import FakeBrain
from tests.fakes.runbooks import FakeRunbooks

Said = ModelReply | str


def call(name: str, **arguments: Json) -> ToolCall:
    """One call, as a model writes it."""
    return ToolCall("x", name, json.dumps(arguments))


def calls(*made: ToolCall) -> ModelReply:
    """A turn that is nothing but calls."""
    return ModelReply("", made, "scripted", 900, 60)


def look(name: str, **values: Json) -> ModelReply:
    """A turn with one look."""
    return calls(call(name, **values))


def propose(
    skill: str, expects: str = "the disk has room again", then: Sequence[Json] = (), **values: Json
) -> ModelReply:
    """A turn that ends with a repair."""
    evidence: list[Json] = ["one log is rotated and large"]
    more: dict[str, Json] = {"then": [*then]} if then else {}
    why = f"{skill} takes away what fills it"
    return calls(call("propose", skill=skill, parameters=values, evidence=evidence, expects=expects, why=why, **more))


class Scripted:
    """`rounds` says for each round its turns; past the last turn the last one is said again."""

    def __init__(self, rounds: Mapping[int, Sequence[Said]]) -> None:
        self._rounds = rounds
        self.asked: list[ModelRequest] = []

    def __call__(self, request: ModelRequest) -> ModelReply:
        """What is said to this."""
        self.asked.append(request)
        found = re.search(r"round (\d)", request.turns[1].text)
        turn = sum(one.role is Role.ASSISTANT for one in request.turns)
        turns = self._rounds[int(found[1]) if found else 1]
        said = turns[min(turn, len(turns) - 1)]
        return ModelReply(said, (), "scripted", 900, 60) if isinstance(said, str) else said

    def minds(self, **runbooks: str) -> Minds:
        """A house that has this brain and these runbooks."""
        return Minds(brain=FakeBrain(self), runbooks=FakeRunbooks(**runbooks))


def always(*turns: Said) -> Scripted:
    """The same in every round."""
    return Scripted(dict.fromkeys((1, 2, 3), turns))


def shown(request: ModelRequest) -> str:
    """All that one request told the brain."""
    return "\n".join(turn.text for turn in request.turns)
