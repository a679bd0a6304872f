"""One answer of policy: the table, and further rules that may each move it to the right."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from functools import reduce

from core.approval import Answer
from core.capability import Risk
from core.inventory import Mode
from core.policy import Asker, Case, decide, stricter
from core.restraint import Restraint
from core.skill_manifest import SkillState
from tests.bench.figure import Figure

AT_ONCE, TIMES = 200, 200
RULES = tuple(Restraint(least, "a rule of the bench", "bench") for least in (Answer.GO, Answer.ASK1, Answer.ASK2))
CASES = tuple(
    Case(mode, risk, state, asker, has_text_origin=text)
    for mode, risk, state, asker, text in itertools.product(Mode, Risk, SkillState, Asker, (False, True))
)


def figures() -> Iterator[Figure]:
    """Every row of the table in turn; the rules themselves read rows, and are measured with the proposal they speak of."""
    cases = itertools.cycle(CASES)
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        for _ in range(AT_ONCE):
            reduce(stricter, (rule.least for rule in RULES), decide(next(cases)))
        took.append((time.perf_counter() - began) / AT_ONCE)
    yield Figure(2, "policy.decision", "us", 100, tuple(1e6 * one for one in took))
