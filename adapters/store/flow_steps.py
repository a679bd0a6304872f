"""One leg as it is played: steps, once, lease and go_on over a journal that somebody else keeps."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from adapters.store.database import DatabaseGoneError
from adapters.store.journal import error_text, is_error, read_value, value_text
from adapters.store.legs import first_id
from adapters.store.store import Store
from core.errors import BusyError, NightshiftError
from core.leg import Leg

T = TypeVar("T")
log = logging.getLogger(__name__)

WAIT_FOR_LEASE = 2.0
RETRY_PAUSES = (0.1, 1.0, 5.0)
"""Seconds between the tries of a step that failed by a bug or for want of the database."""


class EngineClosingError(BaseException):
    """Unwinds a leg between two steps, unnoticed by everything that handles errors, so that it stays unfinished."""


def no_breakpoint(_step: str, _where: str) -> None:
    """Nobody wants to kill us."""


@dataclass(slots=True)
class Keeping:
    """The leases that plays of this process hold; the engine renews them while they run."""

    seconds: float
    held: set[tuple[str, int]] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, resource: str, fence: int) -> None:
        """From now on it is renewed."""
        with self.lock:
            self.held.add((resource, fence))

    def drop(self, resource: str, fence: int) -> None:
        """No longer."""
        with self.lock:
            self.held.discard((resource, fence))

    def all(self) -> tuple[tuple[str, int], ...]:
        """Those held at this moment."""
        with self.lock:
            return tuple(self.held)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a play needs besides its leg. `journal` runs a step under its name, or gives back what it left the first time."""

    store: Store
    journal: Callable[[str, Callable[[], str]], str]
    keeping: Keeping
    breakpoint: Callable[[str, str], None]
    is_closing: Callable[[], bool]
    pauses: tuple[float, ...] = RETRY_PAUSES


class JournalledFlow:
    """Flow of one play of one leg; see `core.ports.Flow`."""

    def __init__(self, leg: Leg, around: Surroundings) -> None:
        self._leg, self._around = leg, around

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
        leases, keeping = self._around.store.leases, self._around.keeping
        until = time.monotonic() + WAIT_FOR_LEASE
        while (fence := leases.take(resource, owner, keeping.seconds)) is None:
            if time.monotonic() > until:
                raise BusyError(resource)
            time.sleep(0.05)
        keeping.add(resource, fence)
        try:
            yield fence
        finally:
            keeping.drop(resource, fence)
            leases.give_back(resource, fence)

    def go_on(self, leg: str, subject: str, round: int) -> None:
        """See `core.ports.Flow`."""
        name = f"{self._leg.id}/go on {leg}"
        self._around.breakpoint(name, "before")
        self._around.store.legs.start(leg, subject, round, self._around.store.clock.now())
        self._around.breakpoint(name, "after")

    # ---- inside -----------------------------------------------------------------------------------------------------------------

    def _journalled(self, name: str, run: Callable[[], str]) -> str:
        full = f"{self._leg.id}/{name}"

        def body() -> str:
            if self._around.is_closing():
                raise EngineClosingError
            self._around.breakpoint(full, "before")
            text = self._with_retries(full, run)
            self._around.breakpoint(full, "inside")
            if self._around.is_closing() and is_error(text):
                raise EngineClosingError  # the end of this process may be why; the next one finds out
            return text

        text = self._around.journal(name, body)
        self._around.breakpoint(full, "after")
        return text

    def _with_retries(self, name: str, run: Callable[[], str]) -> str:
        """A step is idempotent, so what failed for no reason of ours is tried again before the leg is given up."""
        for pause in self._around.pauses:
            try:
                return run()
            except Exception:
                if self._around.is_closing():
                    raise EngineClosingError from None
                log.exception("step %s failed; again in %s s", name, pause)
            time.sleep(pause)
        return run()

    def _at_most_once(self, name: str, call: Callable[..., object], args: tuple[object, ...]) -> str:
        once, key = self._around.store.once, f"{first_id(self._leg.id)}/{name}"
        turn = once.begin(key)
        if not turn.is_mine:
            return turn.result or ""
        try:
            text = _outcome(call, args)
        except Exception:
            log.exception("%s broke off; what it did is not known", key)
            return ""
        once.done(key, text)
        return text


def _outcome(call: Callable[..., object], args: tuple[object, ...]) -> str:
    """What is journalled: the value, or an error of ours; a database that is gone is neither, because it could not be written."""
    try:
        value = call(*args)
    except DatabaseGoneError:
        raise
    except NightshiftError as error:
        return error_text(error)
    return value_text(call, value)
