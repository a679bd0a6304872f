"""Fake Audit over a shelf."""

from __future__ import annotations

from datetime import datetime

from core.journal import AuditRow, AuditState
from core.world import Json
from tests.fakes.shelf import Shelf


class FakeAudit:
    """Audit over a shelf; `broken_at` says which row a test has changed."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.broken_at = 0

    def append(self, kind: str, subject: str, body: dict[str, Json], now: datetime) -> int:
        """See `core.ports.Audit`."""
        return self._shelf.note(kind, subject, body, now)

    def verify(self, head: str = "") -> AuditState:
        """See `core.ports.Audit`."""
        count = len(self._shelf.audit)
        problem = f"row {self.broken_at} does not verify" if self.broken_at else ""
        if head and head not in {f"head {number}" for number in range(1, count + 1)}:
            return AuditState(count, f"head {count}", max(count, 1), f"no row has the head {head}")
        return AuditState(count, f"head {count}" if count else "", self.broken_at, problem)

    def tail(self, limit: int, subject: str = "") -> tuple[AuditRow, ...]:
        """See `core.ports.Audit`."""
        rows = [row for row in self._shelf.audit if subject in {"", row.subject}]
        return tuple(rows[-limit:])

    def anchor(self, why: str) -> tuple[int, str]:
        """See `core.ports.Audit`."""
        del why
        count = len(self._shelf.audit)
        return count, f"head {count}" if count else ""
