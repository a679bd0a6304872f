"""Tools for a model that knows none: they are described in the text, and a call is one JSON object in its answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from core.model import ModelReply, ModelRequest, Role, ToolCall, Turn
from core.prompt import prompt
from core.world import is_deep

_CALL, _ARGUMENTS = "call", "arguments"
_MUST = "You must call one of them now."
_MAY = "If no call is needed, answer in words."


def in_text(request: ModelRequest) -> ModelRequest:
    """The same request without tools: described in a turn of their own, earlier calls and their results in words."""
    turns = tuple(_worded(turn) for turn in request.turns)
    if not request.tools:
        return replace(request, turns=turns)
    tools = "\n".join(
        json.dumps(
            {"name": tool.name, "description": tool.description, "arguments": tool.schema},
            ensure_ascii=False,
        )
        for tool in request.tools
    )
    told = prompt("tools_in_text").filled(tools=tools, must=_MUST if request.must_call else _MAY)
    at = sum(1 for turn in turns if turn.role is Role.SYSTEM)
    every = (*turns[:at], Turn(Role.SYSTEM, told), *turns[at:])
    return replace(request, turns=every, tools=(), must_call=False)


def calls_read(reply: ModelReply) -> ModelReply:
    """The reply with the call that its text is; as it was where it is none."""
    if reply.calls:
        return reply
    found = next(_calls_in(reply.text), None)
    return reply if found is None else replace(reply, text="", calls=(found,))


def _worded(turn: Turn) -> Turn:
    if turn.role is Role.TOOL:
        return Turn(Role.USER, f"The call {turn.answers} returned:\n{turn.text}")
    if not turn.calls:
        return turn
    called = [
        f'{{"{_CALL}": {json.dumps(call.name)}, "{_ARGUMENTS}": {call.arguments or "{}"}}}' for call in turn.calls
    ]
    return replace(turn, text="\n".join(filter(None, [turn.text, *called])), calls=())


def _calls_in(text: str) -> Iterator[ToolCall]:
    """The first object in the text that is a call: models put words and fences around it."""
    decoder, at = json.JSONDecoder(), text.find("{")
    for number in range(20):
        if at < 0:
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            if isinstance(value, dict) and isinstance(value.get(_CALL), str) and not is_deep(value):
                yield ToolCall(f"text-{number}", value[_CALL], json.dumps(value.get(_ARGUMENTS) or {}))
        at = text.find("{", end)
