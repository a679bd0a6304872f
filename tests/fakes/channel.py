"""Fake Channel: what a test types in, what was shown."""

from __future__ import annotations

from core.card import Card
from core.errors import UnavailableError
from core.message import Message
from tests.fakes.clock import FakeClock


class FakeChannel:
    """A channel in memory; `is_down` makes it fail as a lost connection does."""

    def __init__(self, name: str, clock: FakeClock, account: str = "os:1000") -> None:
        self._name, self._clock, self._account = name, clock, account
        self._typed: list[str] = []
        self._count = 0
        self.shown: list[tuple[str, Card]] = []
        self.is_down = False

    def type(self, text: str) -> None:
        """One line of a person."""
        self._typed.append(text)

    def receive(self, wait: float) -> Message | None:
        """See `core.ports.Channel`."""
        if self.is_down:
            raise UnavailableError(f"{self._name} is down")
        if not self._typed or wait < 0:
            return None
        self._count += 1
        return Message(
            f"{self._name}-{self._count}", self._name, self._account, self._typed.pop(0), "", self._clock.now()
        )

    def send(self, rendered: str, card: Card) -> None:
        """See `core.ports.Channel`."""
        if self.is_down:
            raise UnavailableError(f"{self._name} is down")
        self.shown.append((rendered, card))
