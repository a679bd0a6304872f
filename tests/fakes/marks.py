"""Fake Marks in memory."""

from __future__ import annotations

from datetime import datetime

from core.scene import Mark


class FakeMarks:
    """Marks in memory."""

    def __init__(self) -> None:
        self._marks: dict[str, Mark] = {}

    def add(self, mark: Mark) -> bool:
        """See `core.people_ports.Marks`."""
        is_new = mark.id not in self._marks
        self._marks.setdefault(mark.id, mark)
        return is_new

    def between(self, host: str, since: datetime, until: datetime) -> tuple[Mark, ...]:
        """See `core.people_ports.Marks`."""
        found = [one for one in self._marks.values() if one.host in {"", host} and since <= one.at <= until]
        return tuple(sorted(sorted(found, key=lambda one: one.id), key=lambda one: one.at, reverse=True)[:20])
