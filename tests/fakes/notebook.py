"""Fake Notebook in memory."""

from __future__ import annotations

from datetime import datetime

from core.errors import InvalidError
from core.people_ports import MOST_NOTES
from core.skill import HostError


class FakeNotebook:
    """Notes in memory."""

    def __init__(self) -> None:
        self.notes: dict[tuple[str, str, str], str] = {}

    def recall(self, skill: str, host: str, key: str) -> str | None:
        """See `core.people_ports.Notebook`."""
        return self.notes.get((skill, host, key))

    def keep(self, skill: str, host: str, key: str, text: str, now: datetime) -> None:
        """See `core.people_ports.Notebook`."""
        del now
        if len(text.encode("utf-8", "surrogatepass")) > 64 * 1024:
            raise InvalidError("too many bytes to keep")
        mine = [known for known in self.notes if known[:2] == (skill, host)]
        if (skill, host, key) not in self.notes and len(mine) >= MOST_NOTES:
            raise HostError("full", "too many keys")
        self.notes[skill, host, key] = text
