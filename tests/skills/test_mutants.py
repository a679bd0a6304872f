"""CASES that are worth something: of a skill with one thing changed at random, its own CASES notice four of five, and every dropped call.

Played in this process, where a mutant that loops is cut off by an alarm; `nightshift skills test --all` plays them in the sandbox.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest

from bot.proven_skills import Proof
from bot.skill_tests import result_of
from core.guest import GuestResult, GuestRun
from core.skill_manifest import Skill
from core.world import Json
from tests.fakes.sandbox import FakeSandbox
from tests.skills.hands import CATALOG

SECONDS = 1.0


@pytest.fixture
def alarm() -> Iterator[None]:
    """Rings in every mutant that is at it for a second, again and again."""

    def ring(_number: int, _frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


class TimedSandbox(FakeSandbox):
    """Cuts off what loops, as the wall limit of a guest does."""

    def run(self, run: GuestRun, answer: Callable[[str, dict[str, Json]], Json]) -> GuestResult:
        """See `core.ports.Sandbox`."""
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            return super().run(run, answer)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize("skill", CATALOG.skills(), ids=lambda skill: skill.name)
def test_its_own_cases_notice_what_was_changed(skill: Skill) -> None:
    proofs: dict[str, Proof] = {}
    result = result_of(skill, TimedSandbox(), proofs)
    assert result.are_enough_caught, "\n".join(f"line {one.line}: {one.change}" for one in result.survivors)
    assert not result.gate
