"""Keeps the room that our rows need on a full disk, and says so once when it had to be used."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.app import Finding
from bot.messages.words import Words
from core.card import Card, CardKind
from core.ports import Clock, Outbox

if TYPE_CHECKING:
    from adapters.store.head_room import Room
    from adapters.store.store import Store

MIB = 1 << 20
SMALLEST = 80
"""MiB of the smallest disk on which room is kept."""
SLOT = 3600
"""Seconds in which a second full disk, or the same after a restart, is not said again."""

log = logging.getLogger(__name__)


class OwnRoom:
    """Ticked by the dispatcher; only in the process that has the data folder."""

    def __init__(self, store: Store, outbox: Outbox, clock: Clock, words: Words) -> None:
        self._store, self._outbox, self._clock, self._words = store, outbox, clock, words
        self._is_said = False

    def tick(self) -> None:
        """Makes what is missing, and says when the disk is full and when there is room again; raises UnavailableError."""
        kept = self._store.db.room
        if kept is None:
            return
        room = kept.keep()
        self._store.audit.anchor_again()
        if kept.is_low != self._is_said:
            self._is_said = kept.is_low
            self._say("low" if kept.is_low else "again", room)

    def _say(self, what: str, room: Room) -> None:
        text = self._words.say(f"self.room.{what}", free=room.disk_free // MIB, pages=room.free_pages // MIB)
        log.warning("%s", text)
        now = self._clock.now()
        slot = int(now.timestamp() // SLOT)
        self._outbox.post(Card(f"room:{what}:{slot}", CardKind.SELF, "", "", text), now)


def room_finding(store: Store) -> Finding:
    """The line of `doctor`."""
    if store.db.room is None:
        return Finding("room", "ok", "the rows are in PostgreSQL; keep its disk from filling up")
    room = store.db.room.look()
    free, pages = f"{room.disk_free // MIB} MiB free", f"{room.free_pages // MIB} MiB inside the database"
    if not room.scale:
        return Finding("room", "warn", f"the disk has less than {SMALLEST} MiB, so no room is kept for when it is full")
    if store.db.room.is_low:
        said = f"the disk of the data folder is full ({free}); rows still fit into {pages}"
        return Finding("room", "bad", said, "make room there; a full disk is worked on, but not for long")
    if not room.is_whole:
        return Finding(
            "room",
            "warn",
            f"nothing is kept yet for a full disk ({free})",
            f"`nightshift up` makes it while {room.plenty // MIB} MiB are free",
        )
    return Finding("room", "ok", f"{free}; for a full disk {pages} and {room.ballast // MIB} MiB to give back are kept")
