"""Has the router learn from what people decided, once the decision is a row."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from bot.answers import Answer
from bot.app import Rows
from bot.commands import Command
from core.approval import Approval
from core.errors import NightshiftError
from core.lessons import Lessons
from core.message import Message

Call = Callable[[Command, Message], Answer]
_LOG = logging.getLogger("nightshift")


class Remembering:
    """It never stands in the way of a decision: what cannot be learned is logged."""

    def __init__(self, rows: Rows) -> None:
        self._log = rows.log
        self._lessons = Lessons(rows.triggers, rows.log, rows.history, rows.clock)

    def of(self, call: Call) -> Call:
        """The same call; what it decided is learned, also where it was decided before and is only told again."""

        def learning(command: Command, message: Message) -> Answer:
            answer = call(command, message)
            if isinstance(decided := answer.data, Approval):
                self._try(partial(self._lessons.decided, decided))
            return answer

        return learning

    def of_wrong(self, call: Call) -> Call:
        """The same for a fix that was called wrong."""

        def learning(command: Command, message: Message) -> Answer:
            answer = call(command, message)
            if answer.ok and isinstance(answer.data, dict):
                incident = str(answer.data.get("incident", ""))
                self._try(lambda: self._lessons.wrong(self._log.load(incident), message.by))
            return answer

        return learning

    @staticmethod
    def _try(learn: Callable[[], None]) -> None:
        try:
            learn()
        except NightshiftError as error:
            _LOG.warning("nothing was learned from a decision: %s", error)
