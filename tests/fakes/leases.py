"""Fake Leases over a clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.fakes.shelf import Shelf


@dataclass
class _Lease:
    owner: str
    fence: int
    until: datetime


class FakeLeases:
    """Leases over a clock."""

    def __init__(self, shelf: Shelf) -> None:
        self._clock, self._rows = shelf.clock, dict[str, _Lease]()

    def take(self, resource: str, owner: str, seconds: float) -> int | None:
        """See `core.ports.Leases`."""
        row = self._rows.setdefault(resource, _Lease("", 0, self._clock.now()))
        if row.owner not in {"", owner} and row.until > self._clock.now():
            return None
        row.owner, row.fence, row.until = owner, row.fence + 1, self._clock.now() + timedelta(seconds=seconds)
        return row.fence

    def renew(self, resource: str, fence: int, seconds: float) -> bool:
        """Holds it longer; False if it has gone to somebody else."""
        row = self._rows.get(resource)
        if row is None or row.fence != fence or not row.owner:
            return False
        row.until = self._clock.now() + timedelta(seconds=seconds)
        return True

    def holds(self, resource: str, fence: int) -> bool:
        """See `core.ports.Leases`."""
        row = self._rows.get(resource)
        return row is not None and bool(row.owner) and row.fence == fence and row.until > self._clock.now()

    def release(self, resource: str, owner: str) -> None:
        """See `core.ports.Leases`."""
        row = self._rows.get(resource)
        if row is not None and row.owner == owner:
            row.owner = ""
