"""Take, ack, snooze, mute, maintenance and their end: what people lay down for a while; and resolve, the word that closes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from bot.answers import Answer, Views
from bot.app import Rows
from bot.messages.cards import scope_word
from bot.messages.units import plain
from bot.roster import Roster
from bot.scopes import Scopes
from bot.verbs import Command, Role, Verb, rule_of
from core.alert import Signal
from core.drill import is_drill
from core.errors import InvalidError
from core.holding import Holding, put_questions_aside
from core.incident import Incident, IncidentState
from core.inventory import Inventory
from core.message import Message
from core.page import Page
from core.pause import LONGEST, Pause, PauseKind

KINDS = {
    Verb.TAKE: PauseKind.TAKE,
    Verb.ACK: PauseKind.ACK,
    Verb.SNOOZE: PauseKind.SNOOZE,
    Verb.MUTE: PauseKind.MUTE,
    Verb.MAINTENANCE: PauseKind.MAINTENANCE,
}


class Pausing:
    """Lays pauses down and ends them. Ending one lets Nightshift do more: one's own, or with an approver's role."""

    def __init__(self, rows: Rows, inventory: Inventory, roster: Roster, views: Views) -> None:
        self._rows, self._inventory, self._roster, self._views = rows, inventory, roster, views
        self._scopes = Scopes(rows, inventory)
        self._say = views.words.say

    def pause(self, command: Command, message: Message) -> Answer:
        """One of the five words, or its end."""
        kind = KINDS[command.verb]
        found = self._scope(command, kind)
        if isinstance(found, Answer):
            return found
        scope, about = found
        if not self._may(command, message, scope):
            role = rule_of(command.verb).role
            return self._no("reply.notallowed", verb=command.word, role=role.word)
        if command.part == "off":
            return self._end(kind, scope, about, message)
        if refused := self._refused(kind, command):
            return refused
        return self._lay_down(kind, scope, about, command, message)

    def give_back(self, scope: str, by: str, now: datetime, typed: datetime) -> tuple[bool, tuple[Pause, ...]]:
        """`go` ends what was taken there before the second in which it was typed: whether something was, and what stays."""
        _, _, name = scope.partition(":")
        takes = [
            one for one in self._on(now) if one.kind is PauseKind.TAKE and (one.scope == scope or one.about == name)
        ]
        said = min(typed, now).replace(microsecond=0)
        newer = tuple(one for one in takes if one.by != by and one.since >= said)
        for one in takes:
            if one not in newer:
                self._rows.pauses.change(one.id, lambda pause: pause.over(by, now), by, now)
        return len(newer) < len(takes), newer

    # ---- laying down ------------------------------------------------------------------------------------------------------------

    def _lay_down(self, kind: PauseKind, scope: str, about: str, command: Command, message: Message) -> Answer:
        """The id comes from the message, so that a message that was cut off lays down the same pause again."""
        now, by = self._rows.clock.now(), self._roster.name(message.by)
        named = hashlib.sha256(f"{message.channel}|{message.id}".encode()).hexdigest()[:8]
        until = now + command.lasts if command.lasts is not None and kind in LONGEST else None
        before = [one for one in self._on(now) if (one.kind, one.scope) == (kind, scope) and one.id != named]
        same = next((one for one in before if one.by == by and one.until == until), None)
        pause = same or self._rows.pauses.put(
            Pause(named, kind, scope, by, now, until, command.text, about=about), by, now
        )
        put_questions_aside(self._rows.log, self._rows.book, self._on(now), self._inventory, now)
        also = [one for one in before if one is not pause]
        lines = [self._told(pause), self._say("pause.also", list=self._listed(also)) if also else ""]
        return Answer("\n".join(line for line in lines if line), pause)

    def _told(self, pause: Pause) -> str:
        voice = {"signal": "signal", "claim": "claim"}.get(pause.scope.partition(":")[0], "both")
        word = self._word(pause)
        return self._say(
            f"pause.{pause.kind}",
            by=self._views.pause_by(pause),
            scope=self._views.words.scope(pause.scope),
            word=word,
            until=self._views.pause_until(pause),
            whose=self._say(f"pause.mute.{voice}", word=word),
        )

    @staticmethod
    def _word(pause: Pause) -> str:
        """What a person types for its scope."""
        kind, _, name = pause.scope.partition(":")
        return plain(name, 80) if kind in {"host", "group", "incident", "signal"} else scope_word(pause.scope)

    def _refused(self, kind: PauseKind, command: Command) -> Answer | None:
        longest = LONGEST.get(kind)
        if longest is None or (command.lasts is not None and command.lasts <= longest):
            return None
        lasts = self._views.words.lasted(longest.total_seconds())
        return self._no("pause.toolong", kind=self._say(f"pause.kind.{kind}"), longest=lasts)

    # ---- what is meant ----------------------------------------------------------------------------------------------------------

    def _scope(self, command: Command, kind: PauseKind) -> tuple[str, str] | Answer:
        """The scope, and the incident it is said for; or what to say where that is not clear."""
        if not command.target:
            open_ones = self._rows.log.incidents(only_open=True, limit=2)
            only = open_ones[0] if len(open_ones) == 1 else None
            return self._of_incident(only, kind, command) if only else self._which(command)
        if kind is PauseKind.ACK and is_drill(command.target.upper()):
            return f"incident:{command.target.upper()}", ""
        scope = self._scopes.of(command.target)
        if scope is not None and scope.startswith("incident:"):
            return self._of_incident(self._rows.log.load(scope.partition(":")[2]), kind, command)
        if kind is PauseKind.MUTE and (scope := scope or _signal_scope(command.target)):
            return scope, ""
        if scope is None:
            return self._no("pause.what", name=plain(command.target))
        return self._of_place(scope, kind, command)

    def _of_incident(self, incident: Incident, kind: PauseKind, command: Command) -> tuple[str, str] | Answer:
        """A take is of the host, everything else of the incident alone; maintenance is said of places."""
        is_answer = kind is PauseKind.ACK and bool(self._pages_of(incident))
        if incident.state is IncidentState.CLOSED and command.part != "off" and not is_answer:
            return self._no("pause.closed", id=incident.id)
        if kind is PauseKind.MAINTENANCE:
            return self._no("pause.scoped", kind=self._say(f"pause.kind.{kind}"), name=incident.id)
        return (f"host:{incident.host}", incident.id) if kind is PauseKind.TAKE else (f"incident:{incident.id}", "")

    def _pages_of(self, incident: Incident) -> tuple[Page, ...]:
        """What somebody was woken for, also after it has ended: a hand-over wakes people until one of them answers."""
        return self._rows.pages.of(incident.storm or incident.lead or incident.id)

    def _of_place(self, scope: str, kind: PauseKind, command: Command) -> tuple[str, str] | Answer:
        if kind in {PauseKind.ACK, PauseKind.SNOOZE}:
            shown = self._views.words.scope(scope)
            is_ack = kind is PauseKind.ACK
            return (
                self._which(command) if is_ack else self._no("pause.one", scope=shown, word=scope_word(scope) or "all")
            )
        kind_of, _, name = scope.partition(":")
        if kind is not PauseKind.TAKE or kind_of != "host":
            return scope, ""
        there = [one.id for one in self._rows.log.incidents(only_open=True, limit=1000) if one.host == name]
        return scope, there[-1] if there else ""

    def _which(self, command: Command) -> Answer:
        return self._no("pause.which", usage=rule_of(command.verb).usage)

    def _may(self, command: Command, message: Message, scope: str) -> bool:
        """The role counts for every group that is touched; a signal touches all of them, as does everything."""
        groups = self._scopes.groups(scope)
        places = [groups] if groups is not None else [self._inventory.groups(one.name) for one in self._inventory.hosts]
        return all(self._roster.may(message.channel, message.by, command, one) for one in places)

    # ---- its end ----------------------------------------------------------------------------------------------------------------

    def _end(self, kind: PauseKind, scope: str, about: str, message: Message) -> Answer:
        """One's own; where there is none, those of others by an approver. What another laid down goes on."""
        now, by = self._rows.clock.now(), self._roster.name(message.by)
        there = [
            one for one in self._on(now) if one.kind is kind and (one.scope == scope or (about and one.about == about))
        ]
        mine = [one for one in there if one.by == by]
        highest = self._roster.highest(message.channel, message.by)
        if not there:
            shown = self._views.words.scope(scope)
            return self._no("pause.off.none", kind=self._say(f"pause.kind.{kind}"), scope=shown)
        if not mine and (highest is None or highest < Role.APPROVER):
            whose = ", ".join(dict.fromkeys(map(self._views.pause_by, there)))
            return self._no("pause.off.theirs", by=whose, list=self._listed(there))
        ended = [self._rows.pauses.change(one.id, lambda pause: pause.over(by, now), by, now) for one in mine or there]
        left = [one for one in there if one.id not in {gone.id for gone in ended}]
        lines = [self._say("pause.off", list=self._listed(ended))]
        lines += [self._say("pause.also", list=self._listed(left))] if left else []
        return Answer("\n".join(lines), tuple(ended))

    # ---- inside -----------------------------------------------------------------------------------------------------------------

    def _on(self, now: datetime) -> tuple[Pause, ...]:
        return tuple(pause for pause in self._rows.pauses.all() if pause.is_on(now))

    def _listed(self, pauses: Iterable[Pause]) -> str:
        return "; ".join(map(self._views.pause_line, pauses))

    def _no(self, key: str, **facts: object) -> Answer:
        return Answer(self._say(key, **facts), ok=False)


