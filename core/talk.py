"""The nouns of a conversation: what was said and by whom, what it was taken to mean, what is shown on the way, and the reply."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from core.document import FACT
from core.errors import sentence_of
from core.incident import Incident, Outcome
from core.message import Message
from core.origin import Scalar
from core.proposal import Evidence
from core.world import Json


def talk_id(message: str) -> str:
    """The id under which what a model saw of one message is kept, in a form that people can type."""
    return f"T{hashlib.sha256(message.encode('utf-8', 'replace')).hexdigest()[:11]}"


def is_talk(id: str) -> bool:
    """True for such an id; incidents and approvals have others."""
    return len(id) == 12 and id.startswith("T") and all(letter in "0123456789abcdef" for letter in id[1:])


@dataclass(frozen=True, slots=True)
class Option:
    """One way to understand what was asked: a skill on a host. `skill` '' leaves it to the words, `host` '' is the one they name."""

    skill: str
    host: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One turn before this one, of the same person in the same place: what they said, what they were told, and where it looked."""

    words: str
    answer: str
    host: str = ""
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """Free words of one person. `looks` are the hosts they may ask about, `wishes` those they may ask something to be done on.

    `about` is the incident in whose thread it was said; `chosen` what they picked when they had been asked back, which is done once.
    """

    message: Message
    by: str
    words: str
    looks: frozenset[str]
    wishes: frozenset[str]
    about: Incident | None = None
    before: tuple[Exchange, ...] = ()
    chosen: Option | None = None

    @property
    def with_choice(self) -> str:
        """The words with what they picked: it says what is meant, but a model wrote it, so that no value in it is this person's."""
        picked = self.chosen.text if self.chosen is not None and not self.chosen.skill else ""
        return f"{self.words} {picked}".strip()

    @property
    def id(self) -> str:
        """The same message is the same words again."""
        return f"{self.message.channel}:{self.message.id}"

    @property
    def talk(self) -> str:
        """Under which models are asked about these words."""
        return talk_id(self.id)


@dataclass(frozen=True, slots=True)
class Ask:
    """A question about machines, and the looks that answer it."""

    looks: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """Something is to be done: a proposal by that person. `why` is a model's, where one chose it; '' as a skill: several could be meant."""

    skill: str
    host: str
    suggested: tuple[tuple[str, Scalar], ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Which:
    """It could mean several things; asked back once. `question` is a model's own, '' for ours."""

    options: tuple[Option, ...]
    question: str = ""


@dataclass(frozen=True, slots=True)
class Learn:
    """A skill is wanted that does not exist."""

    wanted: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a model answered, in its words, and the looks that these rest on; none: it was not measured."""

    text: str
    evidence: tuple[Evidence, ...] = ()


class Aside(StrEnum):
    """What is answered with one sentence and leads to nothing."""

    HELLO = "hello"
    THANKS = "thanks"
    NO_YES = "noyes"
    AGAINST = "against"
    ABOUT = "about"
    LOST = "lost"
    NOT_MINE = "notmine"


@dataclass(frozen=True, slots=True)
class Small:
    """An aside, with what it is about where that helps: a model's reason, the skills that came nearest."""

    kind: Aside
    text: str = ""
    near: tuple[str, ...] = ()

    @classmethod
    def lost(cls, options: tuple[Option, ...]) -> Small:
        """Not understood, with what came nearest."""
        return cls(Aside.LOST, near=tuple(dict.fromkeys(one.skill for one in options if one.skill)))

    @property
    def is_good(self) -> bool:
        """False where somebody who wanted an answer, or something done, got neither."""
        return self.kind not in {Aside.LOST, Aside.NOT_MINE, Aside.NO_YES}


Meaning: TypeAlias = Ask | Wish | Which | Learn | Told | Small
"""What free words can come to; none of them permits anything."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Something shown while the answer is made: a look that begins, or words of a model."""

    skill: str = ""
    host: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """One look that was made, or could not be: `missing` says for want of what."""

    skill: str
    host: str
    outcome: Outcome | None
    missing: str = ""

    @property
    def is_good(self) -> bool:
        """True where something was seen."""
        return self.outcome is not None and self.outcome.ok

    @property
    def evidence(self) -> Evidence:
        """As one line: which skill on which host, and what it said."""
        said = self.missing or "could not look"
        if self.outcome is not None:
            said = self.outcome.summary or f"could not look: {sentence_of(self.outcome.error)}"
        return Evidence(f"{self.skill} on {self.host}", said)

    @property
    def facts(self) -> tuple[tuple[str, Json], ...]:
        """What it reported, but for a document, which is a file of its own."""
        return tuple(one for one in self.outcome.facts if one[0] != FACT) if self.outcome is not None else ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered. `seen`: the one look that answers it, whole; `fallback`: why no brain was asked although there is one.
    `talk`: under which it was kept what one was asked.

    `how`: the command that leaves nothing to guess; without it, what `is_high` is refused where only the words name a target.
    """

    meaning: Meaning
    evidence: tuple[Evidence, ...] = ()
    facts: tuple[tuple[str, Json], ...] = ()
    seen: Looked | None = None
    incident: str = ""
    fallback: str = ""
    talk: str = ""
    how: str = ""
    is_high: bool = False
    is_good: bool = True
