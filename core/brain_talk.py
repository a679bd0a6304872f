"""What the brain makes of free words: it looks by read-only skills and ends with one typed answer, which is checked like any other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.model_gateway import ModelGateway
from core.talk import Meaning, Piece, Said


@dataclass(frozen=True, slots=True)
class Thought:
    """What it came to; `why_not` says why there is nothing, '' where there is no brain at all."""

    meaning: Meaning | None
    why_not: str = ""


class BrainTalk:
    """One conversation turn of the brain. Without one it has nothing to say."""

    def __init__(self, gateway: ModelGateway | None) -> None:
        self._gateway = gateway

    def think(self, said: Said, shown: Callable[[Piece], None]) -> Thought:
        """What the words mean, or why that is left to rules."""
        del said, shown
        return Thought(None)
