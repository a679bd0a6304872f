"""How far we may go on a host at this instant: what is configured, and what people made stricter in chat since (TRUST 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import TamperedError
from core.inventory import Inventory, Mode
from core.people_ports import Standing
from core.tightening import Tightening


@dataclass(frozen=True, slots=True)
class ModeNow:
    """Read before every effect; the strictest holds, and what cannot be trusted to be whole only lets us look."""

    configured: Callable[[str], Mode]
    tightenings: Standing[Tightening]
    inventory: Inventory

    def of(self, host: str) -> Mode:
        """The mode that holds on a host."""
        try:
            stricter = self.on(host)
        except TamperedError:
            return Mode.OBSERVE
        return min((self.configured(host), *(one.mode for one in stricter)))

    def on(self, host: str) -> tuple[Tightening, ...]:
        """What people tightened there and nobody lifted, oldest first; raises TamperedError."""
        groups = self.inventory.groups(host)
        return tuple(one for one in self.tightenings.all() if one.ended is None and one.covers(host, groups))
