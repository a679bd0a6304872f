"""Which scores of the router may be trusted, learned from what people approved, picked and refused here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gates:
    """Below `floor` a skill is not named at all; one that leads the next by `margin` and stands at `clear` is the answer.

    All in the router's score, 0 to 1: the part of what was said that the skill's own words explain.
    """

    floor: float = 0.13
    clear: float = 0.33
    margin: float = 0.03


@dataclass(frozen=True, slots=True)
class Sample:
    """One time that the router's first was shown to somebody: how it stood, and whether it was what they meant."""

    score: float
    margin: float
    was_right: bool


USUAL = Gates()
"""Fitted on the requests in tests/routing; what holds until a team has decided enough of its own."""
LEAST_SAMPLES = 30
MOST_WRONG = 0.05
"""Of what is called clear, at most so much may have been wrong in this team's own history."""
NEVER = 2.0
"""A gate that nothing passes."""


def gates_for(samples: Sequence[Sample], usual: Gates = USUAL) -> Gates:
    """The widest gates under which at most MOST_WRONG of what passed was wrong, never wider than the usual ones.

    With fewer than LEAST_SAMPLES the usual ones; where none do, nothing is clear any more, and things are asked as choices.
    """
    if len(samples) < LEAST_SAMPLES:
        return usual
    scores = sorted({usual.clear, *(one.score for one in samples if one.score > usual.clear)})
    margins = sorted({usual.margin, *(one.margin for one in samples if one.margin > usual.margin)})
    best, most = Gates(usual.floor, NEVER, NEVER), 0
    for clear in _few(scores):
        for margin in _few(margins):
            passed = [one.was_right for one in samples if one.score >= clear and one.margin >= margin]
            if len(passed) > most and passed.count(False) <= MOST_WRONG * len(passed):
                best, most = Gates(usual.floor, clear, margin), len(passed)
    return best


def _few(ordered: Sequence[float]) -> Sequence[float]:
    """At most some thirty of them, evenly spread, the first and the last among them: finer is not known from so few samples."""
    step = max(1, len(ordered) // 30)
    return (*ordered[::step], ordered[-1])
