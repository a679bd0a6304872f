"""Fake Changes: what a test says was changed."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from core.errors import NightshiftError, UnknownError
from core.scene import HostEvent


class FakeChanges:
    """Changes where nothing has changed until a test says so; `known` None: every host answers."""

    def __init__(self, known: tuple[str, ...] | None = None) -> None:
        self._known = known
        self._events: dict[str, list[HostEvent]] = defaultdict(list)
        self.error: NightshiftError | None = None

    def add(self, host: str, event: HostEvent) -> None:
        """It has changed."""
        self._events[host].append(event)

    def since(self, host: str, moment: datetime) -> tuple[HostEvent, ...]:
        """See `core.people_ports.Changes`."""
        if self._known is not None and host not in self._known:
            raise UnknownError("host", host, self._known)
        if self.error is not None:
            raise self.error
        found = [event for event in self._events[host] if event.at >= moment]
        return tuple(sorted(found, key=lambda event: event.at, reverse=True)[:20])
