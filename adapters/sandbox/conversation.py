"""One run's conversation with its guest: deadlines, quotas, and what a guest's words become. Nothing that comes in is believed."""

from __future__ import annotations

import contextlib
import math
import os
import re
import select
import socket
import time
from collections.abc import Callable
from typing import Any

from adapters.sandbox.frames import FRAME_IN, FrameError, clean_json, cleaned, decode, encode, is_text
from core.errors import FencedError, InvalidError, NightshiftError, QuotaError, RefusedError, StoppedError
from core.guest import GuestResult, GuestRun
from core.skill import HostError
from core.world import Json

CALLS = 2500
REFUSALS = 25
TOTAL_IN = 4 << 20
OUTPUT = 64 << 10
FACTS = 64 << 10
TEXT = 2000
METHOD = re.compile(r"[a-zA-Z.]{1,40}")
REFUSED = frozenset({"denied", "quota"})


class LineError(Exception):
    """The conversation cannot go on; `status` is a status of GuestResult."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class Line:
    """The channel to a guest and what it prints, both drained together so that neither can block the other.

    What comes in is counted over both: `TOTAL_IN` bytes end the run. Of the output the last `OUTPUT` bytes are kept.
    """

    def __init__(self, channel: socket.socket, output: int) -> None:
        self.deadline = math.inf
        self._channel, self._output = channel, output
        self._received = 0
        self._buffer = bytearray()
        self._printed = bytearray()
        channel.setblocking(False)
        os.set_blocking(output, False)
        self._poller = select.poll()
        self._poller.register(output, select.POLLIN)

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

    def output(self) -> str:
        """What it printed, the end of it, cleaned."""
        with contextlib.suppress(LineError):  # over the limit: what fits is kept
            self._drain()
        return cleaned(self._printed.decode("utf-8", "replace"), OUTPUT)

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._wait(select.POLLIN)
            try:
                part = self._channel.recv(1 << 16)
            except BlockingIOError:
                continue
            except OSError as error:
                raise LineError("died", "the guest closed its channel") from error
            if not part:
                raise LineError("died", "the guest ended without a result")
            self._count(len(part))
            self._buffer += part
        frame = bytes(self._buffer[:size])
        del self._buffer[:size]
        return frame

    def _wait(self, event: int) -> None:
        """Until the channel is ready, draining the output meanwhile."""
        self._poller.register(self._channel, event)
        while True:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise LineError("timeout", "it took longer")
            ready = {fd for fd, _ in self._poller.poll(math.ceil(left * 1000))}
            if self._output in ready:
                self._drain()
            if self._channel.fileno() in ready:
                return

    def _drain(self) -> None:
        try:
            while part := os.read(self._output, 1 << 16):
                self._printed += part
                del self._printed[:-OUTPUT]
                self._count(len(part))
            with contextlib.suppress(KeyError):
                self._poller.unregister(self._output)
        except BlockingIOError:
            return

    def _count(self, size: int) -> None:
        self._received += size
        if self._received > TOTAL_IN:
            raise LineError("protocol", f"the guest sent more than {TOTAL_IN} bytes")


class Conversation:
    """Sends the skill, answers its calls, and returns how it ended."""

    def __init__(self, line: Line, run: GuestRun, answer: Callable[[str, dict[str, Json]], Json]) -> None:
        self._line, self._run, self._answer = line, run, answer
        self._calls = self._refusals = 0

    def hold(self) -> GuestResult:
        """To the end, whatever that is; an error of `answer` that is none of ours is passed on."""
        try:
            return self._talk()
        except LineError as end:
            took = f" than {self._run.timeout:g} s" if end.status == "timeout" else ""
            return self._result(end.status, f"{end.reason}{took}")

    def _talk(self) -> GuestResult:
        self._line.deadline = time.monotonic() + self._run.timeout
        self._line.send(self._start())
        while True:
            match self._line.receive():
                case {"op": "call", "method": str(method), "args": dict(args)} if METHOD.fullmatch(method):
                    self._line.send(self._reply(method, args))
                case {"op": "done", "ok": bool(ok), "summary": str(summary), "facts": dict(facts)}:
                    return self._done(ok, summary, facts)
                case {"op": "fail", "error": str(error)}:
                    return self._result("failed", cleaned(error, TEXT))
                case {"op": "memory"}:
                    return self._result("memory", "the run used more memory than a skill may")
                case _:
                    raise LineError("protocol", "the guest sent a frame of no known kind")

    def _start(self) -> bytes:
        try:
            return encode({"name": self._run.name, "source": self._run.source, "parameters": self._run.parameters})
        except (TypeError, ValueError) as error:
            raise InvalidError(
                f"the skill {self._run.name!r} or its parameters cannot be sent into the sandbox: {error}"
            ) from error

    def _reply(self, method: str, args: dict[str, Json]) -> bytes:
        self._calls += 1
        if self._calls > CALLS:
            raise LineError("protocol", f"more than {CALLS} calls in one run")
        try:
            return encode({"result": self._ask(method, args)})
        except FrameError as error:
            return _refusal("failed", str(error))
        except HostError as error:
            self._count_refusal(error.code in REFUSED)
            return _refusal(error.code, str(error).partition(": ")[2])
        except (QuotaError, StoppedError, FencedError) as error:
            raise LineError("failed", f"{type(error).__name__}: {error}") from error
        except RefusedError as error:
            self._count_refusal(True)
            return _refusal("denied", str(error))
        except NightshiftError as error:
            return _refusal("failed", str(error))

    def _ask(self, method: str, args: dict[str, Json]) -> Json:
        if not is_text(args):
            raise HostError("failed", "an argument holds characters that are no text")
        return self._answer(method, args)

    def _count_refusal(self, is_one: bool) -> None:  # noqa: FBT001 - a count
        self._refusals += is_one
        if self._refusals >= REFUSALS:
            raise LineError("protocol", f"{REFUSALS} refused calls in one run")

    def _done(self, ok: bool, summary: str, facts: dict[str, Json]) -> GuestResult:  # noqa: FBT001 - as in Outcome
        if len(encode(facts)) > FACTS + 4:
            raise LineError("protocol", f"the facts are over the limit of {FACTS} bytes")
        plain = {cleaned(name, TEXT): clean_json(value) for name, value in facts.items()}
        return GuestResult("done", ok, cleaned(summary, TEXT), plain, "", self._line.output())

    def _result(self, status: str, error: str) -> GuestResult:
        return GuestResult(status, False, "", {}, error, self._line.output())


def _refusal(code: str, message: str) -> bytes:
    refusal: dict[str, Any] = {"error": {"code": code, "message": message[:TEXT]}}
    return encode(refusal)
