"""What a run costs on each engine: a warm one with one host call, a cold one, one more call, and the memory of a guest that waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from adapters.sandbox.bubblewrap import BubblewrapSandbox
from adapters.sandbox.docker import DockerSandbox
from core.guest import GuestRun
from core.ports import Sandbox
from tests.bench.figure import Figure, milliseconds
from tests.docker_daemon import missing, running
from tests.sandboxes import image_in

ISSUE = 3
WARM, COLD, CALLS = 30, 8, 1000
CALM = 1.0
"""Seconds between two runs, as between two of a night: the pool has filled up again."""

LIMITS = {"bubblewrap": (10.0, 150.0), "docker": (35.0, 300.0)}
ONE_CALL = """
from core.skill import Host, Outcome
def run(host: Host) -> Outcome:
    return Outcome(True, host.read("/x"))
"""
MANY_CALLS = ONE_CALL.replace("return", f"for _ in range({CALLS}): host.read('/x')\n    return")


def figures() -> Iterator[Figure]:
    """Bubblewrap, then docker where root may start one."""
    yield from _of("bubblewrap", BubblewrapSandbox)
    if missing():
        return
    with running() as daemon:
        image = image_in(daemon)
        yield from _of("docker", lambda warm: DockerSandbox(warm, daemon.url, image))


def _of(name: str, make: Callable[[int], BubblewrapSandbox | DockerSandbox]) -> Iterator[Figure]:
    warm, cold = LIMITS[name]
    cold_one = make(0)
    _run(cold_one, ONE_CALL)
    yield _figure(name, "cold run, one call, to its result", cold, [_run(cold_one, ONE_CALL) for _ in range(COLD)])
    cold_one.close()
    sandbox = make(2)
    _run(sandbox, ONE_CALL)
    time.sleep(2 * CALM)
    yield Figure(ISSUE, f"memory of a guest that waits, {name}", "MB", 15.0, tuple(_memory_of_guests()))
    samples = []
    for _ in range(WARM):
        time.sleep(CALM)
        samples.append(_run(sandbox, ONE_CALL))
    yield _figure(name, "warm run, one call, to the end of its guest", warm, samples)
    time.sleep(CALM)
    per_call = [_run(sandbox, MANY_CALLS) * 1e6 / CALLS for _ in range(3)]
    sandbox.close()
    yield Figure(ISSUE, f"one call there and back, {name}", "us", 150.0, tuple(per_call))


def _figure(name: str, what: str, limit: float, seconds: list[float]) -> Figure:
    return Figure(ISSUE, f"{what}, {name}", "ms", limit, milliseconds(seconds))


def _run(sandbox: Sandbox, source: str) -> float:
    began = time.perf_counter()
    result = sandbox.run(GuestRun("bench", source, {}, 30.0), lambda _method, _args: "x")
    took = time.perf_counter() - began
    if not result.ok:
        raise AssertionError(result)
    return took


def _memory_of_guests() -> Iterator[float]:
    """Private and shared-out memory of each process that guests are made of, their interpreter: pages of files count by their share."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
            rollup = (folder / "smaps_rollup").read_text()
        except OSError:
            continue
        if line.startswith(b"/usr/bin/python3") and (line.endswith(b"\0stdio\0") or b"/guest.py\0" in line):
            (pss,) = (row for row in rollup.splitlines() if row.startswith("Pss:"))
            yield int(pss.split()[1]) / 1024
