"""Skills that try to get out: whatever they do, what stands outside stays as it was, and the run ends in time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.sandbox.bubblewrap import BubblewrapSandbox
from core.guest import GuestRun
from core.ports import Sandbox
from tests import sandboxes
from tests.fakes.sandbox import FakeSandbox
from tests.hostile.becoming import PROCESSES
from tests.hostile.corpus import SKILLS, attack, source_of
from tests.hostile.lying import DEATHS, LIES, TRICKS
from tests.hostile.outside import Outside, guests_below, outside
from tests.hostile.reaching import CONNECTS, READS, WRITES

ROOT = Path(__file__).parents[2]
USER = 54321
PYTHON = "/usr/bin/python3"
PERMIT_ALL = (0x06).to_bytes(2, "little") + bytes(2) + (0x7FFF0000).to_bytes(4, "little")
"""A seccomp program of one instruction: return ALLOW."""


def _is_new(python: str) -> bool:
    code = "import sys; sys.exit(sys.version_info < (3, 11))"
    return Path(python).exists() and subprocess.run([python, "-c", code], check=False).returncode == 0


pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")

ENDINGS: dict[str, set[str]] = {
    **{name: {"protocol"} for name in LIES},
    **{name: {"died"} for name in DEATHS},
    **{name: {"done", "failed", "protocol"} for name in TRICKS},
    "claims a frame and keeps silent": {"timeout"},
    "sends half a length and dies": {"died"},
    "hoards memory": {"memory"},
    "hoards memory and goes on": {"memory", "timeout"},
    "loops": {"timeout"},
    "sleeps": {"timeout"},
    "loops against signals": {"timeout"},
    "prints for ever": {"protocol"},
    "calls for ever": {"protocol"},
    "calls without listening": {"timeout", "protocol"},
    "sends large calls": {"protocol"},
    "calls by another architecture": {"died"},
    "calls by the 32-bit gate": {"died"},
    "closes its channel": {"died", "timeout"},
    "closes everything and loops": {"died", "timeout"},
    "has one name twice": {"protocol"},
    "sends a frame of nothing": {"protocol"},
    "looks whether it is watched": {"done"},
    "is done and goes on": {"done"},
    "asks ahead of the answers": {"done", "died"},
    "walks up the frames": {"done"},
}
HONEST = "from core.skill import Outcome\ndef run(host): return Outcome(True, host.read('/x'))"
STATUSES = {"done", "failed", "timeout", "protocol", "memory", "died"}


@pytest.fixture(scope="module", params=["bubblewrap", "docker", pytest.param("sidecar", marks=pytest.mark.slow)])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """After all of them an honest skill works, and nothing of theirs is left."""
    for make in sandboxes.kinds(request):
        made = make()
        yield made
        assert made.run(GuestRun("honest", HONEST, {}, 9.0), lambda *_: "an answer").summary == "an answer"
        made.close()
    assert guests_below(os.getpid()) == []


@pytest.fixture(scope="module")
def outer_layers() -> Iterator[BubblewrapSandbox]:
    """Namespaces, users and the first filter alone: the second one allows everything."""
    made = BubblewrapSandbox(warm=0)
    made.run(
        GuestRun("first", source_of("return Outcome(True, 's')"), {"place": "", "port": 0, "pids": []}, 9.0), print
    )
    profile = made._launcher.profile
    assert profile is not None
    made._launcher.profile = replace(profile, filters=replace(profile.filters, stage2=PERMIT_ALL))
    yield made
    made.close()


@pytest.fixture(scope="module")
def canaries() -> Iterator[Outside]:
    with outside() as made:
        yield made


@pytest.fixture
def world(canaries: Outside) -> Outside:
    return canaries.fresh()


@pytest.mark.parametrize("name", SKILLS)
def test_it_does_not_get_out(sandbox: Sandbox, world: Outside, name: str) -> None:
    began, worked = time.monotonic(), time.thread_time()
    result = attack(sandbox, world, name)
    assert time.thread_time() - worked < 6.0  # what it costs us
    assert time.monotonic() - began < 40.0  # a busy machine starts a guest late
    assert result.status in ENDINGS.get(name, STATUSES)
    assert world.breaches(repr(result)) == ()
    assert len(result.summary) <= 2000
    assert len(result.stderr) <= 64 << 10


@pytest.mark.parametrize("name", [*READS, *CONNECTS, *PROCESSES, *WRITES])
def test_it_does_not_get_out_past_the_outer_layers_alone(
    outer_layers: BubblewrapSandbox, world: Outside, name: str
) -> None:
    result = attack(outer_layers, world, name)
    assert world.breaches(repr(result)) == ()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # nobody closes what it opens
@pytest.mark.parametrize("name", ["reads the canary", "writes to the canary", "connects by TCP"])
def test_the_oracle_sees_what_happens_without_a_sandbox(name: str) -> None:
    with outside() as world:
        run = GuestRun("hostile", source_of(SKILLS[name]), world.names, 1.0)
        result = FakeSandbox().run(run, world.answer)
        assert world.breaches(repr(result)) != ()


def test_words_that_come_out_are_plain_text(sandbox: Sandbox, world: Outside) -> None:
    result = attack(sandbox, world, "has unprintable words")
    assert result.summary == "a\ufffdb\ufffd[2Jc\ufffdd\ufffd"
    assert result.facts == {"k\ufffd\ufffd": ["\ufffd", {"\ufffd": "\ufffd"}]}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else; the tests above ran as a user")
@pytest.mark.skipif(not _is_new(PYTHON), reason="this system has no Python >= 3.11 that another user can run")
def test_it_holds_for_an_ordinary_user_too() -> None:
    with tempfile.TemporaryDirectory() as place:
        for part in ("core", "adapters/sandbox", "tests/hostile"):
            shutil.copytree(ROOT / part, Path(place, part), ignore=shutil.ignore_patterns("__pycache__", "test_*"))
        for path in (Path(place), *Path(place).rglob("*")):
            path.chmod(0o755)
        argv = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", PYTHON, "-m"]
        done = subprocess.run(
            [*argv, "tests.hostile.corpus"],
            cwd=place,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": place, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            check=True,
            timeout=120,
        )
    assert json.loads(done.stdout) == {
        "skills": len(SKILLS),
        "through": {},
        "self_test": [],
        "backend": "bwrap (no cgroup)",
    }
