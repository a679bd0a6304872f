"""Fake Brain that says what a test wrote for it, in order, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from core.errors import ModelError
from core.model import ModelReply, ModelRequest

Said: TypeAlias = ModelReply | ModelError | str | Callable[[ModelRequest], ModelReply]
"""A reply, its text alone, an error that is raised, or what makes one of the request."""


class FakeBrain:
    """Says `said` one after the other; when there is nothing left, the last one again."""

    def __init__(self, *said: Said, model: str = "fake") -> None:
        self._said: Sequence[Said] = said or ("",)
        self._model = model
        self.asked: list[ModelRequest] = []

    @property
    def model(self) -> str:
        """See `core.mind_ports.Brain`."""
        return self._model

    def complete(self, request: ModelRequest, seconds: float, heard: Callable[[str], None]) -> ModelReply:
        """See `core.mind_ports.Brain`."""
        del seconds
        said = self._said[min(len(self.asked), len(self._said) - 1)]
        self.asked.append(request)
        if isinstance(said, ModelError):
            raise said
        reply = ModelReply(said, model=self._model) if isinstance(said, str) else said
        reply = reply(request) if callable(reply) else reply
        if reply.text:
            heard(reply.text)
        return reply
