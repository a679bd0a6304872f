"""What is remembered of a repair, so that the second time needs no thinking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.incident import Ending, Incident
from core.proposal import Proposal

FAILURES = frozenset({Ending.WORSE, Ending.STILL_BAD, Ending.FAILED, Ending.HANDED_OVER, Ending.UNDONE, Ending.WRONG})
"""Endings that set earned trust back to zero; what is neither one of them nor FIXED leaves it as it is."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One ended attempt, or one choice a person made (`ending` None). `text` is what a search looks through."""

    id: str
    fingerprint: str
    group: str
    host: str
    signal: str
    skill: str
    sha256: str
    ending: Ending | None
    incident: str
    at: datetime
    text: str = ""
    is_seeded: bool = False


@dataclass(frozen=True, slots=True)
class Recall:
    """What memory says about one skill for one fingerprint and host group: verified successes since the last failure."""

    skill: str
    sha256: str
    verified: int
    last: datetime
    was_picked: bool = False

    @property
    def is_earned(self) -> bool:
        """Three verified successes since the last failure, undo or change (TRUST 4)."""
        return self.verified >= 3


def episode_of(incident: Incident, proposal: Proposal, group: str, ending: Ending, id: str, at: datetime) -> Episode:
    """What became of one repair in one incident."""
    return Episode(
        id=id,
        fingerprint=incident.alert.fingerprint,
        group=group,
        host=incident.host,
        signal=str(incident.signal),
        skill=proposal.skill,
        sha256=proposal.sha256,
        ending=ending,
        incident=incident.id,
        at=at,
        text=f"{incident.host} {incident.signal} {proposal.skill} {proposal.summary}",
    )
