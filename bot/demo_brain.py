"""The brain of a demo's night: scripted, or the one of .env; and what it looks at and says, told while it happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

from adapters.brain_openai import OpenAIBrain
from adapters.patient.brain_script import payments_night
from adapters.patient.scripted_brain import MODEL, ScriptedBrain
from bot.messages.units import plain, quoted
from bot.minds import Minds, minds_of, terms_of
from bot.settings import Settings
from core.brain_answer import FINALS, MOST_EVIDENCE
from core.errors import InvalidError
from core.mind_ports import Brain
from core.model import ModelReply, ModelRequest, Role, ToolCall, Turn

_LINE, _NAME = 160, 40


@contextmanager
def scripted_minds(settings: Settings, say: Callable[..., None]) -> Iterator[Minds]:
    """A brain whose answers were written beforehand, behind a real server, asked by the real adapter within the real bounds."""
    with closing(ScriptedBrain(payments_night)) as server:
        say("demo.brain.scripted", url=server.base_url)
        brain = ToldBrain(OpenAIBrain(server.base_url, MODEL, "scripted"), say)
        yield Minds(brain=brain, terms=terms_of(settings), language=settings.file.language)


@contextmanager
def own_minds(settings: Settings, say: Callable[..., None]) -> Iterator[Minds]:
    """The brain that .env names, and no other mind; raises InvalidError where it names none."""
    minds = minds_of(settings)
    if minds.brain is None:
        raise InvalidError("no model is set; write BRAIN_MODEL into .env, or leave --brain out")
    say("demo.brain.own", model=minds.brain.model, url=settings.env.brain_base_url)
    yield replace(minds, brain=ToldBrain(minds.brain, say), cerebellum=None)


class ToldBrain:
    """Brain that says what passes through it: what it asks to see, what it is shown, how it ends."""

    def __init__(self, brain: Brain, say: Callable[..., None]) -> None:
        self._brain, self._say = brain, say

    @property
    def model(self) -> str:
        """See `core.mind_ports.Brain`."""
        return self._brain.model

    def complete(self, request: ModelRequest, seconds: float, heard: Callable[[str], None]) -> ModelReply:
        """See `core.mind_ports.Brain`."""
        for turn in _newest_results(request.turns):
            self._say("demo.brain.shown", text=quoted(_inside(turn.text), _LINE))
        reply = self._brain.complete(request, seconds, heard)
        if reply.text.strip():
            self._say("demo.brain.says", text=quoted(reply.text, _LINE))
        for call in reply.calls:
            self._tell_call(call)
        return reply

    def _tell_call(self, call: ToolCall) -> None:
        """A look with its values; an answer with what it stands on."""
        given = _given(call)
        if call.name not in FINALS:
            self._say("demo.brain.looks", tool=plain(call.name, _NAME), values=plain(_values(given), _LINE))
            return
        words = [str(given[name]) for name in ("question", "wanted", "why", "reason") if given.get(name)]
        chosen = f"{given.get('skill', '')} {_values(given.get('parameters'))}".strip()
        self._say(
            "demo.brain.ends",
            how=plain(call.name, _NAME),
            what=plain(chosen, _LINE),
            why=quoted(" ".join(words), _LINE),
        )
        for line in _listed(given.get("evidence")):
            self._say("demo.brain.evidence", text=quoted(line, _LINE))


def _newest_results(turns: tuple[Turn, ...]) -> list[Turn]:
    """What was shown since it last spoke."""
    last = max((at for at, turn in enumerate(turns) if turn.role is Role.ASSISTANT), default=len(turns))
    return [turn for turn in turns[last:] if turn.role is Role.TOOL]


def _inside(text: str) -> str:
    """Without the edges of its fence."""
    return " ".join(line for line in text.splitlines() if not line.startswith("<<<") and not line.endswith(">>>"))


def _given(call: ToolCall) -> dict[str, Any]:
    """Its values as far as they can be read; what cannot is refused elsewhere."""
    try:
        given = json.loads(call.arguments or "{}")
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _values(given: object) -> str:
    return ", ".join(f"{name}={value}" for name, value in given.items()) if isinstance(given, dict) else ""


def _listed(lines: object) -> list[str]:
    return [str(line) for line in lines][:MOST_EVIDENCE] if isinstance(lines, list) else []
