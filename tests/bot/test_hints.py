"""Every command that a card or a reply tells people to type, in both languages, is one when it is typed as it stands there."""

from __future__ import annotations

import re

import pytest

from bot.commands import parse
from bot.messages import words_of
from bot.verbs import Verb

HINTS = {
    "card.type": Verb.APPROVE,
    "report.offer": Verb.ORDERS,
    "report.wrong": Verb.WRONG,
    "report.action.undo": Verb.UNDO,
    "order.line.proposed": Verb.ORDERS,
    "order.note.proposed": Verb.ORDERS,
    "order.proposed.type": Verb.ORDERS,
    "order.confirm.type": Verb.ORDERS,
    "wrong.undo": Verb.UNDO,
    "admit.card": Verb.ADMIT,
    "rule.shown": Verb.RULES,
    "rule.draft": Verb.RULES,
    "rule.note": Verb.RULES,
    "digest.likes.one": Verb.ORDERS,
    "pause.take": Verb.TAKE,
    "pause.one": Verb.MAINTENANCE,
    "pause.scoped": Verb.SNOOZE,
    "waking.drill": Verb.ACK,
    "mode.tightened": Verb.MODE,
    "mode.newer": Verb.MODE,
    "mode.tight": Verb.MODE,
    "reply.stopped": Verb.GO,
    "reply.frozen": Verb.GO,
    "reply.tie": Verb.GO,
    "reply.second.name": Verb.APPROVE,
    "reply.second.wrong": Verb.APPROVE,
    "card.ask2": Verb.APPROVE,
    "storm.answer": Verb.APPROVE,
}
"""A sentence, and the command that stands in it."""


class _Typical(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return {"word": "host:web-1", "host": "web-1", "n": "10", "count": "3"}.get(name, "ABCDEF")


def commands_in(text: str) -> set[Verb]:
    """What the pieces between marks are as commands, with nothing but marks around them."""
    pieces = re.split(r" \| | · |: |：|；|\n|; |。|\. |, |，|[()（）“”]", text)
    return {command.verb for piece in pieces if (command := parse(piece.strip(" ."))).verb is not Verb.UNKNOWN}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("key", HINTS)
def test_what_people_are_told_to_type_is_understood(key: str, language: str) -> None:
    facts = _Typical(id="10") if key == "report.action.undo" else _Typical()
    assert HINTS[key] in commands_in(words_of(language).table[key].format_map(facts))
