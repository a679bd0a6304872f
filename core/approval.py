"""A question to a person and its answer; one compare-and-set decides it, and the decision is a row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.proposal import Choices, Proposal, Question


class Answer(StrEnum):
    """What policy says, safest last; a further rule may only move it to the right (TRUST)."""

    GO = "go"
    ASK1 = "ask 1"
    ASK2 = "ask 2"
    DENY = "deny"


class Verdict(StrEnum):
    """How a question ended; PENDING is the only one that can still change."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    PICKED = "picked"
    TAKEN = "taken"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    HELD = "held"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Approval:
    """One card waiting for a yes. `id` is six characters from the digest, so that changed content has another id.

    `order` is the standing order that stood for the yes; `restraints` say which further rules asked; `asked_by` are those whose words,
    hand-made alert or choice led here. HELD: put aside by a take, a snooze, maintenance or a deeper cause.
    """

    id: str
    incident: str
    round: int
    digest: str
    asks: Proposal | Choices | Question
    answer: Answer
    policy_line: str
    opened: datetime
    remind_at: datetime
    expires: datetime
    verdict: Verdict = Verdict.PENDING
    by: tuple[str, ...] = ()
    why: str = ""
    decided: datetime | None = None
    order: str = ""
    restraints: tuple[str, ...] = ()
    asked_by: tuple[str, ...] = ()

    @property
    def proposal(self) -> Proposal | None:
        """The repair it asks for; None when it offers choices or asks a question."""
        return self.asks if isinstance(self.asks, Proposal) else None

    @property
    def is_only_observed(self) -> bool:
        """True where the mode alone forbade it: what would have been asked for."""
        return self.verdict is Verdict.DENIED and self.why == self.policy_line and self.why.startswith("observe |")


@dataclass(frozen=True, slots=True)
class Decision:
    """What the act leg starts from, whatever the verdict was."""

    approval: str
    verdict: Verdict
    by: tuple[str, ...]
    why: str

    @property
    def granted(self) -> bool:
        """True only for a yes."""
        return self.verdict is Verdict.APPROVED


TYPED = " typed "
"""Between a person and the name that they typed at the machine, where it stands for the second yes."""


def are_two(by: Iterable[str], asked_by: Iterable[str]) -> bool:
    """True for two different people of whom at most one is among those who asked: what a high risk needs (TRUST 2).

    An account of the machine that no line of the roster names may be any of the others, so that it is never the second of two.
    """
    said = set(by)
    typed = {one for one in said if TYPED in one}
    accounts = {one for one in said - typed if is_account(one)}
    people = said - typed - accounts
    enough = len(people) > 1 or bool(typed and (people or accounts))
    return enough and bool(said - set(asked_by))


def is_account(name: str) -> bool:
    """True for `os:1000`, where the roster knows no name for it."""
    return ":" in name


MOST_ANSWERED = 500
"""Characters of an answer in words; the rest of a longer one is left out."""


def yes_to(asks: Proposal | Choices | Question) -> Verdict:
    """The one verdict that goes on with it: a repair is approved, of choices one is picked, a question is answered.

    An answer permits nothing. Not even a value in it counts as typed (TRUST 1): a person typed a sentence, and it is a model that reads a
    parameter out of it, so that the value is the model's, marked on the card, and at high risk refused until somebody types the run itself.
    """
    if isinstance(asks, Proposal):
        return Verdict.APPROVED
    return Verdict.PICKED if isinstance(asks, Choices) else Verdict.ANSWERED


ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def short_id(digest: str) -> str:
    """Six characters of 30, without those that look alike on a phone; derived from the digest (TRUST 2)."""
    number = int(digest[:16], 16)
    letters = []
    for _ in range(6):
        number, index = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[index])
    return "".join(letters)


def digest_of(asks: Proposal | Choices | Question, expires: datetime) -> str:
    """SHA-256 that binds a question, its content and its expiry."""
    if isinstance(asks, Proposal):
        body = asks.act_digest
    elif isinstance(asks, Choices):
        body = f"{asks.incident}|{asks.round}|{'|'.join(asks.skills)}"
    else:
        body = json.dumps(["question", asks.incident, asks.round, asks.text, *asks.options])
    return hashlib.sha256(f"{body}|{expires.isoformat()}".encode()).hexdigest()
