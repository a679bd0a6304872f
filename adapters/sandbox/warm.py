"""Guests that wait: a thread of its own starts them ahead of time, and each is used for one run."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from dataclasses import dataclass

from adapters.sandbox.cgroup import Cgroup
from adapters.sandbox.conversation import Line, LineError
from adapters.sandbox.frames import cleaned
from adapters.sandbox.launch import Launcher, Started
from core.errors import NightshiftError, UnavailableError

READY = 15.0
"""Seconds a guest may take to start, on a machine that is busy with a fault."""

CALM = 0.2
"""Seconds since a guest was last taken after which the others are replaced: starting them takes the very cores that their run needs."""

MOST_GRAVES = 8
DEAD = 5.0
BLOCKED = re.compile(
    r"namespace|uid map|setresuid|Operation not permitted|Permission denied|No space left|unshare", re.IGNORECASE
)


@dataclass(slots=True)
class Guest:
    """One started guest: its line, and handles on its two processes by which it is ended, never by a process id."""

    started: Started
    line: Line
    outer: int
    inner: int = -1
    is_ready: bool = False

    @classmethod
    def of(cls, started: Started) -> Guest:
        """Takes over what was just started."""
        output = started.process.stdout
        if output is None:
            raise UnavailableError("the sandbox started a guest without output")
        return cls(started, Line(started.channel, output.fileno()), os.pidfd_open(started.process.pid))

    def wait_ready(self) -> None:
        """Returns once it waits for its skill; UnavailableError says why it never will."""
        self.line.deadline = time.monotonic() + READY
        try:
            frame = self.line.receive()
        except LineError as error:
            raise UnavailableError(self._reason(error.reason)) from error
        if frame != {"op": "ready"}:
            raise UnavailableError("the sandbox started a guest that did not lock itself in")
        self.line.forget()
        self.is_ready = True
        with contextlib.suppress(OSError, ValueError, KeyError):  # without it the guest still dies with bubblewrap
            self.inner = os.pidfd_open(int(json.loads(os.pread(self.started.info, 4096, 0))["child-pid"]))

    def is_alive(self) -> bool:
        """False once the process of bubblewrap has ended."""
        return not _has_ended(self.outer, 0)

    def ran_out_of_memory(self) -> bool:
        """True if the kernel killed it for memory."""
        return self.started.group is not None and self.started.group.ran_out_of_memory()

    def kill(self) -> None:
        """Kills process 1 of its namespace, which takes everything in there along, and bubblewrap.

        One that is still starting sees its channel closed and ends by itself: bubblewrap, killed half-way, would leave a child behind.
        """
        if not self.is_ready:
            with contextlib.suppress(OSError):  # it has ended already
                self.started.channel.shutdown(socket.SHUT_RDWR)
            return
        for handle in (self.inner, self.outer):
            if handle >= 0:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)

    def end(self) -> None:
        """Kills it and waits until it is gone. Its group is left: removing that takes the kernel longer."""
        self.kill()
        if not self.is_ready and not _has_ended(self.outer, READY):
            self.is_ready = True
            self.kill()
        for handle in (self.inner, self.outer):
            if handle >= 0:
                _has_ended(handle, DEAD)
                os.close(handle)
        with contextlib.suppress(subprocess.TimeoutExpired):  # unkillable in the kernel: its limits still hold
            self.started.process.wait(DEAD)
        if self.started.process.stdout is not None:
            self.started.process.stdout.close()
        self.started.channel.close()
        os.close(self.started.info)

    def _reason(self, otherwise: str) -> str:
        said = cleaned(self.line.output(), 300).strip().splitlines()
        last = said[-1] if said else otherwise
        if BLOCKED.search(last):
            return (
                f"the sandbox cannot start ({last}): allow user namespaces for bubblewrap "
                "(Ubuntu: its AppArmor profile; in a container: a profile that lets it unshare)"
            )
        return f"the sandbox cannot start: {last}"


class WarmGuests:
    """The pool. Its thread sleeps until a guest is taken; guests die with the thread, and the thread with us."""

    def __init__(self, launcher: Launcher, size: int) -> None:
        self._launcher = launcher
        self._size = size
        self._changed = threading.Condition()
        self._idle: deque[Guest] = deque()
        self._taken: list[Guest] = []
        self._slots: set[int] = set()
        self._graves: deque[Cgroup] = deque()
        self._waiting = 0
        self._taken_at = time.monotonic() - CALM
        self._error: NightshiftError | None = None
        self._closed = False
        # Not a pool's thread: bubblewrap's death signal is bound to the thread that started it.
        self._thread = threading.Thread(target=self._keep_filled, name="sandbox-spawner", daemon=True)
        self._thread.start()

    def take(self) -> Guest:
        """A guest that waits for its skill; UnavailableError where none can be started."""
        while True:
            guest = self._next()
            try:
                guest.wait_ready()
            except UnavailableError:
                self.give_back(guest)
                raise
            if guest.is_alive():
                return guest
            self.give_back(guest)

    def give_back(self, guest: Guest) -> None:
        """Ends it: no guest is used twice."""
        with self._changed:
            self._taken.remove(guest)
        guest.end()
        with self._changed:
            self._slots.discard(guest.started.slot)
            self._graves.extend([guest.started.group] if guest.started.group else [])
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
            return not self._closed and len(self._idle) < self._waiting + (0 if self._error else kept)

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
        while self._graves:
            self._graves.popleft().remove()

    def _start(self, slot: int) -> tuple[Guest | None, NightshiftError | None]:
        try:
            return Guest.of(self._launcher.start(slot)), None
        except NightshiftError as error:
            return None, error
        except OSError as error:
            return None, UnavailableError(f"the sandbox cannot start a guest: {error}")


def _has_ended(handle: int, seconds: float) -> bool:
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    return bool(poller.poll(seconds * 1000))
