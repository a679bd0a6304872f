"""Fake Sandbox: runs a skill in this very process. Same words for honest skills, no protection at all."""

from __future__ import annotations

import itertools
import json
import sys
import types
from collections.abc import Callable

from core.errors import (
    FencedError,
    InvalidError,
    NightshiftError,
    QuotaError,
    RefusedError,
    StoppedError,
    UnavailableError,
)
from core.guest import GuestResult, GuestRun
from core.skill import Host, HostError, Outcome
from core.world import Json

CALLS = 2500
REFUSALS = 25
FACTS = 64 << 10


class _EndError(BaseException):
    """Unwinds a skill whose run is over."""


class FakeSandbox:
    """Sandbox for stories; `runs` is what it was asked to run, `problems` what its self-test finds.

    A skill's endless loop is endless here, and nothing keeps it from this process: only our own skills run in it.
    """

    def __init__(self) -> None:
        self.runs: list[GuestRun] = []
        self.problems: tuple[str, ...] = ()
        self._closed = False
        self._numbers = itertools.count(1)

    def run(self, run: GuestRun, answer: Callable[[str, dict[str, Json]], Json]) -> GuestResult:
        """See `core.ports.Sandbox`."""
        if self._closed:
            raise UnavailableError("the sandbox is closed")
        try:
            json.dumps(run.parameters, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InvalidError(f"the parameters of {run.name!r} are not JSON: {error}") from error
        self.runs.append(run)
        calls = _Calls(answer)
        result = _play(f"skill_{next(self._numbers)}_{id(self)}", run, calls)
        if calls.fault is not None:
            raise calls.fault
        return calls.ended or result

    def self_test(self) -> tuple[str, ...]:
        """See `core.ports.Sandbox`."""
        return self.problems

    def close(self) -> None:
        """See `core.ports.Sandbox`."""
        self._closed = True


class _Calls:
    """The call of a Host, answered as the parent of a guest answers it; once the run is over nothing is asked any more."""

    def __init__(self, answer: Callable[[str, dict[str, Json]], Json]) -> None:
        self.ended: GuestResult | None = None
        self.fault: Exception | None = None
        self._answer = answer
        self._calls = self._refusals = 0

    def __call__(self, method: str, args: dict[str, Json]) -> Json:
        self._calls += 1
        if self._calls > CALLS:
            self._end("protocol", f"more than {CALLS} calls in one run")
        if self.ended or self.fault:
            raise _EndError
        try:
            given: dict[str, Json] = json.loads(json.dumps(args))
            result: Json = json.loads(json.dumps(self._answer(method, given)))
        except HostError as error:
            raise self._refusal(error.code, str(error).partition(": ")[2]) from error
        except (QuotaError, StoppedError, FencedError) as error:
            self._end("failed", f"{type(error).__name__}: {error}")
            raise _EndError from error
        except RefusedError as error:
            raise self._refusal("denied", str(error)) from error
        except NightshiftError as error:
            raise self._refusal("failed", str(error)) from error
        except Exception as fault:
            self.fault = fault
            raise _EndError from fault
        return result

    def _end(self, status: str, error: str) -> None:
        self.ended = self.ended or GuestResult(status, False, "", {}, error, "")

    def _refusal(self, code: str, message: str) -> BaseException:
        self._refusals += code in {"denied", "quota"}
        if self._refusals >= REFUSALS:
            self._end("protocol", f"{REFUSALS} refused calls in one run")
            return _EndError()
        return HostError(code, message)


def _play(name: str, run: GuestRun, calls: _Calls) -> GuestResult:
    module = types.ModuleType(name)
    sys.modules[name] = module  # dataclasses look their module up
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in run.parameters.items()}
    try:
        exec(compile(run.source, f"{run.name}.py", "exec"), module.__dict__)
        outcome = module.run(Host(calls), **given)
        return _done(outcome)
    except BaseException as error:  # noqa: BLE001 - whatever a skill raises is how its run ended
        return GuestResult("failed", False, "", {}, f"{type(error).__name__}: {error}", "")
    finally:
        del sys.modules[name]


def _done(outcome: object) -> GuestResult:
    if not isinstance(outcome, Outcome):
        raise TypeError(f"run returned {type(outcome).__name__}, not an Outcome")
    facts = json.dumps(outcome.facts, allow_nan=False)
    if len(facts) > FACTS:
        raise ValueError(f"the facts are over the limit of {FACTS} bytes")
    return GuestResult("done", bool(outcome.ok), str(outcome.summary), json.loads(facts), "", "")
