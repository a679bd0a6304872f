"""Fake Ticks in memory."""

from __future__ import annotations

from datetime import datetime


class FakeTicks:
    """Ticks in memory."""

    def __init__(self) -> None:
        self._claimed: set[tuple[str, int]] = set()
        self._states: dict[str, str] = {}

    def claim(self, job: str, slot: int, now: datetime) -> bool:
        """See `core.ports.Ticks`."""
        del now
        is_new = (job, slot) not in self._claimed
        self._claimed.add((job, slot))
        return is_new

    def states(self) -> dict[str, str]:
        """See `core.ports.Ticks`."""
        return dict(self._states)

    def save(self, states: dict[str, str]) -> None:
        """See `core.ports.Ticks`."""
        self._states.update(states)
