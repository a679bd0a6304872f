"""The models of this house as they are set, with the defaults of one that has none; `team.compose` gives them their work."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.mind_ports import Brain, Cerebellum, Runbooks, SemanticIndex
from core.runbook import Runbook


class NoRunbooks:
    """A house whose team wrote none."""

    def all(self) -> tuple[Runbook, ...]:
        """See `core.mind_ports.Runbooks`."""
        return ()


@dataclass(frozen=True, slots=True)
class Minds:
    """What thinks here, beside memory and rules; None for what is not configured."""

    brain: Brain | None = None
    cerebellum: Cerebellum | None = None
    semantic: SemanticIndex | None = None
    runbooks: Runbooks = field(default_factory=NoRunbooks)
