"""Fake Pager: whom it reaches, whom it woke, and what goes wrong."""

from __future__ import annotations

from datetime import datetime

from core.errors import UnknownError
from core.page import Receipt
from tests.fakes.clock import FakeClock


class FakePager:
    """A pager in memory; a person in `broken` has a service that says what stands there."""

    def __init__(self, clock: FakeClock, *people: str) -> None:
        self._clock, self._people = clock, people
        self.broken: dict[str, str] = {}
        self.sent: list[tuple[datetime, str, str]] = []

    def reaches(self, person: str) -> bool:
        """See `core.people_ports.Pager`."""
        return person in self._people

    def page(self, person: str, line: str, link: str) -> Receipt:
        """See `core.people_ports.Pager`."""
        del link
        if not self.reaches(person):
            raise UnknownError("pager of", person)
        if person in self.broken:
            return Receipt(ok=False, detail=self.broken[person], at=self._clock.now())
        self.sent.append((self._clock.now(), person, line))
        return Receipt(ok=True, detail="taken", at=self._clock.now())

    @property
    def woken(self) -> list[str]:
        """Whom it woke, in order."""
        return [person for _, person, _ in self.sent]
