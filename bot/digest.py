"""The morning message: made once a morning, also after a quiet night, and whenever somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta, tzinfo

from bot.answers import Answer, Views
from bot.app import Rows
from bot.commands import Command
from bot.messages.digest_card import digest_card
from bot.messages.rule_card import rule_line
from bot.messages.units import clock, plain
from bot.roster import Roster
from core.card import Card, CardKind
from core.digest import Digest, Morning
from core.message import Message

LATEST = timedelta(hours=12)
"""A morning message that could not be made in time is still made this long after."""


class MorningMessage:
    """Posts the digest of each night at `at` in `zone` (None: this machine's own); `born` is when this installation began."""

    def __init__(  # noqa: PLR0913, PLR0917 - composed once
        self, rows: Rows, morning: Morning, roster: Roster, views: Views, at: time, zone: tzinfo | None, born: datetime
    ) -> None:
        self._rows, self._morning, self._roster, self._views = rows, morning, roster, views
        self._at, self._zone, self._born = at, zone, born
        self._last: datetime | None = None

    def tick(self, now: datetime) -> bool:
        """Posts it where one is due; a card's key makes it one, however often and on however many replicas this is called."""
        due = self._latest(now)
        if due == self._last or due <= self._born or now - due > LATEST:
            return False
        anchor = self._rows.audit.anchor(f"digest {due.date().isoformat()}")
        text = self._text(self._morning.digest(due, self._month(due)), anchor)
        self._rows.outbox.post(
            Card(f"digest:{due.date().isoformat()}", CardKind.DIGEST, "", due.isoformat(), text), now
        )
        self._last = due
        return True

    def answer(self, _command: Command, _message: Message) -> Answer:
        """The last 24 hours, until now."""
        now = self._rows.clock.now()
        digest = self._morning.digest(now, (self._begin_of_month(now), self._nights(self._begin_of_month(now), now)))
        return Answer(self._text(digest, (0, "")), digest)

    def _text(self, digest: Digest, anchor: tuple[int, str]) -> str:
        now = self._views.now()
        return digest_card(self._views.words, digest, now, self._roster.names(), self._on_now(), anchor)

    def _latest(self, now: datetime) -> datetime:
        """The last moment at which a morning message was due."""
        local = now.astimezone(self._zone)
        today = datetime.combine(local.date(), self._at, local.tzinfo)
        return today if today <= local else datetime.combine(local.date() - timedelta(days=1), self._at, local.tzinfo)

    def _month(self, due: datetime) -> tuple[datetime, int] | None:
        """On the first morning of a month the one before is told."""
        if due.astimezone(self._zone).day != 1:
            return None
        begin = self._begin_of_month(due - timedelta(days=1))
        return begin, self._nights(begin, due)

    def _begin_of_month(self, moment: datetime) -> datetime:
        local = moment.astimezone(self._zone)
        return datetime.combine(local.date().replace(day=1), self._at, local.tzinfo)

    def _nights(self, begin: datetime, until: datetime) -> int:
        return max(0, (until - max(begin, self._born)) // timedelta(days=1))

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
