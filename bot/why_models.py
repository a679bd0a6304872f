"""`why ID`, its end: which models were asked, what that cost, and on demand exactly what each saw and said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.messages.units import clock, plain
from bot.messages.words import Words
from core.budget import Budget
from core.errors import TamperedError
from core.mind_ports import ModelLog
from core.model import ModelCall
from core.redaction import visible

_MARGIN = "    | "


@dataclass(frozen=True, slots=True)
class Consulted:
    """The calls of one incident; `changed` is what is wrong where they do not verify, and then there are none."""

    calls: tuple[ModelCall, ...] = ()
    changed: str = ""


def consulted(log: ModelLog, subject: str) -> Consulted:
    """What models were asked about it."""
    try:
        return Consulted(log.of(subject))
    except TamperedError as error:
        return Consulted(changed=error.message)


def model_lines(
    words: Words, id: str, asked: Consulted, now: datetime, budget: Budget, *, with_texts: bool
) -> Iterator[str]:
    """One line a call; nothing where no model was asked."""
    if asked.changed:
        yield words.say("why.tampered", error=plain(asked.changed, 200))
    if not asked.calls:
        return
    yield words.say("why.models", count=len(asked.calls))
    for call in asked.calls:
        yield _line(words, call, now, budget)
        if with_texts:
            yield words.say("why.model.sent")
            yield from _quoted(call.sent)
            yield words.say("why.model.said")
            yield from _quoted(call.said)
    if not with_texts:
        yield words.say("why.texts.tip", id=id)


def _line(words: Words, call: ModelCall, now: datetime, budget: Budget) -> str:
    return words.say(
        "why.model",
        at=clock(call.at, now),
        mind=words.say(f"mind.{call.mind}"),
        model=plain(call.model, 60),
        prompt=plain(call.prompt.replace("@", " v"), 40),
        tokens_in=call.tokens_in,
        tokens_out=call.tokens_out,
        money=words.say("digest.money", amount=budget.money(call.cost)) if call.cost else "",
        seconds=f"{call.seconds:.2f}",
        error=words.say("why.model.error", error=plain(call.error, 160)) if call.error else "",
    )


def _quoted(text: str) -> Iterator[str]:
    """A text as it was, each line behind a margin, so that nothing in it looks like a line of ours."""
    for line in _turns(text).splitlines():
        yield f"{_MARGIN}{visible(line)}"


def _turns(text: str) -> str:
    """What was sent to the brain is JSON of turns and tools; here each begins at the margin. Anything else is shown as it is."""
    try:
        body = json.loads(text)
        turns = [_indented(f"[{turn['role']}] {turn['text']}{_called(turn)}") for turn in body["turns"]]
        tools = [
            _indented(f"[tool {one['name']}] {one['description']} {json.dumps(one['schema'], ensure_ascii=False)}")
            for one in body["tools"]
        ]
    except (ValueError, TypeError, KeyError):
        return text
    return "\n".join([*turns, *tools])


def _indented(text: str) -> str:
    return "\n  ".join(text.splitlines())


def _called(turn: dict[str, list[list[str]]]) -> str:
    return "".join(f"\n-> {name} {given}" for _, name, given in turn.get("calls", []))
