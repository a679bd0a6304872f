"""The words around yeses given ahead: orders new, confirm, renew, revoke; wrong fix; and admitting a skill that has changed."""

from __future__ import annotations

import re

from bot.answers import Answer
from bot.app import Rows
from bot.commands import Command, Role, Verb
from bot.messages import words_of
from bot.messages.order_lines import order_end, order_line
from bot.messages.units import clock, plain
from bot.roster import LOCAL_CHANNELS, Roster
from bot.team import Trust
from core.alert import Signal
from core.approval import is_account
from core.errors import NoOrderError, TamperedError, UnknownError
from core.incident import Attempt, Ending, Incident
from core.journal import EffectRow
from core.message import Message
from core.standing_order import OrderState, StandingOrder

MOST_ENDED = 5
"""Orders that are over and still listed, the latest."""
MOST_UNDOES = 3
_LONGEST_WHY = 300


class Ordering:
    """Roles are looked up again for the very groups an order or a skill is for. Every call may come twice for one message."""

    def __init__(self, rows: Rows, trusted: Trust, roster: Roster, language: str) -> None:
        self._rows, self._roster, self._words = rows, roster, words_of(language)
        self._orders, self._birth, self.admission = trusted.orders, trusted.birth, trusted.admission
        self._inventory = trusted.ground.inventory
        self._say = self._words.say

    def is_offered(self, incident: str) -> bool:
        """Whether the card of this incident offers `next time, don't wake me`."""
        return self._birth.is_offered(incident)

    def orders(self, command: Command, message: Message) -> Answer:
        """`orders` and its parts; a refusal is one sentence."""
        calls = {"new": self._new, "confirm": self._confirm, "renew": self._renew, "revoke": self._revoke}
        if not command.part:
            return self._listed()
        try:
            return calls[command.part](command, message)
        except NoOrderError as error:
            fact = order_end(self._words, error.fact, self._roster.names())
            fact = self._words.table.get(f"risk.{error.fact}", fact)
            return self._no(f"order.no.{error.reason}", fact=plain(fact, 200))

    # ---- orders -----------------------------------------------------------------------------------------------------------------

    def _new(self, command: Command, message: Message) -> Answer:
        incident = self._incident(command.target)
        groups = self._inventory.groups(incident.host)
        if not self._may(message, groups):
            return self._not_allowed(command)
        author = self._roster.name(message.by)
        others = self._others(author, groups)
        order = self._orders.put(self._birth.draft(incident.id, author), is_for_others=bool(others))
        if order.state is not OrderState.PROPOSED:
            return self._stands(order)
        key = "order.proposed.other" if others else "order.proposed.type"
        facts = {"id": order.id, "name": self._name_to_type(order), "others": self._people(others)}
        return Answer(f"{self._line(order)}\n{self._say(key, **facts)}", order)

    def _confirm(self, command: Command, message: Message) -> Answer:
        order = self._order(command.target)
        if not self._may(message, self._groups(order)):
            return self._not_allowed(command)
        if order.state is not OrderState.PROPOSED:
            return self._stands(order)
        by, typed = self._roster.name(message.by), ""
        if self._may_be_one(order, by):
            if refused := self._why_not_alone(order, by, command, message):
                return refused
            typed = command.text
        return self._stands(self._orders.confirm(order.id, by, typed))

    def _may_be_one(self, order: StandingOrder, by: str) -> bool:
        """True where author and confirmer are one person, or may be: who has an account here and no line in the roster may be anybody."""
        is_only_one = len(self._roster.approvers(self._groups(order))) < 2
        return by == order.author or is_account(by) or (is_account(order.author) and is_only_one)

    def _why_not_alone(self, order: StandingOrder, by: str, command: Command, message: Message) -> Answer | None:
        """One's own order is confirmed by typing the object's name at the machine, and only where nobody else could."""
        others = tuple(name for name in self._others(order.author, self._groups(order)) if name != by)
        if others:
            return self._no("order.confirm.other", id=order.id, others=self._people(others))
        if message.channel not in LOCAL_CHANNELS:
            return self._no("order.confirm.machine", id=order.id)
        names = {Signal.parse(order.signal).object, *self._orders.hosts_of(order)} - {""}
        if command.text not in names:
            return self._no("order.confirm.type", id=order.id, name=self._name_to_type(order))
        return None

    def _name_to_type(self, order: StandingOrder) -> str:
        """The object; the host where there is none, or none that is one word."""
        name = Signal.parse(order.signal).object
        return plain(name, 80) if name and not re.search(r"\s", name) else next(iter(self._orders.hosts_of(order)), "")

    def _renew(self, command: Command, message: Message) -> Answer:
        order = self._order(command.target)
        if not self._may(message, self._groups(order)):
            return self._not_allowed(command)
        return self._stands(self._orders.renew(order.id, self._roster.name(message.by)))

    def _revoke(self, command: Command, message: Message) -> Answer:
        return self._stands(self._orders.revoke(command.target, self._roster.name(message.by)))

    def _listed(self) -> Answer:
        known = self._orders.known()
        over = [order for order in known if order.ended is not None][-MOST_ENDED:]
        shown = (*(order for order in known if order.ended is None), *over)
        text = "\n".join(map(self._line, shown)) or self._say("order.none")
        now = self._rows.clock.now()
        return Answer(text, [{"order": order, "used_tonight": order.used_tonight(now)} for order in shown])

    def _stands(self, order: StandingOrder) -> Answer:
        """How it stands now, whatever was asked."""
        return Answer(self._line(order), order, ok=True)

    def _line(self, order: StandingOrder) -> str:
        return order_line(self._words, order, self._rows.clock.now().astimezone(), self._roster.names())

    def _order(self, id: str) -> StandingOrder:
        found = self._orders.find(id)
        if found is None:
            raise UnknownError("standing order", id, tuple(one.id for one in self._orders.known() if one.ended is None))
        return found

    def _groups(self, order: StandingOrder) -> tuple[str, ...]:
        hosts = self._orders.hosts_of(order)
        return self._inventory.groups(hosts[0]) if hosts else tuple(order.group.split("+"))

    # ---- wrong fix --------------------------------------------------------------------------------------------------------------

    def wrong(self, command: Command, message: Message) -> Answer:
        """The repair of an incident was the wrong one: its orders end, its trust is gone, its undo is offered, and why is asked."""
        incident = self._incident(command.target)
        fixed = [attempt for attempt in incident.attempts if attempt.ending is Ending.FIXED]
        if not fixed:
            return self._no("wrong.none", id=incident.id)
        by = self._roster.name(message.by)
        ended = self._orders.wrong(incident, by)
        self._note(incident, by, command.text[:_LONGEST_WHY])
        text = "\n".join(filter(None, self._wrong_lines(incident, fixed, ended, command.text)))
        return Answer(text, {"incident": incident.id, "orders_ended": [order.id for order in ended]})

    def _wrong_lines(
        self, incident: Incident, fixed: list[Attempt], ended: tuple[StandingOrder, ...], why: str
    ) -> list[str]:
        skills = ", ".join(dict.fromkeys(plain(attempt.proposal.skill) for attempt in fixed))
        undoes = [row for attempt in fixed for row in self._undoable(attempt)]
        return [
            self._say("wrong.noted", id=incident.id, skills=skills),
            *(self._say("wrong.ended", id=order.id) for order in ended),
            *(
                self._say("wrong.undo", n=row.action, what=self._words.effect(row.effect, 110))
                for row in undoes[:MOST_UNDOES]
            ),
            "" if undoes else self._say("wrong.noundo"),
            self._say("wrong.why", id=incident.id) if not why else "",
        ]

    def _undoable(self, attempt: Attempt) -> list[EffectRow]:
        try:
            rows = self._rows.effects.of_run(attempt.id)
        except TamperedError:
            return []
        return [row for row in rows if row.ok and row.undo.is_possible and not row.undone_by]

    def _note(self, incident: Incident, by: str, why: str) -> None:
        """Once for the same words, however often the message is handled."""
        body = {"by": by, "why": why}
        if not any(row.kind == "wrong" and row.body == body for row in self._rows.audit.tail(50, incident.id)):
            self._rows.audit.append("wrong", incident.id, {**body}, self._rows.clock.now())

    # ---- admission --------------------------------------------------------------------------------------------------------------

    def admit(self, command: Command, message: Message) -> Answer:
        """A changed skill may exist again, on trial, by an approver of every group it is for."""
        asked = self.admission.question_of(command.target)
        groups = asked.groups or tuple(
            group for entry in self._inventory.hosts for group in self._inventory.groups(entry.name)
        )
        if not all(self._may(message, (group,)) for group in groups):
            return self._not_allowed(command)
        after = self.admission.admit(asked.id, self._roster.name(message.by))
        if not after.holds:
            return self._no("admit.over", id=after.id, why=order_end(self._words, after.ended_why, {}))
        at = clock(after.admitted, self._rows.clock.now().astimezone()) if after.admitted else ""
        facts = {"skill": plain(after.skill), "groups": ", ".join(map(plain, after.groups)), "at": at}
        return Answer(self._say("admit.done", by=self._people((after.by,)), **facts), after)

    # ---- inside -----------------------------------------------------------------------------------------------------------------

    def _incident(self, target: str) -> Incident:
        """By its id, a unique beginning of it, or one of its questions; raises UnknownError."""
        try:
            return self._rows.log.load(target)
        except UnknownError as error:
            try:
                return self._rows.log.load(self._rows.book.load(target.upper()).incident)
            except UnknownError:
                raise error from None

    def _may(self, message: Message, groups: tuple[str, ...]) -> bool:
        return self._roster.may(message.channel, message.by, Verb.APPROVE, groups)

    def _others(self, author: str, groups: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in self._roster.approvers(groups) if name != author)

    def _people(self, names: tuple[str, ...]) -> str:
        return self._words.people(names, self._roster.names())

    def _not_allowed(self, command: Command) -> Answer:
        return self._no("reply.notallowed", verb=command.word, role=Role.APPROVER.word)

    def _no(self, key: str, **facts: object) -> Answer:
        return Answer(self._say(key, **facts), ok=False)
