"""The desk: what people say becomes a command, its call and a reply; what is to be said is rendered and sent. One for every channel."""

from __future__ import annotations

import itertools
import math
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from bot.answers import BEFORE_A_STORM, Answer, Views, nothing_offered
from bot.app import Rows
from bot.commands import Command, Verb, free_words, parse
from bot.deciding import Deciding
from bot.digest import MorningMessage, morning_of
from bot.json_view import as_json
from bot.limiting import Limiting
from bot.messages import render
from bot.messages.units import plain
from bot.noting import Noting
from bot.ordering import Ordering
from bot.pausing import KINDS, Pausing
from bot.remembering import Remembering
from bot.roster import Roster
from bot.storming import Storming
from bot.telling import Telling
from bot.verbs import TEXTS, least_role
from core.alert import Alert, AlertStatus, Signal, require_host_name
from core.approval import Approval
from core.budget import Budget
from core.card import Card, CardKind
from core.errors import InvalidError, NightshiftError, TamperedError, UnavailableError, UnknownError
from core.intent import Intent, intent_of
from core.inventory import Inventory
from core.message import Message, any_message
from core.ports import Channel

MACHINE_CHANNEL = "cli"
"""Commands from another process on this machine: their replies are JSON, so that the command line shows them as its own."""

PATIENCE = 1.0
"""Seconds after which a person is told that something is being worked on."""

MOST_BACKOFF = 300

_FREE = frozenset({Verb.UNKNOWN, Verb.ASK})

STREAMS = frozenset({"console"})
"""Channels that show an answer piece by piece; the others get the whole."""

Act = Callable[[Command, Message], Answer]
"""Carries out run, dry run, undo and resolve; idempotent by the message's id, because a message that was cut off is handled again."""


Shown = Callable[[str], None]
"""Gets pieces of an answer while it is made, as they are to be read."""

Converse = Callable[[str, Message, Shown], Answer]
"""Answers free words."""


def _silent(_: str) -> None:
    """Nobody looks on."""


