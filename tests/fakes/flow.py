"""In-memory durable flow: the same JSON round trip as the real one, replayed from its journal as often as a test wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from adapters.store.journal import error_text, read_value, value_text
from core.errors import BusyError, NightshiftError
from core.ports import Flow, Leases, Leg
from tests.fakes.shelf import Shelf

T = TypeVar("T")


class Killed(BaseException):
    """Stands for kill -9: nothing of ours catches it."""


def _go_on(_step: str, _where: str) -> None:
    """No breakpoint."""


class HasShelf(Protocol):
    """What flow and engine need of a `FakeStore`."""

    shelf: Shelf

    @property
    def leases(self) -> Leases:
        """Its leases."""
        ...


class FakeFlow:
    """Flow whose journal is a list of (step, JSON text); given one, it replays it and goes on behind it.

    `breakpoint` is called with the step's name and before, inside or after, for steps that are not replayed; it may raise Killed.
    """

    def __init__(
        self,
        store: HasShelf,
        leg: str = "leg",
        journal: list[tuple[str, str]] | None = None,
        breakpoint: Callable[[str, str], None] = _go_on,
    ) -> None:
        self._store, self._leg = store, leg
        self.journal = [] if journal is None else journal
        self._at = 0
        self._breakpoint = breakpoint

    def step(self, name: str, call: Callable[..., T], *args: object) -> T:
        """See `core.ports.Flow`."""
        return read_value(call, self._journalled(name, lambda: _outcome(call, args)))

    def once(self, name: str, call: Callable[..., T], *args: object) -> T | None:
        """See `core.ports.Flow`."""
        text = self._journalled(name, lambda: self._at_most_once(name, call, args))
        return read_value(call, text) if text else None

    @contextmanager
    def lease(self, resource: str, owner: str) -> Iterator[int]:
        """See `core.ports.Flow`."""
        fence = self._store.leases.take(resource, owner, 30.0)
        if fence is None:
            raise BusyError(resource)
        try:
            yield fence
        finally:
            self._store.leases.release(resource, owner)

    def go_on(self, leg: str, subject: str, round: int) -> None:
        """See `core.ports.Flow`."""
        self._breakpoint(f"go on {leg}", "before")
        self._store.shelf.write_leg(leg, subject, round)
        self._breakpoint(f"go on {leg}", "after")

    def _journalled(self, name: str, run: Callable[[], str]) -> str:
        if self._at == len(self.journal):
            self._breakpoint(name, "before")
            text = run()
            self._breakpoint(name, "inside")
            self.journal.append((name, text))
            self._breakpoint(name, "after")
        recorded, text = self.journal[self._at]
        assert recorded == name, f"{self._leg} is not deterministic: {name} where {recorded} was journalled"
        self._at += 1
        return text

    def _at_most_once(self, name: str, call: Callable[..., object], args: tuple[object, ...]) -> str:
        ledger, key = self._store.shelf.once, f"{self._leg.partition('#')[0]}/{name}"
        if key not in ledger:
            ledger[key] = None
            ledger[key] = _outcome(call, args)
        return ledger[key] or ""


def _outcome(call: Callable[..., object], args: tuple[object, ...]) -> str:
    try:
        return value_text(call, call(*args))
    except NightshiftError as error:
        return error_text(error)


class FakeEngine:
    """Engine that plays legs in the caller's thread. With `replays_each_step` a leg is killed before every step and replayed."""

    def __init__(
        self,
        store: HasShelf,
        plays: Mapping[str, Callable[[str, Flow], None]],
        replays_each_step: bool = False,
        breakpoint: Callable[[str, str], None] = _go_on,
    ) -> None:
        self._store, self._plays, self._breakpoint = store, plays, breakpoint
        self._replays = replays_each_step
        self.journals: dict[str, list[tuple[str, str]]] = {}

    def launch(self) -> None:
        """See `core.ports.Engine`."""

    def sweep(self, now: datetime) -> int:
        """See `core.ports.Engine`; here it also plays them to their end."""
        shelf = self._store.shelf
        due = [leg for leg in shelf.legs.values() if leg.id not in shelf.ended and leg.due <= now]
        for leg in sorted(due, key=lambda leg: leg.due):
            self._play(leg)
        return len(due)

    def wait_idle(self, seconds: float) -> bool:
        """See `core.ports.Engine`; a leg that waits for its time counts as idle."""
        del seconds
        while self.sweep(self._store.shelf.clock.now()):
            continue
        return True

    def close(self) -> None:
        """See `core.ports.Engine`."""

    def _play(self, leg: Leg) -> None:
        journal = self.journals.setdefault(leg.id, [])
        while not self._came_to_an_end(leg, journal):
            continue
        self._store.shelf.ended.add(leg.id)

    def _came_to_an_end(self, leg: Leg, journal: list[tuple[str, str]]) -> bool:
        known = len(journal)

        def stop(step: str, where: str) -> None:
            self._breakpoint(step, where)
            if self._replays and where == "before" and len(journal) > known:
                raise Killed

        try:
            self._plays[leg.leg](leg.subject, FakeFlow(self._store, leg.id, journal, stop))
        except BusyError:
            later = replace(leg, id=f"{leg.id}#", due=self._store.shelf.clock.now() + timedelta(seconds=1))
            self._store.shelf.legs[later.id] = later
        except Killed:
            if not self._replays or len(journal) == known:
                raise
            return False
        return True
