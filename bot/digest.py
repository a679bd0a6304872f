"""The morning message: made once a morning, also after a quiet night, and whenever somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo

from bot.answers import Answer, Views
from bot.app import Rows
from bot.commands import Command
from bot.messages.digest_card import digest_card
from bot.messages.rule_card import rule_line
from bot.messages.units import clock, plain
from bot.roster import Roster
from core.card import Card, CardKind
from core.diagnosis import group_of
from core.digest import Digest, Morning
from core.inventory import Inventory
from core.message import Message

LATEST = timedelta(hours=12)
"""A morning message that could not be made in time is still made this long after."""


@dataclass(frozen=True, slots=True)
class MorningTime:
    """When the morning is: `at` in `zone`, None for this machine's own; `born` is when this installation began."""

    at: time
    zone: tzinfo | None
    born: datetime

    def latest(self, now: datetime) -> datetime:
        """The last moment at which a morning message was due."""
        local = now.astimezone(self.zone)
        today = self._on(local.date(), now)
        return today if today <= now else self._on(local.date() - timedelta(days=1), now)

    def month_before(self, due: datetime) -> tuple[datetime, int] | None:
        """On the first morning of a month: the begin of the one before, and how many nights of it we were there."""
        local = due.astimezone(self.zone)
        if local.day != 1:
            return None
        begin = self._on((local.date() - timedelta(days=1)).replace(day=1), due)
        nights = round((due - max(begin, self.born)) / timedelta(days=1))
        return begin, max(0, nights)

    def _on(self, day: date, now: datetime) -> datetime:
        local = datetime.combine(day, self.at)
        return (local.replace(tzinfo=self.zone) if self.zone else local.astimezone()).astimezone(now.tzinfo)


class MorningMessage:
    """Posts the digest of each night, and tells the last day to who asks."""

    def __init__(self, rows: Rows, morning: Morning, roster: Roster, views: Views) -> None:
        self._rows, self._morning, self._roster, self._views = rows, morning, roster, views
        self._last: datetime | None = None

    def tick(self, now: datetime, when: MorningTime) -> bool:
        """Posts it where one is due; a card's key makes it one, however often and on however many replicas this is called."""
        due = when.latest(now)
        if due == self._last or due <= when.born or now - due > LATEST:
            return False
        day = due.astimezone(when.zone).date().isoformat()
        anchor = self._rows.audit.anchor(f"digest {day}")
        text = self._text(self._told(self._morning.digest(due, when.month_before(due))), anchor)
        self._rows.outbox.post(Card(f"digest:{day}", CardKind.DIGEST, "", day, text), now)
        self._last = due
        return True

    def answer(self, _command: Command, _message: Message) -> Answer:
        """The last 24 hours, until now."""
        digest = self._told(self._morning.digest(self._rows.clock.now()))
        return Answer(self._text(digest, (0, "")), digest)

    def _text(self, digest: Digest, anchor: tuple[int, str]) -> str:
        now = self._views.now()
        return digest_card(self._views.words, digest, now, self._roster.names(), self._on_now(), anchor)

    def _told(self, digest: Digest) -> Digest:
        """With what models cost in that night."""
        until, since = (self._rows.model_calls.spent(moment) for moment in (digest.until, digest.since))
        calls, tokens, cost = since.calls - until.calls, since.tokens - until.tokens, since.cost - until.cost
        if not calls:
            return digest
        words, budget = self._views.words, self._views.budget
        money = words.say("digest.money", amount=budget.money(cost)) if cost else ""
        return replace(digest, cost=words.say("digest.models", calls=calls, tokens=tokens, money=money))

    def _on_now(self) -> list[str]:
        """What somebody switched on and may have forgotten."""
        words, view, now = self._views.words, self._views.now(), self._rows.clock.now()
        names: Callable[[str], str] = words.scope
        stops = [words.say("digest.on.stop", scope=names(scope)) for scope, _, _ in self._rows.gate.stops()]
        pauses = [
            words.say(
                f"digest.on.{pause.kind}",
                scope=names(pause.scope),
                until=clock(pause.until, view) if pause.until else words.say("digest.on.open"),
            )
            for pause in self._rows.pauses.all()
            if pause.is_on(now)
        ]
        modes = [
            words.say("digest.on.mode", scope=names(one.scope), mode=one.mode.word)
            for one in self._rows.tightenings.all()
            if one.ended is None
        ]
        rules = [plain(rule_line(words, rule, view), 60) for rule in self._rows.rules.all() if rule.is_on(now)]
        return [*stops, *pauses, *modes, *rules]


def morning_of(rows: Rows, inventory: Inventory) -> Morning:
    """What makes digests from these rows."""
    return Morning(
        rows.log,
        rows.book,
        rows.history,
        rows.memory,
        rows.pages,
        rows.orders,
        rows.pauses,
        lambda host: group_of(inventory, host),
    )
