"""Fake Cerebellum: what it picks, and what it was asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from core.errors import ModelError
from core.model import LabelQuestion, LabelVote


class FakeCerebellum:
    """Picks the option that `wants` names, after its label, with `share` of the probability; none of them where it is not there.

    `broken` is why it does not answer. `reads` may choose by the prompt instead.
    """

    model = "fake:7b"

    def __init__(self, wants: str = "", share: float = 0.93, reads: Callable[[str], str] | None = None) -> None:
        self.wants, self.share, self.reads = wants, share, reads
        self.broken, self.is_warm = "", False
        self.asked: list[str] = []

    def choose(self, questions: Sequence[LabelQuestion], seconds: float) -> tuple[LabelVote, ...]:
        """See `core.mind_ports.Cerebellum`."""
        del seconds
        if self.broken:
            raise ModelError(self.broken)
        self.asked += [question.prompt for question in questions]
        return tuple(self._vote(question) for question in questions)

    def warm(self) -> None:
        """See `core.mind_ports.Cerebellum`."""
        if self.broken:
            raise ModelError(self.broken)
        self.is_warm = True

    def _vote(self, question: LabelQuestion) -> LabelVote:
        wanted = self.reads(question.prompt) if self.reads else self.wants
        found = (
            re.findall(rf"^([A-Z]): {re.escape(wanted)}(?=[:\s]|$)", question.prompt, re.MULTILINE) if wanted else []
        )
        label = found[-1] if found and found[-1] in question.labels else question.labels[-1]
        rest = (1 - self.share) / max(1, len(question.labels) - 1)
        shares = tuple(self.share if one == label else rest for one in question.labels)
        return LabelVote(shares, len(question.prompt) // 4, 1)
