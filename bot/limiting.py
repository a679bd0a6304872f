"""How far we go where: shown by `mode`, made stricter by anybody who may, loosened only at the machine itself (TRUST 2)."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from bot.answers import Answer, Views
from bot.app import Rows
from bot.messages.cards import scope_word
from bot.messages.units import plain
from bot.roster import LOCAL_CHANNELS, Roster
from bot.scopes import Scopes
from bot.verbs import Command, Role, least_role
from core.approval import short_id
from core.card import Card, CardKind
from core.inventory import Inventory, Mode
from core.message import Message
from core.tightening import Tightening


class Limiting:
    """The call behind `mode`."""

    def __init__(self, rows: Rows, inventory: Inventory, roster: Roster, views: Views) -> None:
        self._rows, self._inventory, self._roster, self._views = rows, inventory, roster, views
        self._scopes, self._say = Scopes(rows, inventory), views.words.say

    def mode(self, command: Command, message: Message) -> Answer:
        """`mode`, `mode SCOPE observe|approve|auto`, `mode SCOPE reset`."""
        if not command.part:
            return self._views.modes()
        scope = self._scopes.of(command.target)
        if scope is None or scope.startswith("incident:"):
            return self._no("mode.unknown", scope=plain(command.target), known=", ".join(sorted(self._places())))
        hosts = [entry.name for entry in self._inventory.hosts if self._is_in(entry.name, scope)]
        groups = [self._inventory.groups(host) for host in hosts]
        if not all(self._roster.may(message.channel, message.by, command, there) for there in groups):
            return self._no("reply.notallowed", verb=command.word, role=least_role(command).word)
        if command.part == "reset":
            return self._reset(scope, message)
        return self._tighten(scope, hosts, Mode[command.part.upper()], message)

    def _tighten(self, scope: str, hosts: list[str], wanted: Mode, message: Message) -> Answer:
        """Kept wherever it makes one host stricter; nothing it says makes another one looser, because the strictest holds."""
        modes = [self._views.mode_now.of(host) for host in hosts]
        shown = self._views.words.scope(scope)
        if all(mode <= wanted for mode in modes):
            key = "mode.same" if set(modes) == {wanted} else "mode.loosening"
            return Answer(self._say(key, scope=shown, mode=wanted.word, word=_word(scope)), ok=key == "mode.same")
        now, by = self._rows.clock.now(), self._roster.name(message.by)
        named = short_id(hashlib.sha256(f"{message.channel}|{message.id}".encode()).hexdigest())
        laid = self._rows.tightenings.put(Tightening(named, scope, wanted, by, now), by, now)
        text = self._say("mode.tightened", scope=shown, mode=wanted.word, by=self._who(by), word=_word(scope))
        self._tell_all(f"{laid.id}:mode", text)
        return Answer(text, laid)

    def _reset(self, scope: str, message: Message) -> Answer:
        """Lifts what was made stricter under exactly this scope, but nothing that somebody else said in the same second or later."""
        is_admin = self._roster.highest(message.channel, message.by) is Role.ADMIN
        if not (message.channel in LOCAL_CHANNELS and is_admin):
            return self._no("mode.machine")
        now, by = self._rows.clock.now(), self._roster.name(message.by)
        typed = min(message.at, now).replace(microsecond=0)
        there = [one for one in self._rows.tightenings.all() if one.ended is None and one.scope == scope]
        older = [one for one in there if one.by == by or one.since < typed]
        for one in older:
            self._rows.tightenings.change(one.id, lambda it: replace(it, ended=it.ended or now, ended_by=by), by, now)
        if not there:
            return self._no("mode.none", scope=self._views.words.scope(scope))
        if len(older) < len(there):
            return self._no("mode.newer", scope=self._views.words.scope(scope), word=_word(scope))
        text = self._say("mode.reset", scope=self._views.words.scope(scope), by=self._who(by))
        self._tell_all(f"{older[0].id}:reset", text)
        return Answer(f"{text}\n{self._views.modes().text}", there)

    def _tell_all(self, id: str, text: str) -> None:
        """How far we go concerns everybody."""
        self._rows.outbox.post(Card(id, CardKind.NOTE, "", id, text), self._rows.clock.now())

    def _places(self) -> set[str]:
        hosts = {entry.name for entry in self._inventory.hosts}
        return {"all", *hosts, *(group for host in hosts for group in self._inventory.groups(host))}

    def _is_in(self, host: str, scope: str) -> bool:
        return scope in {"all", f"host:{host}", *(f"group:{group}" for group in self._inventory.groups(host))}

    def _who(self, by: str) -> str:
        return self._views.words.people((by,), self._roster.names())

    def _no(self, key: str, **facts: object) -> Answer:
        return Answer(self._say(key, **facts), ok=False)


def _word(scope: str) -> str:
    """What a person types for a scope."""
    return scope_word(scope) or "all"
