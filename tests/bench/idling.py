"""What `up` costs while nothing happens: 50 checks every 30 s, and nothing else configured."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psutil

from tests.bench.figure import Figure
from tests.bench.up_child import up_child

CHECKS = 50
PAGES = ("healthz", "readyz", "metrics", "healthz?1", "healthz?2", "healthz?3")
SETTLE = 5.0
WINDOW = 30.0
"""Seconds, one round of checks: a shorter one would have either all of it or nothing."""
WINDOWS = 2
LOOKS = 3
"""At its memory, in each window."""


def figures() -> Iterator[Figure]:
    """CPU of the process and of all its children; resident memory of the process alone."""
    with up_child(settings_with_checks) as child:
        time.sleep(SETTLE)
        process = psutil.Process(child.process.pid)
        percents, resident = [], []
        for _ in range(WINDOWS):
            before, began = cpu_seconds(process), time.monotonic()
            for _ in range(LOOKS):
                time.sleep(WINDOW / LOOKS)
                resident.append(process.memory_info().rss / 1e6)
            percents.append(100 * (cpu_seconds(process) - before) / (time.monotonic() - began))
    yield Figure(1, "idle.cpu", "% of a core", 2, tuple(percents))
    yield Figure(1, "idle.rss", "MB", 130, tuple(resident))


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time of it and of its children, also of those that have ended."""
    own = process.cpu_times()
    total = float(own.user + own.system + own.children_user + own.children_system)
    for child in process.children(recursive=True):
        times = child.cpu_times()
        total += times.user + times.system
    return total


def settings_with_checks(port: int) -> str:
    """What a machine with many services would have: its mounts, memory, load, files, services by name, ports and pages."""
    table = [
        *((f"disk.used_percent:/{name}", "over = 100") for name in ("", "etc", "usr", "var", "tmp")),
        *((f"disk.inodes_percent:/{name}", "over = 100") for name in ("", "etc", "usr", "var", "tmp")),
        ("memory.used_percent", "over = 100"),
        ("load.per_core", "over = 10000"),
        ("fd.used_percent", "over = 100"),
        ("process.zombies", "over = 100000"),
        *((f"process.down:python-{number}", "over = 1") for number in range(10)),
        *((f"process.restarts:service-{number}", "over = 100") for number in range(10)),
        *((f"tcp.failed:127.0.0.1:{port}", "over = 1") for port in range(port, port + 10)),
        *((f"http.failed:http://127.0.0.1:{port}/{path}", "over = 1") for path in PAGES),
    ]
    if len(table) != CHECKS:
        raise AssertionError(f"{len(table)} checks")
    return "".join(f'[[checks]]\nsignal = "{signal}"\n{limit}\nevery = "30s"\n' for signal, limit in table)
