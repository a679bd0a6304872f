"""In-memory durable flow: the same JSON round trip as the real one, replayed from its journal as often as a test wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from adapters.store.journal import error_text, read_value, value_text
from core.errors import BusyError, NightshiftError
from core.ports import Leases
from tests.fakes.shelf import Shelf

T = TypeVar("T")


class Killed(BaseException):
    """Stands for kill -9: nothing of ours catches it."""


def no_breakpoint(_step: str, _where: str) -> None:
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
        breakpoint: Callable[[str, str], None] = no_breakpoint,
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
        value = call(*args)
    except NightshiftError as error:
        return error_text(error)
    return value_text(call, value)
