"""A yes given ahead: `next time, don't wake me`, for one skill, one fault, one host group, within bounds, for a while (TRUST 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from core.origin import Scalar
from core.skill_manifest import ParameterSpec, Skill

MOST_A_NIGHT = 3
LIFE_DAYS = 30
NIGHT_TURNS = timedelta(hours=12)
"""A night goes from noon to noon where the machine is, so that one that begins at 23:00 is not two."""

_MOST_EXACT = 2**53
"""A whole number beyond it is not the same as a float, so that only itself is within bounds."""

_NUMBERS = {"int": (int,), "float": (int, float)}


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
        """True inside the bound; text and lists only as one of the values. True is no 1, and what is no number is in no range."""
        if any(type(value) is type(one) and value == one for one in self.values):
            return True
        if not _is_number(value) or self.least is None or self.most is None:
            return False
        return self.least <= value <= self.most  # type: ignore[operator]

    def is_within(self, spec: ParameterSpec) -> bool:
        """False where it would let through what the skill itself does not take."""
        ends = tuple(end for end in (self.least, self.most) if end is not None)
        if ends and (spec.type not in _NUMBERS or len(ends) != 2 or not ends[0] <= ends[1]):
            return False
        return all(_fits(value, spec) for value in self.values)


@dataclass(frozen=True, slots=True)
class Use:
    """One time the order stood for a yes."""

    incident: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Fault:
    """What an order is for: this very text of a skill, for this fault, in this host group."""

    skill: str
    sha256: str
    signal: str
    fingerprint: str
    group: str


@dataclass(frozen=True, slots=True)
class StandingOrder:
    """One order. It serves own measurements only; `born_of` is the incident whose resolution card made it.

    `author` and `confirmed_by` are names of the roster; where they are one person, `typed` is the object's name that was typed at the
    machine. `ended_why` says what it died of.
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
    typed: str = ""
    most_a_night: int = MOST_A_NIGHT
    state: OrderState = OrderState.PROPOSED
    uses: tuple[Use, ...] = ()
    ended: datetime | None = None
    ended_why: str = ""

    @property
    def ends(self) -> datetime | None:
        """When it is or was over."""
        return self.ended or self.expires

    @property
    def fault(self) -> Fault:
        """What it is for."""
        return Fault(self.skill, self.sha256, self.signal, self.fingerprint, self.group)

    def is_on(self, now: datetime) -> bool:
        """True while it may stand for a yes."""
        return self.state is OrderState.ACTIVE and self.ended is None and now < self.expires

    def allows(self, parameters: Iterable[tuple[str, Scalar]]) -> bool:
        """True if these are exactly the parameters it knows, each within its bound."""
        given = dict(parameters)
        return given.keys() == {bound.parameter for bound in self.bounds} and all(
            bound.allows(given[bound.parameter]) for bound in self.bounds
        )

    def used_tonight(self, now: datetime, but: str = "", zone: tzinfo | None = None) -> int:
        """How often it stood for a yes in this night, an incident's own use not counted; what is from a later one counts too."""
        tonight = night_of(now, zone)
        return sum(use.incident != but and night_of(use.at, zone) >= tonight for use in self.uses)


def night_of(moment: datetime, zone: tzinfo | None = None) -> date:
    """The day on which the night began that a moment is in, where the machine is (`zone` None) or elsewhere."""
    return (moment.astimezone(zone) - NIGHT_TURNS).date()


def bounds_of(seen: Sequence[Mapping[str, Scalar]], specs: Sequence[ParameterSpec]) -> tuple[Bound, ...]:
    """From what worked: texts, switches, and whatever selects a thing, exactly as seen; other numbers from the least to the most seen."""
    chosen = {spec.name for spec in specs if spec.is_privileged}
    names = sorted({name for values in seen for name in values})
    return tuple(
        _bound(name, [values[name] for values in seen if name in values], is_free=name not in chosen) for name in names
    )


def is_wider(bounds: Sequence[Bound], skill: Skill) -> bool:
    """True for bounds that reach beyond what the skill takes: a parameter it lacks, a choice or a kind of value it does not know."""
    specs = {spec.name: spec for spec in skill.parameters}
    names = [bound.parameter for bound in bounds]
    if len(set(names)) < len(names) or not set(names) <= specs.keys():
        return True
    return not all(bound.is_within(specs[bound.parameter]) for bound in bounds)


def never_the_same(bounds: Sequence[Bound], runs: int) -> str:
    """The first parameter that was another number in every run, a process id for example: an order bound to those would never serve."""
    numbers = [bound for bound in bounds if bound.values and all(map(_is_number, bound.values))]
    return next((bound.parameter for bound in numbers if len(bound.values) == runs > 1), "")


def _bound(name: str, values: list[Scalar], *, is_free: bool) -> Bound:
    numbers = [value for value in values if isinstance(value, int | float) and _is_number(value)]
    if is_free and len(numbers) == len(values) and all(abs(number) < _MOST_EXACT for number in numbers):
        return Bound(name, (), float(min(numbers)), float(max(numbers)))
    return Bound(name, tuple(dict.fromkeys(values)))


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fits(value: Scalar, spec: ParameterSpec) -> bool:
    if spec.choices:
        return isinstance(value, str) and value in spec.choices
    kinds: dict[str, tuple[type, ...]] = {"str": (str,), "bool": (bool,), "tuple[str, ...]": (tuple,), **_NUMBERS}
    return type(value) in kinds.get(spec.type, ())
