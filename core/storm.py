"""A storm: so many new incidents at once that nothing acts alone and one card asks for all (TRUST 4). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.alert import PERSON, Alert
from core.approval import Answer, Approval, Verdict
from core.card import Card, CardKind
from core.grouping import depth, is_ours
from core.incident import Incident, IncidentState
from core.set_back import is_ahead

LIMIT = 20
"""More new incidents than this within `WITHIN` are a storm."""
WITHIN = timedelta(minutes=5)
FEW = 20
"""So few that are still open are asked one by one again."""
AT_ONCE = 4
"""How many are looked into side by side, the deepest first, so that a storm does not eat the machine."""
SHOW_EVERY = timedelta(minutes=1)

Counts = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Storm:
    """One storm, of outside claims or of what we measured: they share none. `shown` counts its cards; `gist` is what the last one said."""

    id: str
    is_claims: bool
    began: datetime
    ended: datetime | None = None
    shown: int = 1
    shown_at: datetime | None = None
    gist: str = ""

    @property
    def card(self) -> Card:
        """Its newest card."""
        return Card(f"{self.id}:{self.shown}", CardKind.STORM, self.id, self.id)


@dataclass(frozen=True, slots=True)
class StormFacts:
    """What a storm comes to now. `waiting` counts hosts by the skill that is asked for; `untouched` nobody has looked into yet."""

    total: int
    open: int
    groups: Counts
    signals: Counts
    waiting: Counts
    waiting_for_two: int
    choices: int
    untouched: int
    acting: int
    endings: Counts
    alarms: int

    @property
    def gist(self) -> str:
        """Changes only when the facts changed much: a count by its doubling, what waits by its name."""
        sizes = (self.total, self.open, self.untouched, self.waiting_for_two, self.choices, self.acting)
        skills = ",".join(f"{skill}:{count.bit_length()}" for skill, count in self.waiting)
        endings = ",".join(f"{ending}:{count.bit_length()}" for ending, count in self.endings)
        return "|".join((*(str(size.bit_length()) for size in sizes), skills, endings))


def can_storm(alert: Alert) -> bool:
    """False for what a person asked for and for our own troubles: these are always told one by one."""
    return not alert.source.startswith(PERSON) and not is_ours(alert)


def is_storm(opened: int) -> bool:
    """True for so many new incidents within `WITHIN`."""
    return opened > LIMIT


def heads(incidents: Iterable[Incident]) -> tuple[Incident, ...]:
    """Without those that are part of a deeper one."""
    return tuple(one for one in incidents if not one.lead)


def is_over(incidents: Sequence[Incident], now: datetime) -> bool:
    """True once fewer come than make a storm, and few are left."""
    ours = heads(incidents)
    fresh = sum(one.opened > now - WITHIN and not is_ahead(one.opened, now) for one in ours)
    return fresh < LIMIT and sum(one.closed is None for one in ours) <= FEW


def turns(incidents: Iterable[Incident]) -> tuple[str, ...]:
    """Whose turn it is to be looked into, the deepest first."""
    ours = heads(incidents)
    free = AT_ONCE - sum(one.state is IncidentState.OPEN for one in ours)
    held = sorted(
        (one for one in ours if one.state is IncidentState.HELD), key=lambda one: (depth(one.alert), one.opened, one.id)
    )
    return tuple(one.id for one in held[: max(0, free)])


def facts_of(
    incidents: Sequence[Incident], pending: Iterable[Approval], groups: Callable[[str], tuple[str, ...]]
) -> StormFacts:
    """Counted from the rows as they stand."""
    ours = heads(incidents)
    opened = [one for one in ours if one.closed is None]
    known = {one.id for one in opened}
    asked = [one for one in pending if one.incident in known and one.verdict is Verdict.PENDING]
    hosts = {(one.proposal.skill, one.proposal.host) for one in asked if one.proposal and one.answer is Answer.ASK1}
    return StormFacts(
        total=len(ours),
        open=len(opened),
        groups=_counted("+".join(groups(one.host)) or one.host for one in ours),
        signals=_counted(one.signal.name for one in ours),
        waiting=_counted(skill for skill, _ in hosts),
        waiting_for_two=sum(one.answer is Answer.ASK2 for one in asked),
        choices=sum(one.proposal is None for one in asked),
        untouched=sum(one.state is IncidentState.HELD for one in opened),
        acting=sum(one.state in {IncidentState.ACTING, IncidentState.WATCHING} for one in opened),
        endings=_counted(str(one.ending) for one in ours if one.ending is not None),
        alarms=len(incidents),
    )


def _counted(names: Iterable[str]) -> Counts:
    """The most frequent first."""
    return tuple(sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0])))
