"""How long it takes one process to measure ten signals of two hundred hosts over SSH, and what that costs it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

from adapters.clock_system import SystemClock
from adapters.host.far_program import FarProgram
from adapters.host.ssh_connection import SshAddress, SshConnection
from adapters.probe.directory import ProbeDirectory
from adapters.probe.far import FarProbe
from adapters.probe.far_program import source
from adapters.probe.sweep import Sweep
from bot.loop_thread import LoopThread
from core.alert import Signal
from core.check import Check
from core.world import Measurement
from tests.bench.figure import Figure
from tests.far.far_host import LOOK, FarHost, far_host

HOSTS, LINES, SWEEPS = 200, 20, 5
"""Ten hosts share a line: two hundred helpers on the very machine that measures would be measured with it."""

EVERY = 30.0
MOST_OF_A_CORE = 25.0
SIGNALS = tuple(
    map(
        Signal.parse,
        (
            "disk.used_percent:/",
            "disk.inodes_percent:/",
            "memory.used_percent",
            "load.per_core",
            "fd.used_percent",
            "process.down:sshd",
            "process.restarts:sshd",
            "process.zombies",
            "route.missing:default",
            "link.down:lo",
        ),
    )
)


def figures() -> Iterator[Figure]:
    """Every line is connected and every host was measured once before the clock starts."""
    with far_host() as far, ExitStack() as stack:
        far.shell("echo 'MaxStartups 400' >> /etc/ssh/sshd_config")
        far.stop()
        far.start()
        sweep, checks = _sweep(far, stack)
        sweep.measure(checks, 300)
        took, cost = [], []
        for _ in range(SWEEPS):
            began, used = time.monotonic(), time.process_time()
            found = sweep.measure(checks)
            took.append(time.monotonic() - began)
            cost.append(100 * (time.process_time() - used) / EVERY)
            missing = [result for result in found.values() if not isinstance(result, Measurement)]
            if missing:
                raise AssertionError(f"{len(missing)} of {len(checks)} were not measured: {missing[0]}")
    yield Figure(3, "probes.200_hosts_10_signals", "s", EVERY, tuple(took))
    yield Figure(3, "probes.200_hosts_10_signals.core", "%", MOST_OF_A_CORE, tuple(cost))


def _sweep(far: FarHost, stack: ExitStack) -> tuple[Sweep, list[Check]]:
    loop = LoopThread()
    stack.callback(loop.close)
    programs = []
    for _ in range(LINES):
        line = SshConnection(loop.loop, SshAddress("127.0.0.1", far.port, LOOK, far.look_key, far.known_hosts, "web"))
        programs.append(FarProgram(line, source()))
        stack.callback(line.close)
        stack.callback(programs[-1].close)
    probes = {f"web-{number}": FarProbe(programs[number % LINES].ask, SystemClock()) for number in range(HOSTS)}
    sweep = Sweep(ProbeDirectory(probes), together={name: probe.measure_all for name, probe in probes.items()})
    stack.callback(sweep.close)
    return sweep, [Check(signal, name, over=1e9) for name in probes for signal in SIGNALS]
