"""The cerebellum's questions and what its votes mean: one label of a shortlist, one span per parameter."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.model import LabelQuestion, LabelVote
from core.origin import Scalar
from core.prompt import Prompt, prompt
from core.skill_manifest import Skill
from core.untrusted import fenced

MOST_NEW_TOKENS = 400
"""What a question may add to the rules before it, which are the same every time and stay in the server's cache."""

LABELS = "ABCDEFGHIJ"
NONE = "N"
"""Letters and no digits: after `Answer:` a letter is one token with its blank, a digit is two where digits stand alone."""

LEAST_MASS = 0.5
"""How much of the probability must lie on the labels at all: a model that wants to say something else has not chosen."""
LEAST_MARGIN = 0.2
"""By how much the first label must lead the second."""

_CARDS, _LONGEST_CARD, _ALERT, _WANTED, _CANDIDATE = 180, 36, 110, 18, 14
"""Tokens of all cards together, of one card where there are few, of the alert, of what a span is for and of one candidate, as
`tokens_at_most` counts them."""

_PIECES = re.compile(r"[A-Za-z]+|[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]|\s+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Question:
    """One question with what its labels stand for; the last label is for none of them."""

    asked: LabelQuestion
    prompt: str
    options: tuple[Scalar, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What the labels stand for, to be read."""
        return (*(str(option) for option in self.options), "NONE")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a vote says: the option, None where nothing is clear enough; `said` is how it stood, best first."""

    option: Scalar | None
    said: str


def pick_question(skills: Sequence[Skill], alert: str) -> Question:
    """Pass 1. The cards stand by name: in the router's order the first place would speak for what the router says, twice."""
    shown = sorted(skills, key=lambda skill: skill.name)[: len(LABELS)]
    most = min(_LONGEST_CARD, _CARDS // max(1, len(shown)))
    cards = (_card(label, f"{one.name}: {one.summary}", most) for label, one in zip(LABELS, shown, strict=False))
    text = prompt("pick")
    filled = text.filled(cards="\n".join(cards), alert=_fenced(alert))
    return _question(text, filled, tuple(skill.name for skill in shown))


def span_question(skill: Skill, parameter: str, candidates: Sequence[Scalar], alert: str) -> Question:
    """Pass 2, one parameter: which of the values found for it is meant. The alert stands first, which all of a batch share."""
    shown = tuple(candidates[: len(LABELS)])
    lines = (_card(label, str(value), _CANDIDATE) for label, value in zip(LABELS, shown, strict=False))
    text = prompt("span")
    wanted = shortened(f"{parameter} of {skill.name}", _WANTED)
    filled = text.filled(alert=_fenced(alert), wanted=wanted, candidates="\n".join(lines))
    return _question(text, filled, shown)


def is_whole(candidate: Scalar) -> bool:
    """Whether it can be shown as it is: half of a path is another path."""
    text = str(candidate)
    return shortened(text, _CANDIDATE) == text and text.isprintable()


def read(question: Question, vote: LabelVote, least: float) -> Reading:
    """The option whose share of what was said for all labels is at least `least` and clearly first."""
    mass = math.fsum(vote.probabilities)
    if len(vote.probabilities) != len(question.names) or not mass:
        return Reading(None, "no probabilities")
    ranked = sorted(zip(vote.probabilities, range(len(vote.probabilities)), strict=True), key=lambda one: -one[0])
    (first, index), (second, _) = ranked[:2]
    said = ", ".join(f"{question.names[at]} {share / mass:.2f}" for share, at in ranked[:2])
    is_clear = mass >= LEAST_MASS and first / mass >= least and (first - second) / mass >= LEAST_MARGIN
    is_option = index < len(question.options)
    return Reading(question.options[index] if is_clear and is_option else None, said)


# ---- what fits --------------------------------------------------------------------------------------------------------------------


def shortened(text: str, most: int) -> str:
    """The beginning of a text, of at most `most` tokens; runs of blanks are one blank."""
    spent, end = 0, 0
    text = re.sub(r"\s+", " ", text[: most * 40]).strip()
    for piece in _PIECES.finditer(text):
        spent += _cost(piece[0])
        if spent > most:
            return text[:end].rstrip() + "…"
        end = piece.end()
    return text


def tokens_at_most(text: str) -> int:
    """More than the tokenizers of the usual models make of ordinary text; it needs none of them."""
    return sum(_cost(piece[0]) for piece in _PIECES.finditer(text))


def _cost(piece: str) -> int:
    if piece.isspace():
        return 0
    if piece.isascii():
        return 1 + (len(piece) - 1) // 4
    return 2 if _PIECES.fullmatch(piece) and "\u3000" <= piece <= "\uffef" else len(piece.encode())


def _fenced(alert: str) -> str:
    return fenced("the alert", shortened(alert, _ALERT), _ALERT * 40)


def _card(label: str, text: str, most: int) -> str:
    return f"{label}: {shortened(text, most)}"


def _question(text: Prompt, filled: str, options: tuple[Scalar, ...]) -> Question:
    labels = (*LABELS[: len(options)], NONE)
    return Question(LabelQuestion(filled, labels), text.id, options)
