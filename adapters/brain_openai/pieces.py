"""An answer put together from its pieces, as services send them: calls that are not counted, thoughts before the words."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.model import ModelReply, ToolCall

_MOST_CALLS = 64
"""Of one answer that are put together; who asks takes fewer."""
_THINKS, _THOUGHT = "<think>", "</think>"


@dataclass(slots=True)
class _Called:
    """One call as its pieces come."""

    index: int | None
    name: str
    called: str = ""
    arguments: list[str] = field(default_factory=list)

    def is_meant(self, index: int | None, name: str, called: str) -> bool:
        """True where a piece belongs to this call: some services count none, or all as the first; some give no ids."""
        if index is not None and index != self.index:
            return False
        return name == self.name if name and self.name else index is not None or not called


@dataclass(slots=True)
class Heard:
    """What has come so far of one answer."""

    heard: Callable[[str], None]
    texts: list[str] = field(default_factory=list)
    calls: list[_Called] = field(default_factory=list)
    model: str = ""
    finish: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    _waiting: str = ""
    _is_loud: bool = False

    def take(self, event: object) -> None:
        """One piece, or a whole answer; what is not as it should be is left out."""
        table = table_in(event)
        usage = table_in(table.get("usage"))
        self.tokens_in = count_in(usage.get("prompt_tokens")) or self.tokens_in
        self.tokens_out = count_in(usage.get("completion_tokens")) or self.tokens_out
        self.model = text_in(table.get("model")) or self.model
        choice = table_in(next(iter(list_in(table.get("choices"))), None))
        message = table_in(choice.get("message"))
        said = table_in(choice.get("delta")) or message
        self.finish = text_in(choice.get("finish_reason")) or self.finish
        if text := _content(said.get("content")) or text_in(said.get("refusal")):
            self._speak(text)
        for number, call in enumerate(list_in(said.get("tool_calls"))):
            self._call(table_in(call), number if said is message else None)

    def _speak(self, text: str) -> None:
        """Aloud, but for what a model thinks before it speaks."""
        self.texts.append(text)
        if self._is_loud:
            self.heard(text)
            return
        self._waiting += text
        began, said = self._waiting.lstrip()[: len(_THINKS)], ""
        if not _THINKS.startswith(began):
            self._is_loud, said = True, self._waiting
        elif _THOUGHT in self._waiting[-len(text) - len(_THOUGHT) :]:
            self._is_loud, said = True, _spoken(self._waiting)
        if said:
            self.heard(said)

    def _call(self, call: dict[str, Any], number: int | None) -> None:
        index, function = call.get("index"), table_in(call.get("function"))
        counted = index if isinstance(index, int) else number
        name, called, given = text_in(call.get("id")), text_in(function.get("name")), function.get("arguments")
        one = next((one for one in reversed(self.calls) if one.is_meant(counted, name, called)), None)
        if one is None:
            if len(self.calls) >= _MOST_CALLS:
                return
            one = _Called(counted, name)
            self.calls.append(one)
        one.name = one.name or name
        one.called += "" if called == one.called else called  # some say it again with every piece
        one.arguments.append(json.dumps(given) if isinstance(given, dict) else text_in(given))

    def reply(self) -> ModelReply:
        """The whole."""
        calls = tuple(
            ToolCall(one.name or f"call-{number}", one.called, "".join(one.arguments) or "{}")
            for number, one in enumerate(self.calls)
        )
        text = _spoken("".join(self.texts))
        return ModelReply(text, calls, self.model, self.tokens_in, self.tokens_out, is_cut=self.finish == "length")


def table_in(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def list_in(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _content(value: object) -> str:
    """Text, or the texts of several parts."""
    return text_in(value) or "".join(text_in(table_in(part).get("text")) for part in list_in(value))


def _spoken(text: str) -> str:
    """Without what a model thought before it spoke; some begin without the sign for it."""
    before, end, after = text.partition(_THOUGHT)
    if end and (before.lstrip().startswith(_THINKS) or _THINKS not in before):
        return after.lstrip()
    return "" if text.lstrip().startswith(_THINKS) else text


def text_in(value: object) -> str:
    return value if isinstance(value, str) else ""


def count_in(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40 else 0
