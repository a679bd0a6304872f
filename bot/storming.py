"""One word for a whole storm: approve, reject, take and ack by its id; each question is still decided for itself, by who may."""

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

_FOR_ALL = frozenset({Verb.APPROVE, Verb.REJECT, Verb.TAKE, Verb.ACK})
"""The words that may be said of a whole storm."""


class Storming:
    """Stands before the calls for one question: what names no storm goes to them."""

    def __init__(self, rows: Rows, inventory: Inventory, deciding: Deciding, views: Views) -> None:
        self._rows, self._inventory, self._deciding, self._views = rows, inventory, deciding, views
        self._say = views.words.say

    def before(self, call: Call) -> Call:
        """The call, unless a storm is meant."""

        def decide(command: Command, message: Message) -> Answer:
            storm = self._storm(command.target) if command.verb in _FOR_ALL else None
            return call(command, message) if storm is None else self._all(storm, command, message)

        return decide

    def _all(self, storm: Storm, command: Command, message: Message) -> Answer:
        if command.verb is Verb.ACK:
            return self._ack(storm, message)
        if command.part:
            return self._give_back(storm, message)
        if storm.ended is not None:
            return Answer(self._say("storm.reply.over", id=storm.id), storm, ok=False)
        opened = {one.id: one for one in heads(self._rows.storms.incidents(storm.id)) if one.closed is None}
        if command.verb is Verb.TAKE:
            return self._take(storm, tuple(opened.values()), message)
        asked = [one for one in self._rows.book.pending() if one.incident in opened and one.proposal is not None]
        return self._answer(storm, asked, command, message)

    def _answer(self, storm: Storm, asked: list[Approval], command: Command, message: Message) -> Answer:
        """A no is for all of them; a yes not for what the card cannot show: what needs two, and what rests on a text."""
        is_yes = command.verb is Verb.APPROVE
        for_two = [one for one in asked if is_yes and one.answer is PolicyAnswer.ASK2]
        on_text = [one for one in asked if is_yes and one not in for_two and _rests_on_text(one)]
        for_all = [one for one in asked if one not in for_two and one not in on_text]
        done = [one for one in for_all if self._decided(one, command, message)]
        key = "storm.reply.approved" if is_yes else "storm.reply.rejected"
        lines = [self._say(key, id=storm.id, count=len(done))]
        lines += [self._say("storm.reply.left", count=len(for_all) - len(done))] if len(done) < len(for_all) else []
        for key, left in (("storm.reply.two", for_two), ("storm.reply.text", on_text)):
            lines += [self._say(key, ids=", ".join(one.id for one in left[:MOST_NAMED]))] if left else []
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

    def _ack(self, storm: Storm, message: Message) -> Answer:
        """Somebody is awake for whatever of it wakes people, its consequences too; nothing else changes."""
        now, by = self._rows.clock.now(), self._deciding.name(message)
        known = self._rows.storms.incidents(storm.id)
        for one in known:
            named = hashlib.sha256(f"{message.channel}|{message.id}|{one.id}".encode()).hexdigest()[:8]
            self._rows.pauses.put(Pause(named, PauseKind.ACK, f"incident:{one.id}", by, now, why=storm.id), by, now)
        return Answer(self._say("storm.reply.acked", id=storm.id, count=len(known), by=plain(by)), storm)

    def _give_back(self, storm: Storm, message: Message) -> Answer:
        """What this person took with the storm; what somebody else took is theirs to give."""
        now, by = self._rows.clock.now(), self._deciding.name(message)
        mine = [
            one
            for one in self._rows.pauses.all()
            if (one.kind, one.why, one.by) == (PauseKind.TAKE, storm.id, by) and one.is_on(now)
        ]
        for one in mine:
            self._rows.pauses.change(one.id, lambda pause: pause.over(by, now), by, now)
        return Answer(self._say("storm.reply.given", id=storm.id, count=len(mine)), storm, ok=bool(mine))

    def _storm(self, target: str) -> Storm | None:
        try:
            return self._rows.storms.load(target.upper()) if target else None
        except UnknownError:
            return None


def _rests_on_text(approval: Approval) -> bool:
    """True where a value came out of a text: it has to be looked at, and no card of a storm shows it."""
    return approval.proposal is not None and not all(value.is_known for _, value in approval.proposal.parameters)
