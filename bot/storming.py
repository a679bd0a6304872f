"""One word for a whole storm: approve, reject and take by its id; each question is still decided for itself, by who may."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

from bot.answers import Answer, Views
from bot.app import Rows
from bot.commands import Command
from bot.deciding import Deciding
from bot.messages.units import plain
from bot.verbs import Verb
from core.approval import Answer as PolicyAnswer
from core.approval import Approval, Verdict
from core.errors import UnknownError
from core.incident import Incident
from core.inventory import Inventory
from core.message import Message
from core.pause import Pause, PauseKind
from core.storm import Storm, heads

Call = Callable[[Command, Message], Answer]

MOST_NAMED = 10


class Storming:
    """Stands before the calls for one question: what names no storm goes to them."""

    def __init__(self, rows: Rows, inventory: Inventory, deciding: Deciding, views: Views) -> None:
        self._rows, self._inventory, self._deciding, self._views = rows, inventory, deciding, views
        self._say = views.words.say

    def before(self, call: Call) -> Call:
        """The call, unless a storm is meant."""

        def decide(command: Command, message: Message) -> Answer:
            storm = self._storm(command.target)
            return call(command, message) if storm is None else self._all(storm, command, message)

        return decide

    def _all(self, storm: Storm, command: Command, message: Message) -> Answer:
        if storm.ended is not None:
            return Answer(self._say("storm.reply.over", id=storm.id), storm, ok=False)
        opened = {one.id: one for one in heads(self._rows.storms.incidents(storm.id)) if one.closed is None}
        if command.verb is Verb.TAKE:
            return self._take(storm, tuple(opened.values()), message)
        asked = [one for one in self._rows.book.pending() if one.incident in opened and one.proposal is not None]
        by_one = [one for one in asked if one.answer is not PolicyAnswer.ASK2]
        done = [one for one in by_one if self._decided(one, command, message)]
        key = "storm.reply.approved" if command.verb is Verb.APPROVE else "storm.reply.rejected"
        lines = [self._say(key, id=storm.id, count=len(done))]
        lines += [self._say("storm.reply.left", count=len(by_one) - len(done))] if len(done) < len(by_one) else []
        for_two = [one.id for one in asked if one.answer is PolicyAnswer.ASK2]
        lines += [self._say("storm.reply.two", ids=", ".join(for_two[:MOST_NAMED]))] if for_two else []
        return Answer("\n".join(lines), storm, ok=bool(done))

    def _decided(self, approval: Approval, command: Command, message: Message) -> bool:
        """True where this person's word was the one that decided."""
        verdict = Verdict.APPROVED if command.verb is Verb.APPROVE else Verdict.REJECTED
        return self._deciding.decided_with_others(approval, verdict, command, message)

    def _take(self, storm: Storm, opened: tuple[Incident, ...], message: Message) -> Answer:
        """Each incident is taken by its own pause, named after the message, so that a message that was cut off takes them once."""
        now, by = self._rows.clock.now(), self._deciding.name(message)
        for one in opened:
            named = hashlib.sha256(f"{message.channel}|{message.id}|{one.id}".encode()).hexdigest()[:8]
            pause = Pause(named, PauseKind.TAKE, f"incident:{one.id}", by, now, about=one.id)
            self._rows.pauses.put(replace(pause, why=storm.id), by, now)
        return Answer(self._say("storm.reply.taken", id=storm.id, count=len(opened), by=plain(by)), storm)

    def _storm(self, target: str) -> Storm | None:
        try:
            return self._rows.storms.load(target.upper()) if target else None
        except UnknownError:
            return None
