"""What we would do and why: a skill, its parameters, the plan its dry run showed, the evidence."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from core.capability import PlannedEffect, Risk
from core.origin import Scalar, Value


class Tier(StrEnum):
    """Who chose it; tiers choose, only policy permits."""

    MEMORY = "memory"
    RULES = "rules"
    PERSON = "person"
    CEREBELLUM = "cerebellum"
    BRAIN = "brain"


MODELS = frozenset({Tier.CEREBELLUM, Tier.BRAIN})
"""Tiers that read untrusted text with a model: neither an order nor earned trust ever stands for a yes to what they chose."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line of why: which looker or probe said it, in its words."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One further step of a plan, not yet prepared: a skill, values as a model or a person gave them, and what is to be seen after.

    `expects` is a signal that must be quiet once it is done, '' for the one that woke us.
    """

    skill: str
    parameters: tuple[tuple[str, Scalar], ...]
    expects: str
    why: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """One repair, ready to be decided; times in seconds.

    `words` are the model's, which are quoted and decide nothing. `expects` is the signal that must be quiet after it, '' for the one
    that woke us; `then` are the steps that follow, each with a decision, effects and a check of its own; `step` is which one this is.
    """

    incident: str
    round: int
    skill: str
    sha256: str
    host: str
    parameters: tuple[tuple[str, Value], ...]
    plan: tuple[PlannedEffect, ...]
    grants: tuple[str, ...]
    risk: Risk
    tier: Tier
    summary: str
    evidence: tuple[Evidence, ...] = ()
    considered: tuple[str, ...] = ()
    settles: float = 0.0
    timeout: float = 30.0
    times_verified: int = 0
    progress: tuple[str, ...] = ()
    words: str = ""
    expects: str = ""
    then: tuple[PlanStep, ...] = ()
    step: int = 1

    @property
    def resource(self) -> str:
        """What the lease is taken on: one repair at a time on one host."""
        return f"host:{self.host}"

    @property
    def is_undoable(self) -> bool:
        """True when every planned effect can be taken back from the journal."""
        return all(effect.is_reversible for effect in self.plan)

    @property
    def act_digest(self) -> str:
        """SHA-256 over what one yes permits (TRUST 2): content changed is a new card."""
        bound = {
            "incident": self.incident,
            "round": self.round,
            "skill": self.sha256,
            "host": self.host,
            "parameters": [[name, value.value, value.origin] for name, value in self.parameters],
            "plan": [[effect.verb, effect.target, effect.content] for effect in self.plan],
            "grants": list(self.grants),
        }
        return hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Choices:
    """No clear winner: the top few as buttons; the click is the missing model, and it is remembered."""

    incident: str
    round: int
    host: str
    skills: tuple[str, ...]
    reasons: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What only a person knows; `text` and `options` are a model's words, and the answer is a person's. The next round begins with it."""

    incident: str
    round: int
    host: str
    text: str
    options: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class NothingHelps:
    """No skill fits what was seen: the reason, and what a person can start from; `gap`: the skill that is missing, in a model's words."""

    incident: str
    reason: str
    evidence: tuple[Evidence, ...] = ()
    considered: tuple[str, ...] = ()
    gap: str = ""


Idea: TypeAlias = Proposal | Choices | Question | NothingHelps
"""What an investigation ends with."""
