"""How long a person waits: for the help, and for `up` to work."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator

from tests.bench.figure import Figure, milliseconds
from tests.bench.places import ROOT, fresh_home
from tests.bench.up_child import up_child


def figures() -> Iterator[Figure]:
    """Through the wrapper, environment made; and to the later of greeting and /readyz."""
    yield Figure(1, "cli.help", "ms", 300, milliseconds(_help(15)))
    yield Figure(1, "up.ready", "s", 3, tuple(_ready() for _ in range(3)))


def _help(times: int) -> list[float]:
    seconds = []
    with fresh_home():
        for number in range(times + 1):
            began = time.perf_counter()
            subprocess.run(
                [ROOT / "nightshift", "--help"],
                check=True,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=dict(os.environ),
            )
            if number:  # the first may have to make the environment
                seconds.append(time.perf_counter() - began)
    return seconds


def _ready() -> float:
    with up_child() as child:
        return max(child.greeted, child.ready)
