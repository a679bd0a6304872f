"""One acting command without a running `up`: this process holds the data folder, does the work to its end, and leaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from bot.answers import Answer
from bot.app import Rows
from bot.chat_desk import ChatDesk
from bot.json_view import as_json
from bot.wiring import House
from core.incident import Incident, IncidentState
from core.message import Message

LONGEST = 900.0
"""Seconds that a command works at most; what is unfinished then goes on at the next `up`."""
GLANCE = 0.1
_ENDS = frozenset({IncidentState.CLOSED, IncidentState.WAITING})


class SingleCommand:
    """Worker of one command."""

    def __init__(self, house: House, desk: ChatDesk) -> None:
        self._house, self._desk = house, desk

    @property
    def rows(self) -> Rows:
        """See `bot.app.Worker`."""
        return self._house.rows

    def carry_out(self, message: Message, say: Callable[[str], None]) -> str:
        """See `bot.app.Worker`."""
        self._begin()
        answer = self._desk.answer(message, say)
        return as_json(self._ended(answer, say)) if answer.ok and answer.incident else as_json(answer)

    def go_on(self, decided: Answer, say: Callable[[str], None]) -> str:
        """See `bot.app.Worker`."""
        self._begin()
        return as_json(self._ended(decided, say))

    def _begin(self) -> None:
        if self._house.store.db.is_sqlite:
            self._house.team.executor.recover()
        self._house.engine.launch()

    def _ended(self, answer: Answer, say: Callable[[str], None]) -> Answer:
        if answer.text:
            say(answer.text)
        incident = self._follow(answer.incident, say)
        return self._desk.views.what_came_of(incident.id)

    def _follow(self, id: str, say: Callable[[str], None]) -> Incident:
        """Plays what follows until the incident is closed or waits for a person; measures as the running `up` would."""
        until, state = time.monotonic() + LONGEST, ""
        while True:
            incident = self.rows.log.load(id)
            if incident.state in _ENDS or time.monotonic() > until:
                return incident
            if incident.state != state:
                state = incident.state
                say(self._desk.views.words.say(f"state.{state}"))
            self._house.team.watch.tick()
            threading.Event().wait(GLANCE)
