"""Rules that people tell: shown back as a typed rule, confirmed, listed, dropped; what is to be ignored is muted too."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.answers import Answer, Views
from bot.app import Rows
from bot.commands import Command
from bot.messages.rule_card import rule_line
from bot.messages.units import clock, plain
from bot.roster import Roster
from bot.rule_words import Places, read_rule
from bot.verbs import least_role
from core.card import Card, CardKind
from core.errors import UnknownError
from core.inventory import Inventory
from core.message import Message
from core.pause import Pause, PauseKind
from core.told_rule import RuleKind, ToldRule


class Telling:
    """The calls behind `rule` and `rules`."""

    def __init__(self, rows: Rows, inventory: Inventory, roster: Roster, views: Views) -> None:
        self._rows, self._inventory, self._roster, self._views = rows, inventory, roster, views
        self._say = views.words.say

    def tell(self, command: Command, message: Message) -> Answer:
        """A rule in words becomes a typed one, which holds once it is confirmed; raises InvalidError for words that are none."""
        names = {entry.name for entry in self._inventory.hosts}
        names |= {group for entry in self._inventory.hosts for group in self._inventory.groups(entry.name)}
        drafted = read_rule(command.text, self._roster.name(message.by), Places(frozenset(names), self._views.now()))
        rule = self._rows.rules.put(drafted, drafted.by, self._rows.clock.now())
        return Answer(self._say("rule.shown", id=rule.id, rule=self._line(rule)), rule)

    def rules(self, command: Command, message: Message) -> Answer:
        """`rules`, `rules confirm ID`, `rules drop ID`."""
        if command.part == "confirm":
            return self._confirm(command, message)
        if command.part == "drop":
            return self._drop(command, message)
        now = self._rows.clock.now()
        found = tuple(rule for rule in self._rows.rules.all() if rule.ends is None or rule.ends > now)
        return Answer("\n".join(map(self._listed, found)) or self._say("rule.none"), found)

    def _confirm(self, command: Command, message: Message) -> Answer:
        rule, now, by = self._rule(command.target), self._rows.clock.now(), self._roster.name(message.by)
        if rule.ends is not None and rule.ends <= now:
            return Answer(self._say("rule.over", id=rule.id), rule, ok=False)
        if rule.confirmed is not None:
            return Answer(self._say("rule.again", id=rule.id, rule=self._line(rule)), rule)
        if rule.kind is RuleKind.IGNORE and not self._may(rule, command, message):
            return self._not_allowed(command)
        if rule.kind is RuleKind.IGNORE:
            self._rows.pauses.put(self._mute(rule, by, now), by, now)
        held = self._rows.rules.change(rule.id, lambda one: replace(one, confirmed=one.confirmed or now), by, now)
        self._tell_all("rule.note", held, by, now)
        return Answer(self._say("rule.confirmed", id=held.id, rule=self._line(held)), held)

    def _drop(self, command: Command, message: Message) -> Answer:
        rule, now, by = self._rule(command.target), self._rows.clock.now(), self._roster.name(message.by)
        if rule.ends is not None and rule.ends <= now:
            return Answer(self._say("rule.over", id=rule.id), rule, ok=False)
        if rule.confirmed is not None and not self._may(rule, command, message):
            return self._not_allowed(command)
        if rule.kind is RuleKind.IGNORE and rule.confirmed is not None:
            self._rows.pauses.change(
                f"{rule.id}:mute", lambda one: replace(one, ended=one.ended or now, ended_by=by), by, now
            )
        gone = self._rows.rules.change(rule.id, lambda one: replace(one, ended=one.ended or now, ended_by=by), by, now)
        if rule.confirmed is not None:
            self._tell_all("rule.note.dropped", gone, by, now)
        return Answer(self._say("rule.dropped", id=gone.id, rule=self._line(gone)), gone)

    def _may(self, rule: ToldRule, command: Command, message: Message) -> bool:
        """What silences or lets more happen needs the role for every group that the rule is about; one without a place is about all."""
        hosts = [one.name for one in self._inventory.hosts]
        about = [host for host in hosts if rule.host in {"", host, *self._inventory.groups(host)}]
        groups = [self._inventory.groups(host) for host in about or hosts]
        return all(self._roster.may(message.channel, message.by, command, one) for one in groups)

    def _not_allowed(self, command: Command) -> Answer:
        return Answer(self._say("reply.notallowed", verb=command.word, role=least_role(command).word), ok=False)

    def _tell_all(self, key: str, rule: ToldRule, by: str, now: datetime) -> None:
        """What changes how far we go is said to everybody."""
        text = self._say(
            key, by=self._views.words.people((by,), self._roster.names()), id=rule.id, rule=self._line(rule)
        )
        self._rows.outbox.post(Card(f"{rule.id}:{key}", CardKind.NOTE, "", rule.id, text), now)

    def _mute(self, rule: ToldRule, by: str, now: datetime) -> Pause:
        """What is ignored speaks in the morning message only; severity 1 comes through, as through any mute."""
        kind = "host" if self._inventory.entry(rule.host) else "group"
        scope = f"signal:{rule.object}" if rule.object else f"{kind}:{rule.host}"
        return Pause(f"{rule.id}:mute", PauseKind.MUTE, scope, by, now, rule.until, rule.said)

    def _rule(self, id: str) -> ToldRule:
        wanted = id.upper()
        match = [rule for rule in self._rows.rules.all() if wanted and rule.id.startswith(wanted)]
        if len(match) != 1:
            raise UnknownError("rule", id, tuple(rule.id for rule in self._rows.rules.all() if rule.ended is None))
        return match[0]

    def _listed(self, rule: ToldRule) -> str:
        key = "rule.list" if rule.confirmed else "rule.draft"
        by = self._views.words.people((rule.by,), self._roster.names())
        since = clock(rule.confirmed or rule.made, self._views.now())
        return self._say(key, id=plain(rule.id), rule=self._line(rule), by=by, since=since)

    def _line(self, rule: ToldRule) -> str:
        return rule_line(self._views.words, rule, self._views.now())
