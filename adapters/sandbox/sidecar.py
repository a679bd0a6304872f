"""Sandbox by way of a sidecar: the engine is in another container, behind a socket that offers one call, and this side only talks."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable

from adapters.sandbox import probes
from adapters.sandbox.line import UNAVAILABLE, AttachedLine, Line, LineError
from adapters.sandbox.warm import DEAD, READY, WarmGuests
from core.errors import UnavailableError
from core.guest import GuestResult, GuestRun
from core.world import Json

SOCKET = "/run/nightshift/sandbox.sock"


class SidecarSandbox:
    """Runs every skill in a guest that `nightshift sandboxd` holds; it keeps them warm, so none is kept here."""

    def __init__(self, path: str = SOCKET) -> None:
        self._path = path
        self._probing = threading.Lock()
        self.guests = WarmGuests(self._start, 0)

    @property
    def backend(self) -> str:
        """What holds a guest, for `doctor`."""
        return f"sidecar at {self._path}"

    @property
    def profile(self) -> str:
        """Not known here: what runs is the sidecar's."""
        return ""

    def run(self, run: GuestRun, answer: Callable[[str, dict[str, Json]], Json]) -> GuestResult:
        """Runs it in a fresh guest, which is dead when this returns."""
        return self.guests.run(run, answer)

    def self_test(self) -> tuple[str, ...]:
        """The same probes as on an engine of our own."""
        with self._probing:
            return probes.reasons(self)

    def close(self) -> None:
        """Hangs up everywhere, which ends the guests over there."""
        self.guests.close()

    def _start(self, slot: int) -> SidecarGuest:
        line = socket.socket(socket.AF_UNIX)
        try:
            line.settimeout(DEAD)
            line.connect(self._path)
        except OSError as error:
            line.close()
            raise UnavailableError(
                f"no sandbox answers at {self._path}: start nightshift sandboxd there ({error.strerror or error})"
            ) from error
        return SidecarGuest(line, slot)


class SidecarGuest:
    """One connection, which is one guest."""

    def __init__(self, channel: socket.socket, slot: int) -> None:
        self.slot = slot
        self._channel = channel
        self.line: Line = AttachedLine(channel)

    def wait_ready(self) -> None:
        """See `warm.Guest`."""
        self.line.deadline = time.monotonic() + READY
        try:
            frame = self.line.receive()
        except LineError as error:
            why = (
                error.reason if error.status == UNAVAILABLE else f"the sandbox's sidecar gives no guest: {error.reason}"
            )
            raise UnavailableError(why) from error
        if frame != {"op": "ready"}:
            raise UnavailableError(
                "the sandbox's sidecar speaks another language: start the same release on both sides"
            )
        self.line.forget()

    def is_alive(self) -> bool:
        """See `warm.Guest`."""
        return self.line.is_silent()

    def ran_out_of_memory(self) -> bool:
        """The sidecar says so itself, as the reason of the end."""
        return False

    def kill(self) -> None:
        """See `warm.Guest`."""
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_WR)

    def end(self) -> None:
        """The sidecar hangs up once the guest is gone; until then what it still sends is thrown away."""
        self.kill()
        end = time.monotonic() + DEAD
        poller = select.poll()
        poller.register(self._channel, select.POLLIN)
        with contextlib.suppress(OSError):
            while poller.poll(max(0.0, end - time.monotonic()) * 1000) and self._channel.recv(1 << 16):
                continue
        self._channel.close()

    def bury(self) -> None:
        """Nothing is left here."""
