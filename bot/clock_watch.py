"""The clock of this machine: a step of it is written down, and said in one sentence to everybody."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.messages import Words
from core.card import Card, CardKind
from core.ports import Audit, Outbox
from core.set_back import SLACK


class ClockWatch:
    """Compares the clock with one that nobody can set, and at the start with the newest row of the trail."""

    def __init__(
        self, audit: Audit, outbox: Outbox, words: Words, now: datetime, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._audit, self._outbox, self._words, self._steady = audit, outbox, words, steady
        newest = max((row.at for row in audit.tail(1)), default=now)
        self._seen = (max(newest, now), steady())

    def tick(self, now: datetime) -> None:
        """A clock that was set back is written down under the time it had, so that no yes of before lasts longer for it (TRUST 3)."""
        (seen, at), here = self._seen, self._steady()
        expected = seen + timedelta(seconds=here - at)
        if abs(now - expected) > SLACK:
            self._tell(now, expected)
        self._seen = (now, here)  # only now: what could not be written down is written down with the next beat

    def _tell(self, now: datetime, expected: datetime) -> None:
        by = now - expected
        kind, key = ("clock set back", "clock.back") if by < timedelta() else ("clock jumped ahead", "clock.ahead")
        self._audit.append(kind, "clock", {"now": now.isoformat()}, max(expected, now))
        text = self._words.say(key, by=self._words.lasted(abs(by).total_seconds()))
        self._outbox.post(Card(f"clock:{expected.isoformat()}", CardKind.SELF, "", "", text), now)
