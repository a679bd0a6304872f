"""The line to a guest: its frames and what it prints, both drained together so that neither can block the other."""

from __future__ import annotations

import contextlib
import math
import os
import select
import socket
import time

from adapters.sandbox.frames import FRAME_IN, FrameError, cleaned, decode
from core.world import Json

TOTAL_IN = 4 << 20
OUTPUT = 64 << 10
LAST_WORDS = 0.1
"""Seconds in which what a guest printed may still be on its way after its last frame, where both come by different ways."""

PRINTED_ALL = b"\0"
"""What such a guest prints last."""

HEADER = 8
CHANNEL, PRINTED, ENDED = 1, 2, 3
"""Kinds of parts; an engine that is asked by way of a sidecar says with the third why it has no more to send."""

MEMORY, UNAVAILABLE = "memory", "unavailable"


class LineError(Exception):
    """The conversation cannot go on; `status` is a status of GuestResult."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class Line:
    """What comes in is counted over frames and prints: `TOTAL_IN` bytes end the run. Of the prints the last `OUTPUT` bytes are kept."""

    def __init__(self, channel: socket.socket) -> None:
        self.deadline = math.inf
        self._channel = channel
        self._received = 0
        self._buffer = bytearray()
        self._printed = bytearray()
        channel.setblocking(False)
        self._poller = select.poll()

    def forget(self) -> None:
        """Starts counting anew, for the run that begins."""
        self._received = 0
        self._printed.clear()

    def send(self, frame: bytes) -> None:
        """All of it before the deadline."""
        rest = memoryview(frame)
        while rest:
            try:
                rest = rest[self._channel.send(rest, socket.MSG_NOSIGNAL) :]
            except BlockingIOError:
                self._wait(select.POLLOUT)
            except OSError as error:
                raise LineError("died", "the guest closed its channel") from error

    def receive(self) -> dict[str, Json]:
        """The next frame, checked."""
        size = int.from_bytes(self._exactly(4), "big")
        if size > FRAME_IN:
            raise LineError("protocol", f"a frame of {size} bytes is over the limit of {FRAME_IN}")
        try:
            return decode(self._exactly(size))
        except FrameError as error:
            raise LineError("protocol", f"the guest sent {error}") from error

    def is_silent(self) -> bool:
        """True while nothing has come that nobody has taken, not even the end."""
        self._poller.register(self._channel, select.POLLIN)
        return not self._poller.poll(0)

    def sources(self) -> dict[int, int]:
        """Descriptors that speak for the guest, each with the kind of what it sends; 0 where kinds stand in it."""
        return {self._channel.fileno(): 0}

    def output(self) -> str:
        """What it printed, the end of it, cleaned."""
        with contextlib.suppress(LineError):  # over the limit: what fits is kept
            self._drain()
        return cleaned(self._printed.decode("utf-8", "replace"), OUTPUT)

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._wait(select.POLLIN)
            self._take_in()
        frame = bytes(self._buffer[:size])
        del self._buffer[:size]
        return frame

    def _part(self) -> bytes | None:
        """What has come on the channel; None if it was nothing yet."""
        try:
            part = self._channel.recv(1 << 16)
        except BlockingIOError:
            return None
        except OSError as error:
            raise LineError("died", "the guest closed its channel") from error
        if not part:
            raise LineError("died", "the guest ended without a result")
        self._count(len(part))
        return part

    def _left(self) -> int:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise LineError("timeout", "it took longer")
        return math.ceil(left * 1000)

    def _print(self, part: bytes) -> None:
        self._printed += part
        del self._printed[:-OUTPUT]

    def _count(self, size: int) -> None:
        self._received += size
        if self._received > TOTAL_IN:
            raise LineError("protocol", f"the guest sent more than {TOTAL_IN} bytes")

    def _wait(self, event: int) -> None:
        raise NotImplementedError

    def _take_in(self) -> None:
        raise NotImplementedError

    def _drain(self) -> None:
        raise NotImplementedError


class PairedLine(Line):
    """Frames over a socket, prints over a pipe."""

    def __init__(self, channel: socket.socket, output: int) -> None:
        super().__init__(channel)
        self._output = output
        os.set_blocking(output, False)
        self._poller.register(output, select.POLLIN)

    def sources(self) -> dict[int, int]:
        """See `Line`."""
        return {self._channel.fileno(): CHANNEL, self._output: PRINTED}

    def _take_in(self) -> None:
        self._buffer += self._part() or b""

    def _wait(self, event: int) -> None:
        """Until the channel is ready, draining the output meanwhile."""
        self._poller.register(self._channel, event)
        while True:
            ready = {fd for fd, _ in self._poller.poll(self._left())}
            if self._output in ready:
                self._drain()
            if self._channel.fileno() in ready:
                return

    def _drain(self) -> None:
        try:
            while part := os.read(self._output, 1 << 16):
                self._print(part)
                self._count(len(part))
            with contextlib.suppress(KeyError):
                self._poller.unregister(self._output)
        except BlockingIOError:
            return


class AttachedLine(Line):
    """Both over one socket: each part comes after 8 bytes, its kind, three zeros and its length.

    So an engine sends them whose guest we are attached to; what we send goes as it is.
    """

    def __init__(self, channel: socket.socket) -> None:
        super().__init__(channel)
        self._raw = bytearray()
        self._kind = self._rest = 0

    def output(self) -> str:
        """Prints and frames go different ways inside the engine, so the last words may come after the last frame."""
        self.deadline = time.monotonic() + LAST_WORDS
        with contextlib.suppress(LineError):  # too late, too much, or the end: what has come is kept
            while not self._printed.endswith(PRINTED_ALL):
                self._wait(select.POLLIN)
                self._take_in()
        return cleaned(self._printed.removesuffix(PRINTED_ALL).decode("utf-8", "replace"), OUTPUT)

    def _wait(self, event: int) -> None:
        """Until the channel is ready; whoever waits to send takes in what comes meanwhile, or both would wait for ever."""
        self._poller.register(self._channel, event | select.POLLIN)
        while True:
            (ready,) = [happened for _, happened in self._poller.poll(self._left())] or [0]
            if ready & event or ready & ~select.POLLIN:
                return
            if ready:
                self._take_in()

    def _take_in(self) -> None:
        self._raw += self._part() or b""
        while self._raw:
            if not self._rest and not self._next_part():
                return
            part = bytes(self._raw[: self._rest])
            del self._raw[: self._rest]
            self._rest -= len(part)
            if self._kind == CHANNEL:
                self._buffer += part
            elif self._kind == PRINTED:
                self._print(part)
            else:
                raise _end(part)

    def _next_part(self) -> bool:
        """Reads the next header that says something follows; False if it is not all there."""
        while len(self._raw) >= HEADER and not self._rest:
            self._kind, self._rest = self._raw[0], int.from_bytes(self._raw[4:HEADER], "big")
            del self._raw[:HEADER]
            if self._kind not in (CHANNEL, PRINTED, ENDED):
                raise LineError("protocol", "the engine sent a part of no known kind")
        return bool(self._rest)


def part(kind: int, data: bytes) -> bytes:
    """What `AttachedLine` takes."""
    return bytes((kind, 0, 0, 0)) + len(data).to_bytes(4, "big") + data


def _end(said: bytes) -> LineError:
    """The sidecar sends its last part whole: `memory` or `unavailable`, a space, and the reason."""
    status, _, reason = cleaned(said.decode("utf-8", "replace"), 500).partition(" ")
    return LineError(status if status in (MEMORY, UNAVAILABLE) else "died", reason)
