"""One run's conversation with its guest: deadlines, quotas, and what a guest's words become. Nothing that comes in is believed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from adapters.sandbox.frames import FrameError, clean_json, cleaned, encode, is_text
from adapters.sandbox.libraries import sources_of
from adapters.sandbox.line import Line, LineError
from core.errors import FencedError, InvalidError, NightshiftError, QuotaError, RefusedError, StoppedError
from core.guest import GuestResult, GuestRun
from core.skill import HostError
from core.world import Json

CALLS = 2500
REFUSALS = 25
FACTS = 64 << 10
TEXT = 2000
METHOD = re.compile(r"[a-zA-Z.]{1,40}")
REFUSED = frozenset({"denied", "quota"})


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
            run = self._run
            frame: dict[str, Any] = {"name": run.name, "source": run.source, "parameters": run.parameters}
            if run.libraries:
                frame["libraries"] = sources_of(run.libraries)
            return encode(frame)
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
