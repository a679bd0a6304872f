"""What everything that people lay down has in common: a name, and an end that somebody may know."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class LaidDown(Protocol):
    """What every kind in a `Standing` list has: an id, and when it is or was over (None: nobody knows)."""

    @property
    def id(self) -> str:
        """Names it for people."""
        ...

    @property
    def ends(self) -> datetime | None:
        """90 days after this it may be forgotten; the audit trail keeps it."""
        ...
