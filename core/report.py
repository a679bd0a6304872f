"""How an incident ended, told with proof; every number in it was measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.incident import Ending
from core.proposal import Evidence, Tier
from core.world import Measurement


@dataclass(frozen=True, slots=True)
class Action:
    """One effect that happened: its number in the journal, what it was, whether it can be undone now."""

    id: str
    text: str
    is_undoable: bool


@dataclass(frozen=True, slots=True)
class Report:
    """The incident in one screen: what broke, since when, why we think so, what was done, proof, how long, what is undoable.

    Times are seconds. `asked_seconds` is how long a person was waited for; `repair_seconds` how long the run took;
    `order` is the standing order that stood for the yes, '' for none; `audit_head` and `audit_count` anchor the audit trail (TRUST 6);
    `gap` is the skill that was missed, in the words of whoever missed it.
    """

    incident: str
    host: str
    signal: str
    ending: Ending
    since: datetime
    closed: datetime
    value: float | None
    limit: float | None
    tier: Tier | None
    decided_by: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    tried: tuple[str, ...]
    actions: tuple[Action, ...]
    proof: tuple[Measurement, ...]
    asked_seconds: float
    repair_seconds: float
    reason: str = ""
    order: str = ""
    audit_head: str = ""
    audit_count: int = 0
    gap: str = ""

    @property
    def took_seconds(self) -> float:
        """From the alert to the end."""
        return (self.closed - self.since).total_seconds()
