"""Fake Sequels over a shelf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from core.episode import Episode
from core.report import Report
from tests.fakes.incident_log import FakeIncidentLog
from tests.fakes.shelf import Shelf


class FakeSequels:
    """Sequels over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def go_on(self, incident: str, left: Report, episodes: Sequence[Episode], now: datetime) -> None:
        """See `core.people_ports.Sequels`."""
        del now
        head, member = self._shelf.incidents[incident], self._shelf.incidents[left.incident]
        if head.closed is not None or member.closed is not None:
            return
        keys = [key for key, known in self._shelf.open_keys.items() if known == member.id]
        FakeIncidentLog(self._shelf).close(left, episodes, ())
        self._shelf.open_keys = {key: known for key, known in self._shelf.open_keys.items() if known != incident}
        self._shelf.open_keys |= dict.fromkeys(keys, incident)
        self._shelf.incidents[incident] = replace(head, alert=member.alert, count=head.count + member.count)
        self._shelf.write_leg("investigate", incident, head.round + 1, ":left")
