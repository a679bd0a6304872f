"""A program of ours kept running on a far host: sent there as text over its own stdin, asked line by line, replaced when it is lost."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from adapters.host.far_connection import FarConnection, FarTalk, quoted
from core.errors import InvalidError, NeverError, UnavailableError, UnknownError
from core.skill import HostError

_PYTHON = (
    "exec python3 -I -S -c 'import os,sys;sys.version_info<(3,7) and sys.exit(126);"
    'exec(b"".join(iter(lambda:os.read(0,1),b"\\0")))\''
)
COMMAND = f"exec {quoted(('sh', '-c', _PYTHON))}"
"""Reads its program up to a NUL, byte by byte, so that nothing of what comes after it is taken.

By sh, so that a missing Python is told in one way whatever the login shell is.
"""

LONGEST_ANSWER = 32 << 20
_USUAL_ANSWER = 8 << 20
_START_SECONDS = 20.0
_MOST_NOISE = 100
_MOST = 3
_NO_PYTHON = (126, 127)
_CODES = frozenset({"denied", "quota", "missing", "exists", "full", "changed", "timeout", "failed"})
_LONGEST_REASON = 500


class NoPythonError(UnavailableError):
    """There is no python3, or one that is too old."""


class FarProgram:
    """As many processes of one program over there as there are questions at the same time, `most` at the most.

    The program says `{"ready": true}`, then answers each line with one: `{"ok": value}` or `{"error": [kind, ...]}`, before that
    `{"hello": [pid, start ticks]}` where it waits for `"go"`.
    """

    def __init__(self, connection: FarConnection, source: str, most: int = _MOST) -> None:
        self._connection, self._source = connection, source.encode()
        self._idle: list[FarTalk] = []
        self._lock, self._free = threading.Lock(), threading.Semaphore(most)

    def ask(
        self,
        request: dict[str, Any],
        seconds: float,
        started: Callable[[int, int], None] | None = None,
        longest: int = _USUAL_ANSWER,
    ) -> Any:
        """The answer's value; raises the program's refusal as its own class, UnavailableError when nobody answers."""
        if not self._free.acquire(timeout=seconds):
            raise UnavailableError(f"too much is asked of {self._connection.address.label} at once")
        try:
            talk = self._take()
            try:
                answer = self._ask(talk, request, seconds, started, min(longest, LONGEST_ANSWER))
            except BaseException:
                self._leave(talk)
                raise
            with self._lock:
                self._idle.append(talk)
        finally:
            self._free.release()
        if "error" in answer:
            raise _refusal(answer["error"])
        return answer["ok"]

    def close(self) -> None:
        """Ends those that wait; a later question starts a new one."""
        with self._lock:
            idle, self._idle = self._idle, []
        for talk in idle:
            self._leave(talk)

    def _ask(
        self,
        talk: FarTalk,
        request: dict[str, Any],
        seconds: float,
        started: Callable[[int, int], None] | None,
        longest: int,
    ) -> dict[str, Any]:
        answer = self._said(talk, json.dumps(request), seconds, longest)
        if "hello" in answer and started is not None:
            pid, ticks = _pid_and_ticks(answer["hello"])
            started(pid, ticks)
            answer = self._said(talk, '"go"', seconds, longest)
        if not ("ok" in answer or isinstance(answer.get("error"), list)):
            raise UnavailableError(f"what {self._connection.address.label} said is no answer")
        return answer

    def _said(self, talk: FarTalk, line: str, seconds: float, longest: int) -> dict[str, Any]:
        async def one() -> bytes:
            talk.say(line.encode() + b"\n")
            return await talk.line(longest)

        try:
            return _parsed(self._connection.call(one(), seconds))
        except UnavailableError as error:
            raise UnavailableError(
                f"the helper on {self._connection.address.label} did not answer: {error.message}"
            ) from error

    def _take(self) -> FarTalk:
        while True:
            with self._lock:
                talk = self._idle.pop() if self._idle else None
            if talk is None:
                return self._connection.call(self._start(), _START_SECONDS + _START_SECONDS)
            if not talk.is_over and not talk.has_unasked:
                return talk
            self._leave(talk)

    async def _start(self) -> FarTalk:
        label = self._connection.address.label
        talk: FarTalk = await self._connection.talk(COMMAND, LONGEST_ANSWER)
        try:
            talk.say(self._source + b"\0")
            await _ready(talk)
        except UnavailableError as error:
            self._connection.done(talk)
            words = bytes(talk.error).decode("utf-8", "replace").strip().splitlines()
            if talk.status in _NO_PYTHON:
                raise NoPythonError(f"{label} has no python3 of version 3.7 or later") from error
            said = f"; it said: {_plain(words[-1])[:200]}" if words else ""
            raise UnavailableError(f"the helper did not start on {label}: {error.message}{said}") from error
        except BaseException:
            self._connection.done(talk)
            raise
        return talk

    def _leave(self, talk: FarTalk) -> None:
        async def done() -> None:
            self._connection.done(talk)

        with suppress(UnavailableError):
            self._connection.call(done(), _START_SECONDS)


async def _ready(talk: FarTalk) -> None:
    said = b""
    for _ in range(_MOST_NOISE):  # a login shell may have something to say first
        try:
            line = await talk.line(1 << 16)
        except UnavailableError as error:
            words = _plain(said.decode("utf-8", "replace")).strip()[:200]
            raise UnavailableError(f"{error.message}, having said: {words}" if words else error.message) from error
        if line == b'{"ready": true}':
            return
        said = line
    raise UnavailableError("it says everything but that it is ready")


def _parsed(line: bytes) -> dict[str, Any]:
    """A line as an answer, whatever somebody else's machine makes of it."""
    try:
        answer = json.loads(line, parse_constant=_no_number)
        if b"\\ud" in line.lower():
            json.dumps(answer, ensure_ascii=False).encode()  # half a character cannot be written down anywhere later
    except (ValueError, RecursionError) as error:
        raise UnavailableError("what it said is no answer") from error
    if not isinstance(answer, dict):
        raise UnavailableError("what it said is no answer")
    return answer


def _no_number(text: str) -> float:
    raise ValueError(text)


def _pid_and_ticks(hello: Any) -> tuple[int, int]:
    if not (isinstance(hello, list) and len(hello) == 2 and all(is_count(one) and one > 0 for one in hello)):
        raise UnavailableError("the host did not name the command")
    return hello[0], hello[1]


def is_count(value: Any) -> bool:
    """An int that is one, not negative, and fits where integers are kept."""
    return type(value) is int and 0 <= value < 1 << 63


def is_time(value: Any) -> bool:
    """Seconds, whole or not."""
    return type(value) in (int, float) and math.isfinite(value) and abs(value) < 1 << 53


def _refusal(error: list[Any]) -> Exception:
    if not error or not all(isinstance(one, str) for one in error):
        return UnavailableError("a refusal came that nobody understands")
    kind, *facts = (_plain(one)[:_LONGEST_REASON] for one in error)
    if kind == "host" and len(facts) == 2 and facts[0] in _CODES:
        return HostError(*facts)
    if kind == "never" and len(facts) == 2:
        return NeverError(*facts)
    if kind == "unknown" and len(facts) >= 2:
        return UnknownError(facts[0], facts[1], tuple(facts[2:]))
    if kind in ("invalid", "unavailable") and len(facts) == 1:
        return {"invalid": InvalidError, "unavailable": UnavailableError}[kind](*facts)
    return UnavailableError("a refusal came that nobody understands")


def _plain(text: str) -> str:
    """Without what could do something to a terminal or a card."""
    return "".join(character if character.isprintable() else " " for character in text)
