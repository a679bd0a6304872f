"""Where a value came from; what is not known may never choose a target by itself (TRUST 1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | tuple[str, ...]


class Origin(StrEnum):
    """The sources of a value, safest first."""

    TYPED = "typed"
    INVENTORY = "inventory"
    OBSERVED = "observed"
    DEFAULT = "default"
    ALERT = "alert"
    TEXT = "text"
    MODEL = "model"


KNOWN = frozenset({Origin.TYPED, Origin.INVENTORY, Origin.OBSERVED, Origin.DEFAULT})
"""Origins of which a privileged parameter may be without being asked for again; a default was admitted with the skill."""


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter's value with its origin; `note` says who or what exactly, as in `find_open_deleted on web-1`."""

    value: Scalar
    origin: Origin
    note: str = ""

    @property
    def is_known(self) -> bool:
        """True if it was typed, is in the inventory, or was observed by our own looker on that very host."""
        return self.origin in KNOWN
