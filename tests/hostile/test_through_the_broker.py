"""Skills that got a grant and want more: a real broker and this machine's hands, and the same oracle outside."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.host.local import LocalHost
from core.broker import Broker, Doors, Errand, RunMode
from core.grant import Grant
from core.guest import GuestRun
from core.ports import Sandbox
from core.service_control import ServiceControl
from tests import sandboxes
from tests.fakes.store import FakeStore
from tests.hostile.asking import ASKS, source_of
from tests.hostile.outside import Outside, outside

GRANTS = (
    *(f"fs.{verb}:{{here}}/**" for verb in ("read", "list", "stat", "write", "delete", "truncate", "move")),
    "exec:/usr/bin/df -Pkl",
    "service.status:nginx",
    "process.signal:nginx;HUP",
    "notify",
)
ENDS = {"done", "failed", "protocol"}


@pytest.fixture(scope="module", params=[pytest.param("bubblewrap", marks=pytest.mark.needs("bwrap")), "docker"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    for make in sandboxes.kinds(request):
        made = make()
        yield made
        made.close()


@pytest.fixture
def world() -> Iterator[Outside]:
    with outside() as made:
        yield made


@pytest.fixture
def here(world: Outside) -> Iterator[Path]:
    """A granted folder below the canaries, with links to them, and one name that is now a folder and now a link."""
    granted = world.place / "in"
    granted.mkdir()
    (granted / "plain").write_text("plain")
    (granted / "link").symlink_to(world.place / "canary")
    (granted / "up").symlink_to(world.place)
    (granted / "hard").hardlink_to(world.place / "canary")
    os.mkfifo(granted / "fifo")
    (granted / "dir").mkdir()
    (granted / "dir" / "canary").write_text("")
    ended = threading.Event()
    swapper = threading.Thread(target=_swap, args=(granted, world.place, ended))
    swapper.start()
    yield granted
    ended.set()
    swapper.join()


def _swap(granted: Path, place: Path, ended: threading.Event) -> None:
    while not ended.is_set():
        for target in (granted / "dir", place):
            (granted / "flip.new").symlink_to(target)
            (granted / "flip.new").replace(granted / "flip")
        (granted / "flip").unlink()
        (granted / "dir").replace(granted / "flip")
        time.sleep(0.0002)
        (granted / "flip").replace(granted / "dir")


def broker_on(host: LocalHost, here: Path) -> Broker:
    store = FakeStore()
    doors = Doors(
        host=host,
        services=ServiceControl(host, frozenset({0, os.geteuid()})).services,
        effects=store.effects,
        blobs=store.blobs,
        clock=store.clock,
        permit=lambda: None,
        refused=lambda _method, _why: None,
    )
    grants = tuple(Grant.parse(text.replace("{here}", str(here))) for text in GRANTS)
    return Broker(Errand("r1", "a_skill", "localhost", RunMode.EXECUTE, grants), doors)


@pytest.mark.parametrize("name", ASKS)
def test_it_gets_no_more_than_was_granted(sandbox: Sandbox, world: Outside, here: Path, name: str) -> None:
    host = LocalHost(())
    names = {**world.fresh().names, "here": str(here)}
    began = time.monotonic()
    result = sandbox.run(GuestRun("hostile", source_of(ASKS[name]), names, 8.0), broker_on(host, here).answer)
    host.close()
    assert time.monotonic() - began < 12
    assert result.status in ENDS
    assert world.breaches(repr(result), also=("in",)) == ()
    assert "as often as it liked" not in result.summary
    assert "as much as it liked" not in result.summary


def test_an_honest_skill_works_with_the_same_grants(sandbox: Sandbox, world: Outside, here: Path) -> None:
    host = LocalHost(())
    source = "\n    assert host.read(here + '/plain') == 'plain'\n    return Outcome(True, host.run(['/usr/bin/df', '-Pkl']).out[:10])"
    names = {**world.fresh().names, "here": str(here)}
    result = sandbox.run(GuestRun("honest", source_of(source), names, 8.0), broker_on(host, here).answer)
    host.close()
    assert (result.status, result.summary) == ("done", "Filesystem")
