"""A mode that people made stricter in chat; only the settings on the machine loosen it again (TRUST 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.inventory import Mode


@dataclass(frozen=True, slots=True)
class Tightening:
    """From `since` on, `scope` (`all`, `host:H` or `group:G`) goes at most as far as `mode`; ended only at the machine itself."""

    id: str
    scope: str
    mode: Mode
    by: str
    since: datetime
    ended: datetime | None = None
    ended_by: str = ""

    @property
    def ends(self) -> datetime | None:
        """When it was lifted; None while it holds."""
        return self.ended

    def covers(self, host: str, groups: tuple[str, ...]) -> bool:
        """True if it is about this host."""
        return self.scope in {"all", f"host:{host}", *(f"group:{group}" for group in groups)}
