"""What every Sandbox does with an honest skill, with a failing one, and with the answers of the broker."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest

from core.errors import (
    CapabilityDeniedError,
    FencedError,
    InvalidError,
    NeverError,
    NightshiftError,
    QuotaError,
    StoppedError,
    UnavailableError,
)
from core.guest import GuestResult, GuestRun
from core.ports import Sandbox
from core.skill import HostError
from core.world import Json
from tests import sandboxes

HAS_BWRAP = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
KINDS = ["fake", pytest.param("bubblewrap", marks=HAS_BWRAP), "docker", pytest.param("sidecar", marks=HAS_BWRAP)]

HEAD = "from core.skill import Command, File, Host, HostError, Outcome, Process, ServiceState\n"

CATCHES_EVERYTHING = (
    HEAD
    + """
def run(host: Host) -> Outcome:
    for _ in range(5000):
        try:
            host.read("/x")
        except BaseException:
            pass
    return Outcome(True, "went on")
"""
)


class Broker:
    """Answers from a script and remembers what was asked."""

    def __init__(self, *script: Json | Exception) -> None:
        self._script = list(script)
        self.calls: list[tuple[str, dict[str, Json]]] = []

    def __call__(self, method: str, args: dict[str, Json]) -> Json:
        self.calls.append((method, args))
        said = self._script[min(len(self.calls), len(self._script)) - 1]
        if isinstance(said, Exception):
            raise said
        return said


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> Iterator[Callable[[], Sandbox]]:
    yield from sandboxes.kinds(request)


@pytest.fixture(scope="module")
def sandbox(kind: Callable[[], Sandbox]) -> Iterator[Sandbox]:
    made = kind()
    yield made
    made.close()


def play(sandbox: Sandbox, source: str, broker: Broker | None = None, **parameters: Json) -> GuestResult:
    return sandbox.run(GuestRun("story", HEAD + source, parameters, 10.0), broker or Broker(None))


def test_a_skill_calls_its_host_and_says_what_came_out(sandbox: Sandbox) -> None:
    broker = Broker("text of the file")
    source = """
def run(host: Host, path: str, limit: int = 7) -> Outcome:
    return Outcome(ok=True, summary=host.read(path, limit), facts={"nested": [1, 2.5, None, {"a": "ü"}]})
"""
    result = play(sandbox, source, broker, path="/var/log/x")
    assert broker.calls == [("fs.read", {"path": "/var/log/x", "limit": 7})]
    assert result == GuestResult(
        "done", True, "text of the file", {"nested": [1, 2.5, None, {"a": "ü"}]}, "", result.stderr
    )


def test_a_skill_may_say_that_it_did_not_work(sandbox: Sandbox) -> None:
    result = play(sandbox, "def run(host): return Outcome(False, 'nothing to do')")
    assert (result.status, result.ok, result.summary, result.facts) == ("done", False, "nothing to do", {})


def test_the_types_of_the_sdk_come_out_of_the_broker_s_json(sandbox: Sandbox) -> None:
    file: Json = {"path": "/a/b.log", "kind": "file", "size": 9, "age_days": 1.5, "mode": 420, "uid": 0, "links": 1}
    source = """
def run(host: Host) -> Outcome:
    (file,) = host.list("/a")
    return Outcome(isinstance(file, File), f"{file.name} {file.size} {file.age_days}")
"""
    assert play(sandbox, source, Broker([file])).summary == "b.log 9 1.5"


def test_lists_among_the_parameters_arrive_as_tuples(sandbox: Sandbox) -> None:
    source = "def run(host, names, flag): return Outcome(flag, repr(names))"
    assert play(sandbox, source, names=["a", "b"], flag=True).summary == "('a', 'b')"


def test_a_skill_may_use_future_annotations_dataclasses_and_the_standard_library(sandbox: Sandbox) -> None:
    source = """
import hashlib, re, statistics
from dataclasses import dataclass

@dataclass
class Pair:
    left: int
    right: "int"

def run(host: Host) -> Outcome:
    digest = hashlib.sha256(b"x").hexdigest()[:4]
    return Outcome(True, f"{Pair(1, 2)} {statistics.mean([1, 3])} {digest} {re.sub('a', 'b', 'aa')}")
