"""kill -9 of a real process where a plan, a question or a vote is under way: nothing happens twice, nothing is asked or paid for again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from adapters.store.store import Store
from core.approval import Approval, Verdict
from core.incident import Ending
from core.proposal import Question, Tier
from tests.model_servers.ollama import OllamaServer, always
from tests.model_servers.openai import Answer, OpenAIServer, Say
from tests.nights.graveyard import KILLED, Graveyard, says_yes
from tests.nights.killable import FLAG, LOG, UNFLAGGED, lines_of

SLOW = pytest.mark.slow
WRITTEN, DELETED = f"FileWrite {FLAG}", f"FileDelete {LOG}"


def proposes(skill: str, expects: str, *then: Mapping[str, object]) -> Say:
    """A turn that ends with a repair, and what follows it."""
    said = {"skill": skill, "parameters": {}, "evidence": ["a log lies there"], "expects": expects, "why": "it helps"}
    return Say(calls=(("propose", {**said, "then": [*then]} if then else said),))


def subject_of(body: dict[str, Any]) -> str:
    """What a request tells of the night so far."""
    return "\n".join(str(turn["content"]) for turn in body["messages"])


# ---- a plan -------------------------------------------------------------------------------------------------------------------------

SECOND = {"skill": "rotate", "parameters": {}, "expects": "disk.odd", "why": "there is a flag now"}


@pytest.fixture
def planner(on_sqlite: Graveyard) -> Iterator[OpenAIServer]:
    """A brain that wants a flag first and the log away then; the flag is measured by what it expects of it."""
    folder = on_sqlite.effects / "web-0"
    with OpenAIServer(proposes("promise", f"disk.{UNFLAGGED}:{folder}", SECOND)) as server:
        yield server


PLAN = (Ending.FIXED, ("promise: step done", "rotate: fixed"), [WRITTEN, DELETED])
BETWEEN = (
    "act/watch@after",
    "conclude/load@after",
    "conclude/go on investigate@before",
    "conclude/go on investigate@after",
    "investigate/prepare the next step@inside",
    "investigate/prepare the next step@after",
)


def told(yard: Graveyard) -> tuple[Ending, tuple[str, ...], list[str]]:
    """How the only trouble ended, by which tries, and what was really done."""
    (trouble,) = yard.troubles
    report = yard.report(trouble)
    return report.ending, report.tried, yard.record(trouble)


def test_a_plan_of_two_steps_without_a_kill(on_sqlite: Graveyard, planner: OpenAIServer) -> None:
    on_sqlite.trouble("odd")
    trace = on_sqlite.folder / "trace"
    assert on_sqlite.life(trace=str(trace), brain=planner.url) == 0
    assert told(on_sqlite) == PLAN
    assert len(planner.asked) == 1
    assert set(BETWEEN) <= set(lines_of(trace)), lines_of(trace)


@pytest.mark.parametrize("point", [*(pytest.param(one, marks=SLOW) for one in BETWEEN[:-1]), BETWEEN[-1]])
def test_a_plan_cut_off_between_its_steps_goes_on_with_the_next_one(
    on_sqlite: Graveyard, planner: OpenAIServer, point: str
) -> None:
    on_sqlite.trouble("odd")
    assert on_sqlite.life(point, brain=planner.url) == KILLED
    assert on_sqlite.life(brain=planner.url) == 0
    assert told(on_sqlite) == PLAN
    assert len(planner.asked) == 1, "what follows was thought out with the plan"
    assert on_sqlite.rows_hold()


# ---- a question ---------------------------------------------------------------------------------------------------------------------

ASKED, ANSWER = "May the log go?", "yes, it was shipped"


def asks_then_proposes(body: dict[str, Any]) -> Answer:
    """A brain that wants to know one thing first."""
    question = Say(calls=(("ask_person", {"question": ASKED, "options": []}),))
    return proposes("rotate", "the disk is well") if ANSWER in subject_of(body) else question


def answers(store: Store, asked: Approval) -> None:
    """A person who tells what is asked, and says yes to what comes of it."""
    if isinstance(asked.asks, Question):
        store.approvals.decide(asked.id, Verdict.ANSWERED, "li", ANSWER, store.clock.now())
        return
    says_yes(store, asked)


QUESTIONS = (
    "investigate/how often asked@after",
    "investigate/ask@inside",
    "investigate/ask@after",
    "act/load@after",
    "act/go on investigate@before",
    "act/go on investigate@after",
)


def questions(yard: Graveyard) -> list[tuple[Verdict, str]]:
    """What became of every question that was asked."""
    (incident,) = yard.store.incidents.incidents(False, 10)
    asked = [one for one in yard.store.history.approvals(incident.id) if isinstance(one.asks, Question)]
    return [(one.verdict, one.why) for one in asked]


def test_a_question_without_a_kill(on_sqlite: Graveyard) -> None:
    with OpenAIServer(script=asks_then_proposes) as server:
        on_sqlite.trouble("odd", answers)
        trace = on_sqlite.folder / "trace"
        assert on_sqlite.life(trace=str(trace), brain=server.url) == 0
        assert told(on_sqlite) == (Ending.FIXED, ("rotate: fixed",), [DELETED])
        assert len(server.asked) == 2
    assert questions(on_sqlite) == [(Verdict.ANSWERED, ANSWER)]
    assert set(QUESTIONS) <= set(lines_of(trace)), lines_of(trace)


@pytest.mark.parametrize("point", [*(pytest.param(one, marks=SLOW) for one in QUESTIONS[:-2]), *QUESTIONS[-2:]])
def test_a_question_cut_off_before_or_after_its_answer_is_asked_once_and_its_answer_is_heard_once(
    on_sqlite: Graveyard, point: str
) -> None:
    with OpenAIServer(script=asks_then_proposes) as server:
        on_sqlite.trouble("odd", answers)
        assert on_sqlite.life(point, brain=server.url) == KILLED
        assert on_sqlite.life(brain=server.url) == 0
        assert told(on_sqlite) == (Ending.FIXED, ("rotate: fixed",), [DELETED])
        assert len(server.asked) == 2
    assert questions(on_sqlite) == [(Verdict.ANSWERED, ANSWER)]
    assert on_sqlite.rows_hold()


# ---- a vote -------------------------------------------------------------------------------------------------------------------------

VOTES = {"investigate/vote@before": 1, "investigate/vote@inside": 2, "investigate/vote@after": 1}
WORDS = "please rotate the logs"


@pytest.mark.parametrize("point", ["", *(pytest.param(one, marks=SLOW) for one in VOTES)])
def test_a_vote_is_one_step_and_asked_again_only_where_it_was_cut_off(on_sqlite: Graveyard, point: str) -> None:
    with OllamaServer(always("rotate", 0.99)) as server:
        trouble = on_sqlite.trouble("odd", words=WORDS)
        codes = [on_sqlite.life(kill, cerebellum=server.url) for kill in dict.fromkeys((point, ""))]
        asked = Counter(body["prompt"] for body in server.asked)
    assert codes[-1] == 0
    assert told(on_sqlite) == (Ending.FIXED, ("rotate: fixed",), [DELETED])
    assert on_sqlite.report(trouble).tier is Tier.CEREBELLUM
    assert set(asked.values()) == {VOTES.get(point, 1)}
    assert on_sqlite.rows_hold()
