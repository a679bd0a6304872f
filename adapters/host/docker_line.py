"""The kept helper's way into a container: a program on the daemon's exec, lines in and lines out, in the thread of whoever asks."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Coroutine, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

from adapters.host.docker_exec import DockerLink, Pieces
from core.errors import UnavailableError

T = TypeVar("T")
_STDERR_KEPT = 4096
_PART = 1 << 16


@dataclass(frozen=True, slots=True)
class ContainerAddress:
    """The container as people know it."""

    label: str


class DockerLine:
    """`FarConnection` to one container as one user. Nothing here waits beside the caller, so `call` needs no loop of its own."""

    def __init__(self, link: DockerLink, user: str) -> None:
        self.address = ContainerAddress(link.name)
        self._link, self._user, self._run = link, user, link.run_as(user)
        self._due = threading.local()

    def call(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """See `FarConnection`."""
        self._due.at = time.monotonic() + seconds
        try:
            work.send(None)
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            work.close()
        raise UnavailableError(f"{self.address.label} was asked what takes a loop of its own")

    def exec(self, argv: Sequence[str], stdin: bytes, seconds: float) -> tuple[int, bytes, bytes]:
        """See `FarConnection`."""
        return self._run(argv, stdin, seconds)

    async def talk(self, command: str, most: int) -> ContainerTalk:
        """See `FarConnection`."""
        exec_id = self._link.prepare(("sh", "-c", command), self._user)
        return ContainerTalk(self._link, exec_id, most, self._left)

    def done(self, talk: ContainerTalk) -> None:
        """See `FarConnection`: its input ends, and with that the helper."""
        talk.close()

    def close(self) -> None:
        """See `FarConnection`: each question has a line of its own, and there is nothing to hang up."""

    def _left(self) -> float:
        left = float(self._due.at - time.monotonic())
        if left <= 0:
            raise UnavailableError(f"{self.address.label} did not answer in time")
        return left


class ContainerTalk:
    """`FarTalk` over one exec."""

    def __init__(self, link: DockerLink, exec_id: str, most: int, left: Any) -> None:
        self._link, self._exec_id, self._most, self._left = link, exec_id, most, left
        self._pieces, self._buffer, self._scanned, self.error = Pieces(), bytearray(), 0, bytearray()
        self._is_closed = False
        self._open = ExitStack()
        self._socket, early = self._open.enter_context(link.attached(exec_id))
        self._take(early)

    @property
    def status(self) -> int | None:
        """See `FarTalk`."""
        return self._link.status_of(self._exec_id) if self._is_closed else None

    @property
    def is_over(self) -> bool:
        """See `FarTalk`; over, too, when the container was replaced, paused or stopped."""
        self._socket.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            self._receive()
        return self._is_closed or not self._link.is_as_it_was()

    @property
    def has_unasked(self) -> bool:
        """See `FarTalk`."""
        return bool(self._buffer)

    def say(self, data: bytes) -> None:
        """See `FarTalk`."""
        self._socket.settimeout(self._left())
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise UnavailableError("it ended") from error

    async def line(self, most: int) -> bytes:
        """See `FarTalk`."""
        while (end := self._buffer.find(b"\n", self._scanned)) < 0:
            self._scanned = len(self._buffer)
            if self._scanned > min(most, self._most):
                raise UnavailableError("it said too much")
            if self._is_closed:
                raise UnavailableError("it ended")
            self._socket.settimeout(self._left())
            self._receive()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._scanned = 0
        return line

    def close(self) -> None:
        """Ends it."""
        self._open.close()

    def _receive(self) -> None:
        try:
            data = self._socket.recv(_PART)
        except BlockingIOError:
            raise
        except TimeoutError as error:
            raise UnavailableError("it did not answer in time") from error
        except OSError as error:
            raise UnavailableError(f"the line broke: {error.strerror or error}") from error
        self._is_closed = self._is_closed or not data
        self._take(data)

    def _take(self, data: bytes) -> None:
        for is_error, piece in self._pieces.of(data):
            if is_error:
                self.error += piece[: _STDERR_KEPT - len(self.error)]
            else:
                self._buffer += piece