"""
    assert play(sandbox, source).summary == "Pair(left=1, right=2) 2 2d71 bb"


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (HostError("missing", "/x"), "missing", "/x"),
        (HostError("full"), "full", ""),
        (HostError("failed", "a: b"), "failed", "a: b"),
        (CapabilityDeniedError("s", "fs.read:/x"), "denied", "skill 's' has no capability 'fs.read:/x'"),
        (NeverError("reading a key", "it is a key"), "denied", "reading a key is never done: it is a key"),
        (UnavailableError("web-1 is gone"), "failed", "web-1 is gone"),
    ],
)
def test_a_refusal_reaches_the_skill_with_its_code(
    sandbox: Sandbox, raised: Exception, code: str, message: str
) -> None:
    source = """
def run(host: Host) -> Outcome:
    try:
        host.read("/x")
    except HostError as error:
        return Outcome(True, str(error), {"code": error.code})
    return Outcome(False, "nothing was raised")
"""
    result = play(sandbox, source, Broker(raised))
    assert result.facts == {"code": code}
    assert result.summary == str(HostError(code, message))


@pytest.mark.parametrize("ending", [QuotaError("calls", 9), StoppedError("all", "li"), FencedError("host:a", 3)])
def test_quota_stop_and_fence_end_the_run_at_once(sandbox: Sandbox, ending: NightshiftError) -> None:
    broker = Broker("one", ending)
    result = sandbox.run(GuestRun("stubborn", CATCHES_EVERYTHING, {}, 10.0), broker)
    assert (result.status, result.ok) == ("failed", False)
    assert str(ending) in result.error
    assert len(broker.calls) == 2


def test_the_twenty_fifth_refusal_ends_the_run(sandbox: Sandbox) -> None:
    broker = Broker(CapabilityDeniedError("s", "fs.read"))
    result = sandbox.run(GuestRun("stubborn", CATCHES_EVERYTHING, {}, 10.0), broker)
    assert (result.status, result.error) == ("protocol", "25 refused calls in one run")
    assert len(broker.calls) == 25


def test_no_more_than_2500_calls(sandbox: Sandbox) -> None:
    broker = Broker("x")
    result = sandbox.run(GuestRun("stubborn", CATCHES_EVERYTHING, {}, 10.0), broker)
    assert (result.status, result.error) == ("protocol", "more than 2500 calls in one run")
    assert len(broker.calls) == 2500


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("def run(host): raise ValueError('boom')", "ValueError: boom"),
        ("def run(host): raise SystemExit(3)", "SystemExit: 3"),
        ("def run(host): host.read('/x')", "TypeError: run returned NoneType, not an Outcome"),
        ("def run(host): return {'ok': True}", "TypeError: run returned dict, not an Outcome"),
        ("def run(host): return Outcome(True, 's', {'a': object()})", "TypeError"),
        ("def run(host): return Outcome(True, 's', {'a': float('nan')})", "ValueError"),
        ("def run(host): return Outcome(True, 's', {'a': 'x' * 70_000})", "ValueError: the facts are over the limit"),
        ("def run(host, needed): return Outcome(True, 's')", "TypeError"),
        ("def walk(host): return Outcome(True, 's')", "AttributeError"),
        ("def run(host) return 1", "SyntaxError"),
        ("1 / 0\ndef run(host): return Outcome(True, 's')", "ZeroDivisionError"),
        ("def run(host): return run(host)", "RecursionError"),
    ],
)
def test_a_skill_that_breaks_has_failed_and_says_how(sandbox: Sandbox, source: str, error: str) -> None:
    result = play(sandbox, source)
    assert (result.status, result.ok, result.facts) == ("failed", False, {})
    assert result.error.startswith(error)


def test_a_fault_of_our_own_comes_out_of_run(sandbox: Sandbox) -> None:
    with pytest.raises(ZeroDivisionError):
        sandbox.run(GuestRun("stubborn", CATCHES_EVERYTHING, {}, 10.0), Broker(ZeroDivisionError("ours")))
    assert play(sandbox, "def run(host): return Outcome(True, 'next')").ok


def test_nothing_of_one_run_is_there_in_the_next(sandbox: Sandbox) -> None:
    source = "SEEN = []\ndef run(host):\n    SEEN.append(1)\n    return Outcome(True, str(len(SEEN)))"
    assert [play(sandbox, source).summary for _ in range(3)] == ["1", "1", "1"]


def test_its_self_test_finds_nothing(sandbox: Sandbox) -> None:
    assert sandbox.self_test() == ()


def test_after_close_nothing_runs(kind: Callable[[], Sandbox]) -> None:
    made = kind()
    made.close()
    made.close()
    with pytest.raises(UnavailableError, match="closed"):
        play(made, "def run(host): return Outcome(True, 's')")


def test_parameters_that_are_no_json_are_refused(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidError):
        play(sandbox, "def run(host, a): return Outcome(True, 's')", a=float("nan"))
