"""What people and pipelines say they changed, as marks: typed as `note WORDS [host=H]`, or posted to /changes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import own_alerts
from bot.alert_tokens import AlertToken
from bot.answers import Answer, Views
from bot.app import Rows
from bot.commands import Command
from bot.messages.units import plain
from bot.refused_post import RefusedPost
from bot.roster import Roster
from core.errors import InvalidError, UnknownError
from core.inventory import Inventory
from core.message import Message
from core.people_ports import Marks
from core.ports import Clock
from core.redaction import clean
from core.scene import Mark
from core.world import Json

KEYS = ("host", "text", "at", "id", "by")
MOST_TEXT = 200
MOST_IN_ONE = 100
OLDEST = timedelta(days=7)
AHEAD = timedelta(minutes=1)
"""How far another machine's clock may be before ours."""


class Noting:
    """The word `note`."""

    def __init__(self, rows: Rows, inventory: Inventory, roster: Roster, views: Views) -> None:
        self._rows, self._inventory, self._roster, self._views = rows, inventory, roster, views

    def note(self, command: Command, message: Message) -> Answer:
        """Idempotent by the message's id; raises our errors."""
        host = command.option("host")
        if any(word.startswith("host=") for word in command.text.split()):
            raise InvalidError("write the host once and at the end: note WORDS host=NAME")
        words = words_of_mark(command.text)
        require_known(host, (entry.name for entry in self._inventory.hosts))
        by, now = self._roster.name(message.by), self._rows.clock.now()
        mark = Mark(f"{message.channel}:{message.id}", host, words, by, now)
        say = self._views.words.say
        if not self._rows.marks.add(mark):
            return Answer(say("note.again"), mark)
        return Answer(say("note.taken", where=plain(host, 60) or say("note.everywhere"), text=plain(words, 200)), mark)


@dataclass(frozen=True, slots=True)
class ChangesDoor:
    """POST /changes: one mark or a list, all or nothing in what is accepted; the same id again changes nothing."""

    marks: Marks
    inventory: Inventory
    clock: Clock

    def post(self, body: Json, token: AlertToken) -> tuple[int, dict[str, Json]]:
        """202 and how many were new; raises RefusedPost or InvalidError with one sentence."""
        items = body if isinstance(body, list) else [body]
        if not 0 < len(items) <= MOST_IN_ONE:
            raise InvalidError(f"{len(items)} changes in one request; send 1 to {MOST_IN_ONE}")
        marks = [self._mark(item, token) for item in items]
        added = sum(self.marks.add(mark) for mark in marks)
        return 202, {"taken": len(marks), "new": added}

    def _mark(self, item: Json, token: AlertToken) -> Mark:
        if not isinstance(item, dict):
            raise InvalidError('a change is an object; write {"host": "localhost", "text": "deploy api v2.3"}')
        if unknown := [key for key in item if key not in KEYS]:
            raise InvalidError(f"a change has no key {unknown[0][:80]!r}; known are: {', '.join(KEYS)}")
        host, now = own_alerts.text_of(item, "host", 300), self.clock.now()
        self._require_its_own(host, token)
        at = own_alerts.time_of(item.get("at")) or now
        require_recent(at, now)
        by = " ".join(clean(own_alerts.text_of(item, "by", 200), 60).split())
        name = own_alerts.text_of(item, "id", 200) or uuid.uuid4().hex
        return Mark(
            f"{token.source}:{name}",
            host,
            words_of_mark(own_alerts.text_of(item, "text", 10_000)),
            by or token.name,
            min(at, now),
        )

    def _require_its_own(self, host: str, token: AlertToken) -> None:
        """A token that is bound to groups names a host of theirs, and is told of no other."""
        known = [one.name for one in self.inventory.hosts if token.may_speak_of(one.name, self.inventory)]
        if not host and token.groups:
            raise RefusedPost(403, f"token {token.name!r} is bound to groups; name a host: {', '.join(known[:12])}")
        is_foreign = self.inventory.entry(host) is not None and host not in known
        if is_foreign:
            raise RefusedPost(
                403, f"token {token.name!r} may not speak of host {host!r}; see [tokens] in nightshift.toml"
            )
        try:
            require_known(host, known)
        except UnknownError as error:
            raise RefusedPost(404, error.message) from error


def words_of_mark(text: str) -> str:
    """Cleaned, on one line; raises InvalidError for none or too many."""
    words = " ".join(clean(text).split())
    if not words:
        raise InvalidError("say what was changed, e.g. deploy api v2.3")
    if len(words) > MOST_TEXT:
        raise InvalidError(f"{len(words)} characters are too long for a card; say it in {MOST_TEXT}")
    return words


def require_known(host: str, known: Iterable[str]) -> None:
    """'' is every host; raises UnknownError, which names those there are."""
    names = tuple(known)
    if host and host not in names:
        raise UnknownError("host", host[:100], names)


def require_recent(at: datetime, now: datetime) -> None:
    """A change has happened, and lately; raises InvalidError."""
    if at > now + AHEAD:
        raise InvalidError(f"at {at.isoformat()} is in the future; note a change when it has been made")
    if at < now - OLDEST:
        raise InvalidError(f"at {at.isoformat()} is over {OLDEST.days} days ago; that stands on no card any more")
