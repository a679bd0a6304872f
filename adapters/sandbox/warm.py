"""Guests that wait: a thread of its own starts them ahead of time, and each is used for one run."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from adapters.sandbox.conversation import Conversation
from adapters.sandbox.line import Line
from core.errors import NightshiftError, UnavailableError
from core.guest import GuestResult, GuestRun
from core.world import Json

log = logging.getLogger(__name__)

READY = 15.0
"""Seconds a guest may take to start, on a machine that is busy with a fault."""

CALM = 0.2
"""Seconds since a guest was last taken after which the others are replaced: starting them takes the very cores that their run needs."""

MOST_GRAVES = 8
DEAD = 5.0


class Guest(Protocol):
    """One started guest, by whatever engine."""

    slot: int
    line: Line

    def wait_ready(self) -> None:
        """Returns once it waits for its skill; UnavailableError says why it never will."""
        ...

    def is_alive(self) -> bool:
        """False for one that cannot take a skill any more."""
        ...

    def ran_out_of_memory(self) -> bool:
        """True for a dead one that was killed for memory."""
        ...

    def kill(self) -> None:
        """Has it die, and everything in there; may be called from another thread, also for one that is still starting."""
        ...

    def end(self) -> None:
        """Kills it and returns when it is gone."""
        ...

    def bury(self) -> None:
        """Takes away what is left of it, which takes the kernel or the engine longer."""
        ...


class WarmGuests:
    """The pool. Its thread sleeps until a guest is taken; guests die with the thread, and the thread with us."""

    def __init__(self, start: Callable[[int], Guest], size: int) -> None:
        """`start` starts one in a slot and returns at once; UnavailableError or OSError where it cannot."""
        self._start_one = start
        self._size = size
        self._changed = threading.Condition()
        self._idle: deque[Guest] = deque()
        self._taken: list[Guest] = []
        self._slots: set[int] = set()
        self._graves: deque[Guest] = deque()
        self._waiting = 0
        self._taken_at = time.monotonic() - CALM
        self._error: NightshiftError | None = None
        self._closed = False
        # Not a pool's thread: bubblewrap's death signal is bound to the thread that started it.
        self._thread = threading.Thread(target=self._keep_filled, name="sandbox-spawner", daemon=True)
        self._thread.start()

    def run(self, run: GuestRun, answer: Callable[[str, dict[str, Json]], Json]) -> GuestResult:
        """Runs it in a fresh guest, which is dead when this returns."""
        guest = self.take()
        try:
            result = Conversation(guest.line, run, answer).hold()
            if result.status == "died" and guest.ran_out_of_memory():
                return replace(result, status="memory", error="the run used more memory than a skill may")
            return result
        finally:
            self.give_back(guest)

    def take(self) -> Guest:
        """A guest that waits for its skill; UnavailableError where none can be started."""
        while True:
            guest = self._next()
            try:
                guest.wait_ready()
            except BaseException:
                self.give_back(guest)
                raise
            if guest.is_alive():
                return guest
            self.give_back(guest)

    def give_back(self, guest: Guest) -> None:
        """Ends it: no guest is used twice."""
        with self._changed:
            self._taken.remove(guest)
        try:
            guest.end()
        finally:
            with self._changed:
                self._slots.discard(guest.slot)
                self._graves.append(guest)
                self._changed.notify_all()

    def close(self) -> None:
        """Ends every guest, also those at work: their runs end as died."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            for guest in self._taken:  # under the lock, for its run closes these handles once it is no longer taken
                guest.kill()
        self._thread.join(DEAD)
        with self._changed:
            idle = list(self._idle)
            self._idle.clear()
            self._taken += idle
            for guest in idle:  # all at once, then wait for each
                guest.kill()
        for guest in idle:
            self.give_back(guest)
        with self._changed:
            self._changed.wait_for(lambda: not self._slots, DEAD)
        self._bury()

    def _next(self) -> Guest:
        with self._changed:
            self._waiting += 1
            self._error = None
            self._changed.notify_all()
            try:
                self._changed.wait_for(lambda: self._idle or self._error or self._closed, READY)
            finally:
                self._waiting -= 1
            if self._closed:
                raise UnavailableError("the sandbox is closed")
            if not self._idle:
                raise self._why_none()
            guest = self._idle.popleft()
            self._taken.append(guest)
            self._taken_at = time.monotonic()
            self._changed.notify_all()
            return guest

    def _why_none(self) -> NightshiftError:
        return self._error or UnavailableError("the sandbox is too busy to start a guest")

    def _keep_filled(self) -> None:
        try:
            while self._wait_for_work():
                while self._is_short():
                    self._add()
                if self._is_full_of_graves():
                    self._bury()
        finally:  # should this thread ever end by a fault of ours, runs say so instead of waiting for it
            with self._changed:
                self._closed = True
                self._changed.notify_all()

    def _wait_for_work(self) -> bool:
        with self._changed:
            while not self._closed and not self._is_short() and not self._is_full_of_graves():
                is_idle = not self._graves and (self._error or len(self._idle) >= self._size)
                self._changed.wait(None if is_idle else max(0.01, self._taken_at + CALM - time.monotonic()))
            return not self._closed

    def _is_calm(self) -> bool:
        return time.monotonic() - self._taken_at >= CALM

    def _is_full_of_graves(self) -> bool:
        """Removing a group takes the kernel a while too."""
        return len(self._graves) >= (1 if self._is_calm() else MOST_GRAVES)

    def _is_short(self) -> bool:
        """While runs begin, one is kept ready; after an error nothing is started until somebody asks again."""
        kept = self._size if self._is_calm() else min(self._size, 1)
        with self._changed:
            return not self._closed and len(self._idle) < (0 if self._error else self._waiting + kept)

    def _add(self) -> None:
        with self._changed:
            slot = next(slot for slot in range(len(self._slots) + 1) if slot not in self._slots)
            self._slots.add(slot)
        guest, error = self._start(slot)
        with self._changed:
            self._error = error
            if guest is None:
                self._slots.discard(slot)
            else:
                self._idle.append(guest)
            self._changed.notify_all()

    def _bury(self) -> None:
        while grave := self._next_grave():
            try:
                grave.bury()
            except Exception:  # it is dead; what is left of it must not end the thread that starts the living
                log.exception("what is left of guest %s of the sandbox could not be taken away", grave.slot)

    def _next_grave(self) -> Guest | None:
        with self._changed:
            return self._graves.popleft() if self._graves else None

    def _start(self, slot: int) -> tuple[Guest | None, NightshiftError | None]:
        try:
            return self._start_one(slot), None
        except NightshiftError as error:
            return None, error
        except OSError as error:
            return None, UnavailableError(f"the sandbox cannot start a guest: {error}")
        except Exception as error:  # of an engine's library: this run fails, and the next one asks again
            log.exception("guest %s of the sandbox could not be started", slot)
            return None, UnavailableError(f"the sandbox cannot start a guest: {type(error).__name__}: {error}")
