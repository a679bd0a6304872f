"""Letting a skill exist: a yes to one exact text with its grants, for named host groups (TRUST 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Admission:
    """One question whether a skill may exist, and its answer. `id` is six characters of `digest`, as for every question.

    `digest` binds source, canonical grants, SDK major version and groups; empty `groups` are all. `admitted` None: still open.
    """

    id: str
    skill: str
    sha256: str
    grants: tuple[str, ...]
    groups: tuple[str, ...]
    digest: str
    opened: datetime
    admitted: datetime | None = None
    by: str = ""
    ended: datetime | None = None
    ended_why: str = ""

    @property
    def ends(self) -> datetime | None:
        """When it was taken back or refused; None while it holds or is open."""
        return self.ended

    @property
    def holds(self) -> bool:
        """True while the skill may exist by this yes."""
        return self.admitted is not None and self.ended is None
