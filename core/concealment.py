"""What leaves for a model, with everything hidden that must stay: secrets by shape, the house's own by value, the user's own patterns."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from urllib.parse import quote, quote_plus

from core.model import ModelRequest, Tool, ToolCall, Turn
from core.pattern_cost import LONGEST_LINE
from core.redaction import HIDDEN, MOST, clean
from core.world import Json, is_deep

SHORTEST = 6
"""Characters of a secret of our own that is hidden by value; a shorter one could not be without hiding ordinary words."""

_BEGIN, _END = "-----BEGIN", "-----END"
_DROPPED = 1000


class Concealment:
    """The text as it may leave; doing it again changes nothing. `secrets` are exact values, `patterns` bounded in what they take."""

    def __init__(self, secrets: Iterable[str] = (), patterns: Iterable[re.Pattern[str]] = ()) -> None:
        forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        self._forms = sorted(forms - {HIDDEN}, key=len, reverse=True)
        self._patterns = tuple(patterns)

    def __call__(self, text: str) -> str:
        """Of any length, in time that grows with it."""
        text = self._without_own(text)
        cleaned = "".join(map(clean, _pieces(text)))
        return "".join(map(self._line, self._without_own(cleaned).splitlines(keepends=True)))

    def request(self, request: ModelRequest) -> ModelRequest:
        """A whole request: every turn, the arguments of earlier calls, and what tools say of themselves."""
        turns = tuple(self._turn(turn) for turn in request.turns)
        return replace(request, turns=turns, tools=tuple(self._tool(tool) for tool in request.tools))

    def arguments(self, text: str) -> str:
        """The arguments of a call: its values one by one, so that they stay JSON; what is no JSON as any text."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return self(text)
        return self(text) if is_deep(value) else json.dumps(self._value(value), ensure_ascii=False)

    def _turn(self, turn: Turn) -> Turn:
        calls = tuple(ToolCall(call.id, call.name, self.arguments(call.arguments)) for call in turn.calls)
        return replace(turn, text=self(turn.text), calls=calls)

    def _tool(self, tool: Tool) -> Tool:
        schema = {name: self._value(value) for name, value in tool.schema.items()}
        return Tool(tool.name, self(tool.description), schema)

    def _value(self, value: Json, name: str = "") -> Json:
        if isinstance(value, str):
            is_named = name and self(f"{name}: {value}").endswith(f": {HIDDEN}")
            return HIDDEN if is_named else self(value)
        if isinstance(value, list):
            return [self._value(one, name) for one in value]
        if isinstance(value, dict):
            return {self(key): self._value(one, key) for key, one in value.items()}
        return value

    def _without_own(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        return text

    def _line(self, line: str) -> str:
        """The user's patterns on a line, in bounded pieces; what was hidden is not looked at again."""
        if not self._patterns:
            return line
        return "".join(self._hidden(line[at : at + LONGEST_LINE]) for at in range(0, len(line), LONGEST_LINE))

    def _hidden(self, piece: str) -> str:
        for pattern in self._patterns:
            piece = HIDDEN.join(pattern.sub(_hide, part) for part in piece.split(HIDDEN))
        return piece


def _hide(match: re.Match[str]) -> str:
    return HIDDEN if match[0] else ""


def _forms(secret: str) -> Iterable[str]:
    """A secret as it may stand in a text: as it is, in a URL, in JSON, in hex, and in base64 of what holds it at any place."""
    data = secret.encode("utf-8", "replace")
    yield from (
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        data.hex(),
        data.hex().upper(),
    )
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield from filter(lambda form: len(form) >= SHORTEST, map(partial(_encoded, data, encode), range(3)))


def _encoded(data: bytes, encode: Callable[[bytes], bytes], shift: int) -> str:
    """The characters of base64 that depend on the secret alone, where it begins `shift` bytes into a group of three."""
    text = encode(bytes(shift) + data).decode().rstrip("=")
    return text[(0, 2, 3)[shift] : (len(data) + shift) * 8 // 6]


def _pieces(text: str) -> Iterable[str]:
    """Parts that redaction looks at whole, cut where no secret is cut; where there is no such place, what follows the cut is dropped."""
    while len(text) > MOST:
        at, is_between = _cut(text)
        yield text[:at] if is_between else f"{text[:at]}{HIDDEN}\n"
        text = text[at:] if is_between else text[at + _DROPPED :]
    yield text


def _cut(text: str) -> tuple[int, bool]:
    at = max(text.rfind("\n", MOST // 2, MOST), 0) or max(text.rfind(" ", MOST // 2, MOST), 0)
    begin = text.rfind(_BEGIN, 1, at or MOST)
    if begin > 0 and text.find(_END, begin, at or MOST) < 0:
        return begin, True
    return (at + 1, True) if at else (MOST - len(HIDDEN) - 1, False)
