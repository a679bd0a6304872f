"""Tools for a model that knows none: they are described in the text, and a call is one JSON object in its answer."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from core.model import ModelReply, ModelRequest, Role, ToolCall, Turn
from core.prompt import prompt
from core.world import Json, is_deep

_CALL, _ARGUMENTS = "call", "arguments"
_BEGINS, _ENDS, _FENCE = "<tool_call>", "</tool_call>", "```"
_FIELDS = frozenset({_CALL, "name", "type", "id", _ARGUMENTS, "parameters"})
_MUST = "You must call one of them now."
_MAY = "If no call is needed, answer in words."


def in_text(request: ModelRequest) -> ModelRequest:
    """The same request without tools: described in a turn of their own, earlier calls and their results in words."""
    turns = [_worded(turn) for turn in request.turns]
    if not request.tools:
        return replace(request, turns=_merged(turns))
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
    return replace(request, turns=_merged(every), tools=(), must_call=False)


def calls_read(reply: ModelReply, names: Collection[str]) -> ModelReply:
    """The reply of a model that was told of tools in words, with its call; as it was where there is none, or more than one."""
    written = calls_written(reply, names)
    if written.calls:
        return replace(written, text="") if written is not reply else reply
    found = list(islice(_calls_in(reply.text), 2))
    return replace(reply, text="", calls=(found[0],)) if len(found) == 1 else reply


def calls_written(reply: ModelReply, names: Collection[str]) -> ModelReply:
    """The reply of a model that knows tools, where its server left a call in the text: the text is one call, or ends with a marked one.

    Only calls of tools that were offered; a call that is quoted within other words is none.
    """
    if reply.calls or reply.is_cut:
        return reply
    text = reply.text.strip()
    words, is_marked, rest = text.partition(_BEGINS)
    if is_marked:
        body = rest.removesuffix(_ENDS) if rest.endswith(_ENDS) else ""
    elif text.startswith(_FENCE) and text.endswith(_FENCE) and "\n" in text:
        words, body = "", text.removesuffix(_FENCE).partition("\n")[2]
    else:
        words, body = "", text
    call = _call_of(body, names)
    return reply if call is None else replace(reply, text=words.strip(), calls=(call,))


def _call_of(body: str, names: Collection[str]) -> ToolCall | None:
    try:
        value: Json = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or is_deep(value) or not value.keys() <= _FIELDS:
        return None
    name = value.get(_CALL) or value.get("name")
    given = value.get(_ARGUMENTS) or value.get("parameters") or {}
    if not isinstance(name, str) or name not in names or not isinstance(given, dict | str):
        return None
    return ToolCall("text-0", name, given if isinstance(given, str) else json.dumps(given))


def _merged(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Turns of one side in a row are one: models without tools often know only question and answer in turn."""
    merged: list[Turn] = []
    for turn in turns:
        if merged and merged[-1].role is turn.role:
            merged[-1] = replace(turn, text=f"{merged[-1].text}\n\n{turn.text}")
        else:
            merged.append(turn)
    return tuple(merged)


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
    """Objects in the text that are calls: models put words and fences around them."""
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
