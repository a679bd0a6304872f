"""Fake Clock: stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Clock that stands still until it is moved."""

    def __init__(self, at: datetime | None = None) -> None:
        self.at = at or datetime(2026, 3, 14, 3, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """See `core.ports.Clock`."""
        return self.at

    def advance(self, seconds: float) -> datetime:
        """Moves on; returns the new time."""
        self.at += timedelta(seconds=seconds)
        return self.at
