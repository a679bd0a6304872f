"""What stands before every effect: the table of policy and the live look at stop."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from adapters.clock_system import SystemClock
from adapters.key_file import open_key
from adapters.store.store import Store
from core.capability import Risk
from core.inventory import Mode
from core.policy import Asker, Case, decide
from core.skill_manifest import SkillState
from tests.bench.figure import Figure, milliseconds
from tests.bench.places import fresh_home

AT_ONCE = 1_000
TIMES = 200


def figures() -> Iterator[Figure]:
    """Both have limits of our own: the issue gives none."""
    case = Case(Mode.APPROVE, Risk.MEDIUM, SkillState.OWNED, Asker.PROBE, has_text_origin=False)
    decided = []
    for _ in range(TIMES):
        began = time.perf_counter()
        for _ in range(AT_ONCE):
            decide(case)
        decided.append((time.perf_counter() - began) / AT_ONCE)
    yield Figure(1, "policy.decide", "us", 50, tuple(1e6 * one for one in decided))
    yield Figure(1, "stop.check", "ms", 5, milliseconds(_checks()))


def _checks() -> list[float]:
    seconds = []
    with fresh_home() as home:
        store = Store(f"sqlite:///{home}/nightshift.db", open_key(os.environ, home), SystemClock(), home)
        store.gate.stop("host:elsewhere", "bench", store.clock.now())
        for _ in range(TIMES):
            began = time.perf_counter()
            store.gate.check("localhost", ("web",), "0123456789", "", store.clock.now())
            seconds.append(time.perf_counter() - began)
        store.close()
    return seconds