class ChatDesk:
    """Between people and rows; channels decide nothing, and neither does this beyond roles and the grammar."""

    def __init__(  # noqa: PLR0913, PLR0917 - composed once, in wiring
        self,
        rows: Rows,
        inventory: Inventory,
        roster: Roster,
        language: str,
        act: Act,
        channels: Mapping[str, Channel],
        ordering: Ordering | None = None,
        converse: Converse | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._rows, self._inventory, self._roster = rows, inventory, roster
        self._act, self._channels, self._converse = act, channels, converse
        self._taking = threading.Lock()
        offers = ordering.is_offered if ordering else nothing_offered
        self.views = Views(rows, inventory, roster, language, offers, budget)
        pausing = Pausing(rows, inventory, roster, self.views)
        self._deciding = Deciding(rows, inventory, roster, self.views, pausing.give_back)
        storming = Storming(rows, inventory, self._deciding, self.views)
        telling = Telling(rows, inventory, roster, self.views)
        remembering = Remembering(rows)
        self.morning = MorningMessage(rows, morning_of(rows, inventory), roster, self.views)
        self._calls: dict[Verb, Callable[[Command, Message], Answer]] = {
            Verb.APPROVE: remembering.of(storming.before(self._deciding.approve)),
            Verb.REJECT: storming.before(self._deciding.reject),
            Verb.PICK: remembering.of(self._deciding.pick),
            Verb.ANSWER: self._deciding.answer,
            **dict.fromkeys(KINDS, storming.before(pausing.pause)),
            Verb.RESOLVE: act,
            Verb.STOP: self._deciding.stop,
            Verb.GO: self._deciding.go,
            Verb.WHY: lambda command, message: self.views.why(
                command.target or self._incident_of(message.thread), with_texts=command.text == TEXTS
            ),
            Verb.PLAN: self._plan,
            Verb.STATUS: lambda _, __: self.views.status(),
            Verb.INCIDENTS: lambda command, _: self.views.incidents(command.target),
            Verb.APPROVALS: lambda _, __: self.views.approvals(),
            Verb.MEMORY: lambda command, _: self.views.memory(command.text),
            Verb.HELP: lambda _, __: self.views.help(),
            Verb.ALERT: self._alert,
            Verb.RUN: act,
            Verb.DRY_RUN: act,
            Verb.UNDO: act,
            Verb.MODE: Limiting(rows, inventory, roster, self.views).mode,
            Verb.RULE: telling.tell,
            Verb.RULES: telling.rules,
            Verb.DIGEST: self.morning.answer,
            Verb.NOTE: Noting(rows, inventory, roster, self.views).note,
            Verb.UNKNOWN: self._unknown,
            Verb.ASK: self._unknown,
        }
        if ordering is not None:
            self._calls |= {
                Verb.ORDERS: ordering.orders,
                Verb.WRONG: remembering.of_wrong(ordering.wrong),
                Verb.ADMIT: ordering.admit,
            }

    # ---- in -----------------------------------------------------------------------------------------------------------------------

    def receive(self, name: str, wait: float) -> bool:
        """One message of a channel into the inbox, durable before it is answered; False if none came within `wait` seconds."""
        message = self._channels[name].receive(wait)
        if message is None:
            return False
        message = replace(message, channel=name)
        try:
            if parse(message.text).verb is Verb.STOP:
                self._stop_at_once(message)
            else:
                self._rows.inbox.put(message)
        except UnavailableError as error:
            self._reply(message, self._without_rows(message, error).text)
        return True

    def answer_next(self, wanted: Callable[[Message], bool] = any_message) -> bool:
        """Handles the oldest message that is wanted; False if there is none."""
        with self._taking:
            message = self._rows.inbox.next(wanted)
        if message is None:
            return False
        try:
            answer = self._patiently(message)
        except BaseException:  # a fault of ours ends the process; the next one must not end by the same message
            self._rows.inbox.done(message, self.views.words.say("reply.failed", error="internal error, see the log"))
            raise
        is_machine = message.channel == MACHINE_CHANNEL
        self._rows.inbox.done(message, as_json(answer) if is_machine else answer.text)
        self._reply(message, answer.text)
        if answer.ok and parse(message.text).verb is Verb.GO:
            self.show_open(message.channel)
        return True

    def _stop_at_once(self, message: Message) -> None:
        """A stop waits for nothing that was said before it, least of all for a model that takes its time."""
        with self._taking:
            if not self._rows.inbox.put(message):
                return
            answer = self.answer(message)
            self._rows.inbox.done(message, answer.text)
        self._reply(message, answer.text)

    def answer(self, message: Message, shown: Shown = _silent) -> Answer:
        """What came of one message; every refusal of ours is an answer, not an error."""
        command = parse(message.text)
        try:
            return self.carry_out(command, message, shown)
        except NightshiftError as error:
            return Answer(self.views.words.say("reply.failed", error=self.views.words.problem(error)), ok=False)

    def carry_out(self, command: Command, message: Message, shown: Shown = _silent) -> Answer:
        """The call behind a command, if this person may; raises our errors."""
        say = self.views.words.say
        if not self._roster.is_member(message.channel, message.by):
            return Answer(say("reply.stranger", account=plain(message.by)), ok=False)
        if not self._roster.may(message.channel, message.by, command, self._groups(command)):
            return Answer(say("reply.notallowed", verb=command.word, role=least_role(command).word), ok=False)
        if command.verb in _FREE and (words := free_words(message.text)):
            return self._free(words, command, message, shown)
        call = self._calls.get(command.verb)
        return call(command, message) if call else Answer(say("reply.nocall", verb=command.verb), ok=False)

    # ---- out ----------------------------------------------------------------------------------------------------------------------

    def deliver(self, name: str, limit: int = 20) -> int:
        """Sends what is due in one channel, in order, each as things stand now; a channel that is down keeps its order.

        What is muted counts as sent: the morning message tells of it.
        """
        sent = 0
        for item in self._rows.outbox.due(name, limit, self._rows.clock.now()):
            try:
                if self.views.may_be_part_of_more(item.card) and item.tries == 1:
                    self._rows.outbox.retry(item.id, self._rows.clock.now() + BEFORE_A_STORM)
                    continue
                if not (self.views.is_silenced(item.card) or self.views.is_in_storm(item.card)):
                    self._channels[name].send(self._shown(item.card, name), item.card)
            except UnavailableError:
                pause = timedelta(seconds=min(MOST_BACKOFF, 2**item.tries))
                self._rows.outbox.retry(item.id, self._rows.clock.now() + pause)
                break
            self._rows.outbox.sent(item.id, self._rows.clock.now())
            sent += 1
        return sent

    def shout(self, text: str) -> None:
        """What cannot even be written down is said in every channel at once."""
        for name, channel in self._channels.items():
            with suppress(UnavailableError):
                channel.send(
                    self.views.words.say("reply.failed", error=plain(text, 300)),
                    Card(f"shout:{name}", CardKind.SELF, "", "", text),
                )

    def show_open(self, name: str) -> None:
        """Every open question once more in one channel: after a start, and after a stop was lifted, their keys count again."""
        channel = self._channels.get(name)
        if channel is None:
            return
        with suppress(UnavailableError):
            for card in (*self.views.storm_cards(), *self.views.open_cards()):
                if self.views.is_in_storm(card):
                    continue
                channel.send(self._shown(card, name), card)

    def _shown(self, card: Card, channel: str) -> str:
        """Its words; where a row behind it was changed or is gone, that is said, and the cards after it still come."""
        try:
            return self.render(card, channel)
        except (TamperedError, UnknownError) as error:
            return f"{card.kind} {plain(card.subject)}: {plain(error.message, 300)}"

    def render(self, card: Card, channel: str) -> str:
        """The words of a card in its present state."""
        return render(card, self.views.nouns(card, has_keys=channel == "console"), self.views.language)

    # ---- inside -------------------------------------------------------------------------------------------------------------------

    def _without_rows(self, message: Message, error: UnavailableError) -> Answer:
        """Nothing can be written down now: a stop is carried out all the same, for anything else the person is told that it is not done."""
        if parse(message.text).verb is Verb.STOP:
            return self.answer(message)
        return Answer(self.views.words.say("reply.failed", error=plain(error.message, 300)), ok=False)

    def _patiently(self, message: Message) -> Answer:
        """The answer; after a second the person is told that it is being worked on."""
        done: Future[Answer] = Future()
        threading.Thread(target=self._work, args=(message, done), name="desk-answer", daemon=True).start()
        with suppress(NotYet):
            return done.result(PATIENCE)
        self._reply(message, self.views.words.say("reply.busy", text=plain(message.text)), "busy")
        return done.result()

    def _work(self, message: Message, done: Future[Answer]) -> None:
        try:
            done.set_result(self.answer(message, self._pieces(message)))
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits, which raises it
            done.set_exception(error)

    def _pieces(self, message: Message) -> Shown:
        """Straight to who asked, where that channel shows pieces."""
        if message.channel not in STREAMS:
            return _silent
        number = itertools.count(1)
        return lambda piece: self._reply(message, piece, f"piece{next(number)}")

    def _reply(self, message: Message, text: str, part: str = "reply") -> None:
        """Straight to who asked; an answer that cannot be shown now is kept in the inbox, and asking again is harmless."""
        channel = self._channels.get(message.channel)
        if channel is None or not text:
            return
        with suppress(UnavailableError):
            channel.send(text, Card(f"{message.id}:{part}", CardKind.REPLY, message.thread, message.id, text))

    def _groups(self, command: Command) -> tuple[str, ...] | None:
        """The groups of the host a command names; None where it names none, or where the call itself looks the host up."""
        host = command.option("host")
        return self._inventory.groups(host) if host else None

    def _incident_of(self, thread: str) -> str:
        """The incident whose thread it is; '' where it is none, which means the latest."""
        try:
            return self._rows.log.load(thread).id if thread else ""
        except UnknownError:
            return ""

    def _plan(self, command: Command, _: Message) -> Answer:
        found = self._deciding.question(command.target)
        return self.views.plan(found) if isinstance(found, Approval) else found

    def _alert(self, command: Command, message: Message) -> Answer:
        """A claim by hand: it starts looking, never acting."""
        options = dict(command.options)
        if unknown := set(options) - {"host", "value", "text", "status"}:
            raise InvalidError(f"an alert has host, value, text and status, no {sorted(unknown)[0]!r}")
        alert = Alert(
            id=f"{message.channel}:{message.id or uuid.uuid4().hex}",
            host=require_host_name(options.get("host", "")),
            signal=Signal.parse(command.target),
            source=f"claim:{self._roster.name(message.by)}",
            status=_status(options.get("status", "firing")),
            at=message.at,
            value=_number(options.get("value")),
            text=options.get("text", "")[:2000],
        )
        incident = self._rows.intake.take_in((alert,), self._rows.clock.now())[0]
        say = self.views.words.say
        text = say("reply.alert", incident=incident) if incident else say("reply.alert.none")
        return Answer(text, {"incidents": [incident]}, incident=incident)

    def _free(self, words: str, command: Command, message: Message, shown: Shown) -> Answer:
        """Free words: the answer to a question that is open in this thread, else a conversation where there is one."""
        if message.thread and intent_of(words) not in {Intent.ABOUT, Intent.QUESTION}:
            answered = self._deciding.answer_in_thread(replace(message, text=words))
            if answered is not None:
                return answered
        if self._converse is None:
            return self._unknown(command, message)
        said = self._converse(words, message, shown)
        if said.ok or not command.target:
            return said
        return replace(said, text=f"{said.text}\n{self._unknown(command, message).text}")

    def _unknown(self, command: Command, _: Message) -> Answer:
        key = f"reply.unknown.{command.part or 'near'}" if command.target else "reply.unknown"
        return Answer(self.views.words.say(key, text=f"“{plain(command.text)}”", usage=command.target), ok=False)


def _status(text: str) -> AlertStatus:
    if text not in set(AlertStatus):
        raise InvalidError(f"status {text!r} is neither firing nor resolved")
    return AlertStatus(text)


def _number(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError as error:
        raise InvalidError(f"value {text!r} is no number; write e.g. value=97.5") from error
    if not math.isfinite(number):
        raise InvalidError(f"value {text!r} is no measurement; write e.g. value=97.5")
    return number


def is_command(message: Message) -> bool:
    """A word of the grammar: it waits for no model."""
    return not is_talk(message)


def is_talk(message: Message) -> bool:
    """Free words, which a model may take its time for."""
    return parse(message.text).verb in _FREE and bool(free_words(message.text))
