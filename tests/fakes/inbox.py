"""Fake Inbox over a shelf."""

from __future__ import annotations

from collections.abc import Callable

from core.message import Message, any_message
from tests.fakes.shelf import Shelf


class FakeInbox:
    """Inbox over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def put(self, message: Message) -> bool:
        """See `core.ports.Inbox`."""
        key = (message.channel, message.id)
        return self._shelf.inbox.setdefault(key, message) is message

    def next(self, wanted: Callable[[Message], bool] = any_message) -> Message | None:
        """See `core.ports.Inbox`."""
        waiting = (m for key, m in self._shelf.inbox.items() if key not in self._shelf.replies)
        return next((m for m in waiting if m.id not in self._shelf.broken and wanted(m)), None)

    def done(self, message: Message, reply: str) -> None:
        """See `core.ports.Inbox`."""
        self._shelf.replies[message.channel, message.id] = reply

    def reply(self, channel: str, id: str) -> str | None:
        """See `core.ports.Inbox`."""
        return self._shelf.replies.get((channel, id))
