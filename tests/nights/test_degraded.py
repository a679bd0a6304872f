"""Nights in which models go missing in the middle: real servers over HTTP that stop, hang, refuse; the night ends all the same."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from adapters.brain_openai import OpenAIBrain
from adapters.cerebellum.ollama_api import OllamaCerebellum
from bot.minds import Minds
from core.approval import Verdict
from core.breaker import MOST_FAILURES
from core.budget import Budget, Cap, Scope
from core.card import CardKind
from core.incident import Ending
from core.model_gateway import Terms
from core.proposal import Choices, Proposal, Tier
from core.report import Report
from core.skill_manifest import Skill
from tests.model_servers.ollama import MODEL as SMALL
from tests.model_servers.ollama import OllamaServer, always
from tests.model_servers.openai import MODEL, Answer, OpenAIServer, Raw, Say, refused
from tests.nights.night import Play, Setting, disk_full_on
from tests.nights.remedies import looks, rotate_logs

STEADY = 900.0
"""Seconds between two nights, so that none is one that flaps."""
LASTING = 3600.0
"""Seconds after which the same repair is not one that does not last."""
PATIENCE = 1.0
"""Seconds that a model has in these nights."""
TERMS = Terms(seconds=PATIENCE)
LOOK = Say(calls=(("look_at_logs", {}),))
PROPOSE = Say(
    calls=(
        (
            "propose",
            {
                "skill": "rotate_logs",
                "parameters": {},
                "evidence": ["one log is rotated and large"],
                "expects": "disk.used_percent:/",
                "why": "it takes away what fills the disk",
            },
        ),
    )
)
GONE, BACK = "The brain cannot be reached", "The brain is back."
SMALL_GONE, SMALL_BACK = "The local model cannot be reached", "The local model is back."
BY_WORDS = "disk used_percent"
"""A trigger by which router and local model find the repair."""


def looks_then_proposes(body: dict[str, Any]) -> Answer:
    """A brain that knows what to do once it has seen something."""
    return PROPOSE if any(turn["role"] == "tool" for turn in body["messages"]) else LOOK


def skills(*triggers: str) -> list[Skill]:
    """A looker, and a repair that no rule chooses for a full disk; words choose it where it has triggers."""
    return [looks(), replace(rotate_logs(cures=["backup.age"]), triggers=triggers or ("nothing of the kind",))]


@dataclass
class House:
    """One house in which the same disk is full again and again, with its models behind real servers."""

    play: Play

    def night(self, rest: float = STEADY) -> Report:
        """The next one, lived through: yes to every plan, and where there are choices, what helps is picked. Memory is taken away."""
        self.play.store.shelf.episodes.clear()
        self.quiet_for(rest)
        self.play.break_again()
        for _ in range(4):
            for asked in self.play.store.approvals.pending():
                verdict, why = ANSWERS[type(asked.asks)]
                self.play.decide(verdict, "li", why)
            self.play.settle()
        (newest,) = self.play.store.incidents.incidents(only_open=False, limit=1)
        report = self.play.store.history.report(newest.id)
        assert report is not None
        return report

    def quiet_for(self, seconds: float) -> None:
        """All is well meanwhile."""
        self.play.heal()
        self.play.wait(seconds)

    @property
    def told(self) -> Counter[str]:
        """What people heard of models, and how often."""
        cards = [item.card for item in self.play.store.shelf.outbox.values()]
        spoken = [c.text for c in cards if c.kind in {CardKind.SELF, CardKind.NOTE}]
        return Counter(text.partition(" (")[0].partition(":")[0] for text in spoken)


ANSWERS = {Proposal: (Verdict.APPROVED, ""), Choices: (Verdict.PICKED, "rotate_logs")}


def stop(server: OpenAIServer | OllamaServer) -> None:
    """Nothing listens there any more, and lines that were kept open are dropped."""
    server.script = lambda _: Raw(None)
    server.__exit__()


def house_of(brain: str = "", small: str = "", terms: Terms = TERMS, trigger: str = "") -> House:
    """A house with the models at these addresses, in which nothing has broken yet."""
    minds = Minds(
        brain=OpenAIBrain(brain, MODEL, "key") if brain else None,
        cerebellum=OllamaCerebellum(small, SMALL, 4096) if small else None,
        terms=terms,
        seconds=PATIENCE,
    )
    triggers = (trigger,) if trigger else ()
    return House(Play(disk_full_on("web-1"), Setting(skills(*triggers), minds=minds), replays=False))


# ---- the brain ----------------------------------------------------------------------------------------------------------------------


def test_a_brain_that_stops_in_the_middle_of_a_night_is_missed_once_and_handed_over() -> None:
    with OpenAIServer(script=looks_then_proposes) as server:
        house = house_of(server.url)
        house.play.before["brain 2"] = lambda _: stop(server)
        report = house.night()
    assert len(server.asked) == 1
    assert report.ending is Ending.HANDED_OVER
    assert "look_at_logs" in {one.source for one in report.evidence}, "what it had seen is handed over too"
    for _ in range(2):
        assert house.night().ending is Ending.HANDED_OVER
    assert house.told == {GONE: 1}


def test_a_brain_that_comes_back_is_asked_again_and_that_is_said_once() -> None:
    down = Raw(None)
    state: dict[str, Callable[[dict[str, Any]], Answer]] = {"now": lambda _: down}
    with OpenAIServer(script=lambda body: state["now"](body)) as server:
        house = house_of(server.url)
        assert house.night().ending is Ending.HANDED_OVER
        state["now"] = looks_then_proposes
        for _ in range(2):
            report = house.night()
            assert (report.ending, report.tier) == (Ending.FIXED, Tier.BRAIN)
    assert house.told == {GONE: 1, BACK: 1}


def test_a_brain_that_comes_back_within_one_night_goes_on_with_it() -> None:
    answers: Iterator[Answer] = iter([LOOK, Raw(None), refused(503, "overloaded"), PROPOSE])
    with OpenAIServer(script=lambda _: next(answers)) as server:
        house = house_of(server.url)
        report = house.night()
    assert (report.ending, report.tier) == (Ending.FIXED, Tier.BRAIN)
    assert len(server.asked) == 4
    assert house.told == {}, "a stumble that was over at once is nobody's trouble"


def test_a_brain_that_is_down_all_night_is_not_asked_again_and_again() -> None:
    with OpenAIServer(refused(503, "overloaded")) as server:
        house = house_of(server.url)
        assert {house.night().ending for _ in range(6)} == {Ending.HANDED_OVER}
    assert len(server.asked) <= 6 * MOST_FAILURES, "one bundle of tries a night, however many turns it would have had"
    assert house.told == {GONE: 1}


LIMITED = {
    "a wrong key": refused(401, "Incorrect API key provided", "invalid_api_key"),
    "no such model": refused(404, "The model does not exist", "model_not_found"),
    "an empty account": refused(402, "Insufficient Balance"),
    "asked to wait for long": refused(429, "Rate limit reached", "rate_limit_exceeded", retry_after="300"),
}


@pytest.mark.parametrize("why", LIMITED)
def test_where_asking_again_cannot_help_it_is_asked_once(why: str) -> None:
    with OpenAIServer(LIMITED[why]) as server:
        house = house_of(server.url)
        assert house.night().ending is Ending.HANDED_OVER
    assert len(server.asked) == 1
    assert house.told == {GONE: 1}


def test_a_brain_that_is_busy_for_a_moment_is_waited_for() -> None:
    waited: list[float] = []
    answers: Iterator[Answer] = iter(
        [LOOK, refused(429, "Rate limit reached", "rate_limit_exceeded", retry_after="3"), PROPOSE]
    )
    with OpenAIServer(script=lambda _: next(answers)) as server:
        house = house_of(server.url, terms=Terms(seconds=PATIENCE, wait=waited.append))
        assert house.night().ending is Ending.FIXED
    assert waited == [3.0]
    assert house.told == {}


@pytest.mark.parametrize("hanging", [Say("late", delay=30), Raw(b" " * 500, drip=0.5)], ids=["silent", "dripping"])
def test_a_brain_that_hangs_costs_a_night_one_timeout(hanging: Answer) -> None:
    answers: Iterator[Answer] = iter([LOOK, hanging])
    with OpenAIServer(script=lambda _: next(answers)) as server:
        house = house_of(server.url)
        began = time.monotonic()
        assert house.night().ending is Ending.HANDED_OVER
        took = time.monotonic() - began
    assert took < 4 * PATIENCE + 3
    assert house.told == {GONE: 1}


def test_a_budget_that_is_used_up_in_the_middle_ends_the_asking_and_is_said_once() -> None:
    budget = Budget({Scope.DAY: Cap(20_000)})
    spends_much = replace(LOOK, usage=(19_000, 900))
    with OpenAIServer(spends_much) as server:
        house = house_of(server.url, terms=Terms(seconds=PATIENCE, budget=budget))
        assert {house.night().ending for _ in range(3)} == {Ending.HANDED_OVER}
    assert len(server.asked) == 1
    assert house.told == {"The brain has used what it may use today": 1}


# ---- the local model ----------------------------------------------------------------------------------------------------------------


def test_a_local_model_that_stops_in_the_middle_leaves_the_choice_to_the_words_and_a_person() -> None:
    with OllamaServer(always("rotate_logs")) as small:
        house = house_of(small=small.url, trigger=BY_WORDS)
        report = house.night()
        assert (report.ending, report.tier) == (Ending.FIXED, Tier.CEREBELLUM)
        stop(small)
    for _ in range(3):
        report = house.night(LASTING)
        assert (report.ending, report.tier) == (Ending.FIXED, Tier.PERSON)
    assert len(small.asked) <= 2, "the second is the line that was open when it stopped"
    assert house.told == {SMALL_GONE: 1}


def test_a_local_model_that_is_gone_leaves_the_choice_to_the_brain_where_there_is_one() -> None:
    with OpenAIServer(script=looks_then_proposes) as brain, OllamaServer(always("rotate_logs")) as small:
        house = house_of(brain.url, small.url, trigger=BY_WORDS)
        house.play.before["vote"] = lambda _: stop(small)
        report = house.night()
    assert (report.ending, report.tier) == (Ending.FIXED, Tier.BRAIN)
    assert house.told == {SMALL_GONE: 1}


# ---- both ---------------------------------------------------------------------------------------------------------------------------


def test_one_after_the_other_goes_and_every_night_is_ended() -> None:
    with OpenAIServer(script=looks_then_proposes) as brain, OllamaServer(always("rotate_logs")) as small:
        house = house_of(brain.url, small.url, trigger=BY_WORDS)
        tiers = [house.night().tier]
        stop(small)
        tiers.append(house.night().tier)
        stop(brain)
        tiers.append(house.night(LASTING).tier)
        report = house.night(LASTING)
    assert tiers == [Tier.CEREBELLUM, Tier.BRAIN, Tier.PERSON]
    assert report.ending is Ending.FIXED
    assert house.told == {SMALL_GONE: 1, GONE: 1}


def test_with_neither_and_no_words_that_fit_a_person_gets_it_with_what_was_seen() -> None:
    with OpenAIServer(script=looks_then_proposes) as brain, OllamaServer(always("rotate_logs")) as small:
        house = house_of(brain.url, small.url)
        house.play.before = {"vote": lambda _: stop(small), "brain 1": lambda _: stop(brain)}
        report = house.night()
    assert report.ending is Ending.HANDED_OVER
    assert "look_at_logs" in {one.source for one in report.evidence}
    assert house.told[GONE] == 1
