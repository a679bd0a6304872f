"""The body of POST /maintenance: a deploy pipeline announces maintenance of a host or group, and ends what it announced."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from bot.alert_tokens import AlertToken
from bot.refused_post import RefusedPost
from bot.settings_table import seconds
from core.errors import InvalidError, UnknownError
from core.inventory import Inventory
from core.pause import BY_POST, Pause, PauseKind, require_length
from core.people_ports import Standing
from core.ports import Clock
from core.redaction import clean
from core.world import Json

KEYS = ("host", "group", "for", "until", "why", "id", "end")
USAGE = '{"host": "web-1", "for": "2h", "why": "deploy"}'
MOST_TEXT = 300
MOST_A_DAY = 200
"""Announcements of one token: all of them are read before every effect, and kept for 90 days."""


class MaintenanceDoor:
    """One post is one pause, by the token that sent it; only that token ends it here."""

    def __init__(self, pauses: Standing[Pause], inventory: Inventory, clock: Clock) -> None:
        self._pauses, self._inventory, self._clock = pauses, inventory, clock

    def post(self, body: Json, token: AlertToken) -> tuple[int, dict[str, Json]]:
        """Status and answer; raises RefusedPost or InvalidError, each with one sentence."""
        if not isinstance(body, dict):
            raise InvalidError(f"the body is no object; write {USAGE}")
        if unknown := [key for key in body if key not in KEYS]:
            raise InvalidError(f"unknown key {unknown[0][:80]!r}; known are: {', '.join(KEYS)}")
        by = BY_POST + token.name
        return self._end(body, by) if "end" in body or "id" in body else self._begin(body, token, by)

    def _begin(self, body: dict[str, Json], token: AlertToken, by: str) -> tuple[int, dict[str, Json]]:
        now = self._clock.now()
        scope = self._scope(body, token)
        until = _until(body, now)
        require_length(PauseKind.MAINTENANCE, until - now)
        if sum(one.by == by and one.since > now - timedelta(days=1) for one in self._pauses.all()) >= MOST_A_DAY:
            raise RefusedPost(
                429, f"token {token.name!r} has announced {MOST_A_DAY} times within a day; name a group instead"
            )
        why = " ".join(clean(_text(body, "why")).split())
        pause = Pause(uuid.uuid4().hex[:8], PauseKind.MAINTENANCE, scope, by, now, until, why)
        self._pauses.put(pause, by, now)
        return 201, {"id": pause.id, "scope": scope, "until": until.isoformat()}

    def _end(self, body: dict[str, Json], by: str) -> tuple[int, dict[str, Json]]:
        if set(body) != {"id", "end"} or body["end"] is not True:
            raise InvalidError('to end maintenance write {"id": "ID", "end": true} and nothing else')
        now, named = self._clock.now(), _text(body, "id")
        found = next((one for one in self._pauses.all() if one.id == named), None)
        if found is None:
            raise UnknownError("maintenance", named)
        if found.by != by:
            raise RefusedPost(403, f"maintenance {named} was announced by somebody else; only they end it")
        ended = self._pauses.change(named, lambda one: one.over(by, now), by, now)
        return 200, {"id": named, "ended": (ended.ends or now).isoformat()}

    def _scope(self, body: dict[str, Json], token: AlertToken) -> str:
        host, group = _text(body, "host"), _text(body, "group")
        if bool(host) == bool(group):
            raise InvalidError(f"name one host or one group; write {USAGE}")
        hosts = tuple(entry.name for entry in self._inventory.hosts)
        groups = tuple(sorted({one for entry in hosts for one in self._inventory.groups(entry)}))
        if host and host not in hosts:
            raise UnknownError("host", host[:80], hosts)
        if group and group not in groups:
            raise UnknownError("group", group[:80], groups)
        may = token.may_speak_of(host, self._inventory) if host else not token.groups or group in token.groups
        if not may:
            where = f"host {host!r}" if host else f"group {group!r}"
            raise RefusedPost(403, f"token {token.name!r} may not speak of {where}; see [tokens] in nightshift.toml")
        return f"host:{host}" if host else f"group:{group}"


def _until(body: dict[str, Json], now: datetime) -> datetime:
    """Maintenance without an end is refused."""
    length, until = _text(body, "for"), _text(body, "until")
    if bool(length) == bool(until):
        raise InvalidError('say when it ends: either "for": "2h" or "until": "2026-03-14T05:00:00+01:00"')
    if length:
        return now + timedelta(seconds=seconds(length))
    try:
        moment = datetime.fromisoformat(until)
        is_aware = moment.utcoffset() is not None
        return moment.astimezone(now.tzinfo) if is_aware else _refuse_until(until)
    except (ValueError, OverflowError) as error:
        raise InvalidError(f"until {until[:60]!r} is no time; write e.g. 2026-03-14T05:00:00+01:00") from error


def _refuse_until(until: str) -> datetime:
    raise InvalidError(f"until {until[:60]!r} names no time zone; write e.g. 2026-03-14T05:00:00+01:00")


def _text(body: dict[str, Json], key: str) -> str:
    value = body.get(key, "")
    if not isinstance(value, str) or len(value) > MOST_TEXT:
        raise InvalidError(f"{key} must be text of at most {MOST_TEXT} characters")
    return value
