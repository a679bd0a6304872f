"""kill -9 of a real process in the middle of an investigation: no turn that was journalled is paid again, and the night ends the same."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from core.incident import Ending
from core.proposal import Tier
from tests.model_servers.openai import Answer, OpenAIServer, Say
from tests.nights.graveyard import KILLED, Graveyard
from tests.nights.killable import LOG, lines_of

SLOW = pytest.mark.slow
LOOK = Say(calls=(("peek", {}),))
PROPOSE = Say(
    calls=(
        (
            "propose",
            {
                "skill": "rotate",
                "parameters": {},
                "evidence": ["a rotated log lies there"],
                "expects": "the disk is well again",
                "why": "it takes away what is odd about the disk",
            },
        ),
    )
)

DONE = (Ending.FIXED, Tier.BRAIN, [f"FileDelete {LOG}"])


def turn_of(body: dict[str, Any]) -> int:
    """Which turn of an investigation a request is."""
    return 1 + len([turn for turn in body["messages"] if turn["role"] == "assistant"])


def looks_then_proposes(body: dict[str, Any]) -> Answer:
    """A brain that looks once and then knows."""
    return (LOOK, PROPOSE)[turn_of(body) - 1]


def asked_of(server: OpenAIServer) -> Counter[int]:
    """How often each turn was asked."""
    return Counter(turn_of(one.body) for one in server.asked)


def test_without_a_kill_each_turn_is_asked_once(on_sqlite: Graveyard) -> None:
    with OpenAIServer(script=looks_then_proposes) as server:
        trouble = on_sqlite.trouble("odd")
        trace = on_sqlite.folder / "trace"
        assert on_sqlite.life(trace=str(trace), brain=server.url) == 0
    report = on_sqlite.report(trouble)
    assert (report.ending, report.tier, on_sqlite.record(trouble)) == DONE
    assert asked_of(server) == {1: 1, 2: 1}
    assert {f"{point}@after" for point in STEPS} <= set(lines_of(trace)), lines_of(trace)


STEPS = (
    "investigate/brain 1",
    "investigate/look 1.1 peek",
    "investigate/brain 2",
    "investigate/prepare 2 rotate",
)


@pytest.mark.parametrize("step", [STEPS[0], *(pytest.param(step, marks=SLOW) for step in STEPS[1:])])
def test_after_a_kill_no_turn_that_was_journalled_is_asked_again(on_sqlite: Graveyard, step: str) -> None:
    with OpenAIServer(script=looks_then_proposes) as server:
        trouble = on_sqlite.trouble("odd")
        assert on_sqlite.life(f"{step}@after", brain=server.url) == KILLED
        assert on_sqlite.life(brain=server.url) == 0
    report = on_sqlite.report(trouble)
    assert (report.ending, report.tier, on_sqlite.record(trouble)) == DONE
    assert asked_of(server) == {1: 1, 2: 1}
    assert on_sqlite.rows_hold()


@pytest.mark.parametrize("turn", [pytest.param(1, marks=SLOW), 2])
def test_a_turn_that_was_cut_off_is_asked_again_and_no_other(on_sqlite: Graveyard, turn: int) -> None:
    with OpenAIServer(script=looks_then_proposes) as server:
        trouble = on_sqlite.trouble("odd")
        assert on_sqlite.life(f"investigate/brain {turn}@inside", brain=server.url) == KILLED
        assert on_sqlite.life(brain=server.url) == 0
    report = on_sqlite.report(trouble)
    assert (report.ending, report.tier, on_sqlite.record(trouble)) == DONE
    assert asked_of(server) == Counter({1: 1, 2: 1}) + Counter([turn])
    assert on_sqlite.rows_hold()


def test_where_the_brain_is_gone_after_the_kill_a_person_gets_it_with_what_was_seen(on_sqlite: Graveyard) -> None:
    with OpenAIServer(script=looks_then_proposes) as server:
        trouble = on_sqlite.trouble("odd")
        assert on_sqlite.life("investigate/look 1.1 peek@after", brain=server.url) == KILLED
    assert on_sqlite.life(brain=server.url) == 0
    report = on_sqlite.report(trouble)
    assert (report.ending, on_sqlite.record(trouble)) == (Ending.HANDED_OVER, [])
    assert "peek" in {one.source for one in report.evidence}
    assert asked_of(server) == {1: 1}
