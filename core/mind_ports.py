"""The doors to models and to what is read for them. Contracts as in `core.ports`; what a model says is never believed, only checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from core.model import LabelQuestion, LabelVote, ModelCall, ModelReply, ModelRequest, Spent
from core.runbook import Runbook


class Brain(Protocol):
    """A large model somewhere else; costs seconds and money."""

    @property
    def model(self) -> str:
        """Its name, as it is asked for."""
        ...

    def complete(self, request: ModelRequest, seconds: float, heard: Callable[[str], None]) -> ModelReply:
        """One completion within `seconds`; `heard` gets pieces of its text as they come. One attempt: who calls decides on another.

        Raises ModelError, which says whether trying again can help.
        """
        ...


class Cerebellum(Protocol):
    """A small local model that is kept loaded; it picks one label, and never writes."""

    @property
    def model(self) -> str:
        """Its name, as it is asked for."""
        ...

    def choose(self, questions: Sequence[LabelQuestion], seconds: float) -> tuple[LabelVote, ...]:
        """All in one batch within `seconds`, one token each; votes in the order of the questions. Raises ModelError."""
        ...

    def warm(self) -> None:
        """Loads it and keeps it loaded; may take a minute. Raises ModelError."""
        ...


class SemanticIndex(Protocol):
    """Texts by meaning; what a lexical index misses."""

    def learn(self, texts: Sequence[str]) -> None:
        """These are the texts from now on; those it knows already cost nothing."""
        ...

    def scores(self, query: str) -> tuple[float, ...]:
        """Cosine of the query with each text, in their order; empty while they are still being learned."""
        ...


class ModelLog(Protocol):
    """Every call of a model, with its exact texts; what is spent is counted from it."""

    def keep(self, call: ModelCall) -> None:
        """Row, texts and audit row in one transaction; the same id again changes nothing."""
        ...

    def of(self, subject: str) -> tuple[ModelCall, ...]:
        """All of one incident or conversation, oldest first, texts verified; a text that was changed raises TamperedError."""
        ...

    def spent(self, since: datetime, subject: str = "", avatar: str = "") -> Spent:
        """What the brain has used since then, for all or for one subject or avatar; what runs in the house costs nothing."""
        ...


class Runbooks(Protocol):
    """The team's own instructions."""

    def all(self) -> tuple[Runbook, ...]:
        """As they are now, by name; a file that cannot be read as text is left out and said in the log."""
        ...