class Resolving:
    """`resolve`: closed by a person's word, which is no measurement."""

    def __init__(self, rows: Rows, inventory: Inventory, roster: Roster, views: Views, holding: Holding) -> None:
        self._rows, self._inventory, self._roster, self._views = rows, inventory, roster, views
        self._scopes, self._holding = Scopes(rows, inventory), holding

    def resolve(self, command: Command, message: Message) -> Answer:
        """Closes one incident; the only open one where none is named."""
        say = self._views.words.say
        open_ones = () if command.target else self._rows.log.incidents(only_open=True, limit=2)
        incident = (
            self._scopes.incident(command.target) if command.target else (open_ones[0] if len(open_ones) == 1 else None)
        )
        if incident is None:
            usage = rule_of(command.verb).usage
            unknown = (
                say("pause.what", name=plain(command.target)) if command.target else say("pause.which", usage=usage)
            )
            return Answer(unknown, ok=False)
        if incident.state is IncidentState.CLOSED:
            return Answer(say("pause.closed", id=incident.id), ok=False)
        if not self._roster.may(message.channel, message.by, command, self._inventory.groups(incident.host)):
            role = rule_of(command.verb).role
            return Answer(say("reply.notallowed", verb=command.verb, role=role.word), ok=False)
        if incident.state is IncidentState.ACTING:
            return Answer(say("resolve.acting", id=incident.id), ok=False)
        by = self._roster.name(message.by)
        self._holding.resolve(incident, by)
        who = self._views.words.people((by,), self._roster.names())
        return Answer(say("resolve.done", id=incident.id, by=who), self._rows.log.load(incident.id))


def _signal_scope(target: str) -> str | None:
    """`disk.used_percent:/` is what we measure, `claim:disk.used_percent:/` what others say of it."""
    voice, colon, rest = target.partition(":")
    is_claim = voice == "claim" and bool(colon)
    try:
        return f"{'claim' if is_claim else 'signal'}:{Signal.parse(rest if is_claim else target)}"
    except InvalidError:
        return None
