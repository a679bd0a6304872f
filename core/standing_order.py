"""A yes given ahead: `next time, don't wake me`, for one skill, one fault, one host group, within bounds, for a while (TRUST 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.origin import Scalar

MOST_A_NIGHT = 3
LIFE_DAYS = 30


class OrderState(StrEnum):
    """Where an order stands; only ACTIVE lets anything happen. PROPOSED waits for its second approver, or for the object's name."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    REVOKED = "revoked"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Bound:
    """What one parameter may be: one of `values`, or a number from `least` to `most`."""

    parameter: str
    values: tuple[Scalar, ...] = ()
    least: float | None = None
    most: float | None = None

    def allows(self, value: Scalar) -> bool:
        """True inside the bound; text and lists only as one of the values."""
        if value in self.values:
            return True
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or self.least is None or self.most is None:
            return False
        return self.least <= float(value) <= self.most  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Use:
    """One time the order stood for a yes."""

    incident: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StandingOrder:
    """One order. It serves own measurements only; `born_of` is the incident whose resolution card made it.

    `author` and `confirmed_by` are names of the roster; `ended_why` says what it died of.
    """

    id: str
    skill: str
    sha256: str
    signal: str
    fingerprint: str
    group: str
    bounds: tuple[Bound, ...]
    author: str
    made: datetime
    expires: datetime
    born_of: str = ""
    confirmed_by: str = ""
    most_a_night: int = MOST_A_NIGHT
    state: OrderState = OrderState.PROPOSED
    uses: tuple[Use, ...] = ()
    ended: datetime | None = None
    ended_why: str = ""

    @property
    def ends(self) -> datetime | None:
        """When it is or was over."""
        return self.ended or self.expires
