"""A further rule over the table of policy: it may only move an answer to the right, and says why (TRUST, first lines)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from core.approval import Answer
from core.incident import Incident
from core.proposal import Proposal


@dataclass(frozen=True, slots=True)
class Restraint:
    """The answer is at least `least`; `why` is one short sentence for the card, `source` names the rule that spoke."""

    least: Answer
    why: str
    source: str


Restrain: TypeAlias = Callable[[Incident, Proposal], Restraint | None]
"""One such rule, asked when a question is made and again before its run begins."""
