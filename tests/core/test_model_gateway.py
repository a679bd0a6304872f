"""The one way to the brain: redacted, bounded, tried again within reason, kept, and said when it is not there."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from core.breaker import LASTING
from core.budget import Budget, Cap, Prices, Scope
from core.concealment import Concealment
from core.errors import BudgetError, ModelError, NoToolsError, UnfitError
from core.mind_watch import MindNews, MindWatch
from core.model import Mind, ModelCall, ModelReply, ModelRequest, Purpose, Role, Tool, ToolCall, Turn
from core.model_gateway import BACK_OFF, MOST_CALLS, MOST_TEXT, ModelGateway, Terms
from core.redaction import HIDDEN
from tests.fakes.brain import FakeBrain, Said
from tests.fakes.store import FakeStore

WHO = Purpose("NS-1", "NS-1:1")
SECRET = "brain-key-0123456789"
LOOK = Tool("look", "Looks at a disk.", {"type": "object"})
REQUEST = ModelRequest("diagnose@1", (Turn(Role.USER, "why is the disk full?"),), (LOOK,))
TIMEOUT = ModelError("it did not answer within 60 s", is_billed=True)


@dataclass
class House:
    """One gateway with what stands around it."""

    brain: FakeBrain | None
    terms: Terms = field(default_factory=Terms)
    store: FakeStore = field(default_factory=FakeStore)
    said: list[MindNews] = field(default_factory=list)
    capped: list[tuple[str, Purpose]] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        minds = [Mind.BRAIN] if self.brain else []
        self.watch = MindWatch(minds, self.store.ticks, self.store.clock, self.said.append)
        self.gateway = ModelGateway(
            self.brain,
            self.watch,
            self.store.model_calls,
            self.store.clock,
            replace(self.terms, wait=self.waited.append),
            lambda error, purpose: self.capped.append((error.scope, purpose)),
        )

    def ask(self, request: ModelRequest = REQUEST, purpose: Purpose = WHO) -> ModelReply:
        return self.gateway.ask(purpose, request)

    @property
    def kept(self) -> tuple[ModelCall, ...]:
        return self.store.model_calls.of("NS-1")


def saying(*said: Said, **terms: object) -> House:
    return House(FakeBrain(*said), Terms(**terms))  # type: ignore[arg-type]  # a test's facts


def bounded(scope: Scope, tokens: int, cost: int | None = None, prices: Prices = Prices()) -> House:  # noqa: B008 - frozen
    reply = ModelReply("ok", tokens_in=600, tokens_out=400)
    return saying(reply, budget=Budget({scope: Cap(tokens, cost)}, prices))


@pytest.mark.parametrize("counted", [1, 2, 0, -5])
def test_a_server_that_counts_next_to_nothing_does_not_make_calls_free(counted: int) -> None:
    long = ModelRequest("diagnose@1", (Turn(Role.USER, "why is it slow? " * 1000),))
    house = saying(ModelReply("because " * 1000, tokens_in=max(0, counted), tokens_out=max(0, counted)))
    house.ask(long)
    (kept,) = house.kept
    assert kept.tokens_in > 1000
    assert kept.tokens_out > 500


# ---- what is asked and kept ---------------------------------------------------------------------------------------------------------


def test_an_answer_is_given_heard_and_kept_with_what_it_cost() -> None:
    call = ToolCall("c1", "look", '{"path": "/"}')
    house = saying(ModelReply("I look.", (call,), "big-2", 1000, 50), budget=Budget({}, Prices(2, 10)))
    heard: list[str] = []
    reply = house.gateway.ask(WHO, REQUEST, heard.append)
    assert (reply.text, reply.calls, heard) == ("I look.", (call,), ["I look."])
    (kept,) = house.kept
    assert (kept.mind, kept.subject, kept.avatar, kept.prompt) == (Mind.BRAIN, "NS-1", "NS-1:1", "diagnose@1")
    assert (kept.model, kept.tokens_in, kept.tokens_out, kept.cost, kept.error) == ("fake", 1000, 50, 2500, "")
    assert json.loads(kept.sent)["turns"] == [{"role": "user", "text": "why is the disk full?"}]
    assert json.loads(kept.sent)["tools"][0]["name"] == "look"
    assert kept.said == 'I look.\n-> look {"path": "/"}'


def test_what_nobody_counted_is_estimated_and_never_nothing() -> None:
    house = saying(ModelReply("because the logs grow"))
    house.ask()
    assert house.kept[0].tokens_in > 10
    assert house.kept[0].tokens_out == 7


def test_without_a_brain_nothing_is_asked_kept_or_said() -> None:
    house = House(None)
    assert house.gateway.why_not == "no brain is configured"
    with pytest.raises(ModelError, match="no brain is configured"):
        house.ask()
    assert (house.kept, house.said, house.capped) == ((), [], [])


# ---- what leaves --------------------------------------------------------------------------------------------------------------------


def test_nothing_secret_leaves_and_what_is_kept_is_what_left() -> None:
    conceal = Concealment([SECRET], [re.compile(r"ACME-\d{6}")])
    house = saying("ok", conceal=conceal)
    assert house.brain is not None
    call = ToolCall("c1", "look", json.dumps({"note": SECRET, "password": "hunter2"}))
    turns = (
        Turn(Role.SYSTEM, f"key {SECRET}"),
        Turn(Role.USER, "password=hunter2 of ACME-123456"),
        Turn(Role.ASSISTANT, "", (call,)),
        Turn(Role.TOOL, f"env: BRAIN_API_KEY={SECRET}", answers="c1"),
    )
    house.ask(ModelRequest("p@1", turns, (replace(LOOK, description=f"with {SECRET}"),)))
    (left,) = house.brain.asked
    for secret in (SECRET, "hunter2", "ACME-123456"):
        assert secret not in repr(left)
        assert secret not in house.kept[0].sent
    told = json.loads(house.kept[0].sent)["turns"]
    assert [turn["text"] for turn in told] == [turn.text for turn in left.turns]
    assert told[2]["calls"] == [["c1", "look", left.turns[2].calls[0].arguments]]


def test_what_a_brain_says_of_secrets_is_not_kept_either() -> None:
    house = saying(f"your key is {SECRET}", conceal=Concealment([SECRET]))
    assert SECRET in house.ask().text
    assert house.kept[0].said == f"your key is {HIDDEN}"


def test_an_error_never_holds_a_secret() -> None:
    house = saying(ModelError(f"401 for Bearer {SECRET}\nat x", is_lasting=True), conceal=Concealment([SECRET]))
    with pytest.raises(ModelError) as caught:
        house.ask()
    assert SECRET not in str(caught.value) + repr(caught.value.__cause__) + house.kept[0].error + repr(house.said)
    assert caught.value.__suppress_context__
    assert "\n" not in caught.value.message


# ---- what comes back ----------------------------------------------------------------------------------------------------------------


def test_an_answer_is_cleaned_and_capped() -> None:
    calls = tuple(ToolCall(f"c{n}\x00", "lo\u202eok", '{"a": "\u200b\x00b"}') for n in range(MOST_CALLS + 5))
    reply = saying(ModelReply("a\x1b[31mb\u202e" + "x" * MOST_TEXT, calls)).ask()
    assert reply.text.startswith("abx")
    assert (len(reply.text) <= MOST_TEXT, len(reply.calls), reply.is_cut) == (True, MOST_CALLS, True)
    assert reply.calls[0] == ToolCall("c0", "look", '{"a": "b"}')


def test_a_model_that_knows_no_tools_is_told_of_them_and_its_calls_are_read_from_its_text() -> None:
    house = saying('Sure:\n```json\n{"call": "look", "arguments": {"path": "/"}}\n```', "no call", has_tools=False)
    assert house.brain is not None
    call = ToolCall("c1", "look", '{"path": "/"}')
    turns = (*REQUEST.turns, Turn(Role.ASSISTANT, "", (call,)), Turn(Role.TOOL, "97 %", answers="c1"))
    heard: list[str] = []
    reply = house.gateway.ask(WHO, replace(REQUEST, turns=turns, must_call=True), heard.append)
    assert (reply.text, reply.calls, heard) == ("", (ToolCall("text-0", "look", '{"path": "/"}'),), [])
    left = house.brain.asked[0]
    assert (left.tools, left.must_call) == ((), False)
    assert {turn.role for turn in left.turns} == {Role.SYSTEM, Role.USER, Role.ASSISTANT}
    assert '{"name": "look", "description": "Looks at a disk."' in left.turns[0].text
    assert "must call" in left.turns[0].text
    assert left.turns[2].text == '{"call": "look", "arguments": {"path": "/"}}'
    assert left.turns[3].text.endswith("97 %")
    assert "You cannot call tools directly" in house.kept[0].sent
    assert house.gateway.ask(WHO, REQUEST, heard.append).text == "no call"
    assert heard == ["no call"]


def test_a_model_that_says_it_takes_no_tools_is_told_of_them_in_words_from_then_on() -> None:
    house = saying(NoToolsError("it takes no tools"), '{"call": "look", "arguments": {}}')
    assert house.brain is not None
    for _ in range(2):
        assert [one.name for one in house.gateway.ask(WHO, REQUEST).calls] == ["look"]
    assert [bool(one.tools) for one in house.brain.asked] == [True, False, False]
    assert (house.said, house.waited) == ([], [])


def test_a_call_that_its_server_left_in_the_text_is_a_call() -> None:
    house = saying('I look. <tool_call>{"name": "look", "arguments": {}}</tool_call>')
    reply = house.gateway.ask(WHO, REQUEST)
    assert (reply.text, [one.name for one in reply.calls]) == ("I look.", ["look"])


def test_what_one_request_is_refused_for_is_no_outage_and_not_tried_again() -> None:
    house = saying(UnfitError("too long"), UnfitError("too long"), UnfitError("too long"), UnfitError("too long"), "ok")
    for _ in range(4):
        with pytest.raises(UnfitError, match="too long"):
            house.ask()
    assert house.ask().text == "ok"
    assert (house.said, house.waited, len(house.kept)) == ([], [], 5)


# ---- tries ----------------------------------------------------------------------------------------------------------------------------


def test_a_failure_that_may_pass_is_tried_twice_more_with_a_pause_and_all_is_kept() -> None:
    house = saying(ModelError("500"), ModelError("502"), "ok")
    assert house.ask().text == "ok"
    assert house.waited == list(BACK_OFF)
    assert sorted(call.error for call in house.kept) == ["", "500", "502"]
    assert house.said == []


def test_then_the_night_goes_on_without_it_which_is_said_once_and_it_is_left_alone() -> None:
    house = saying(ModelError("cannot be reached"))
    assert house.brain is not None
    with pytest.raises(ModelError, match="cannot be reached"):
        house.ask()
    assert (len(house.brain.asked), [news.is_gone for news in house.said]) == (3, [True])
    assert house.gateway.why_not == "cannot be reached"
    with pytest.raises(ModelError, match="cannot be reached"):
        house.ask()
    assert len(house.brain.asked) == 3
    assert len(house.said) == 1


def test_when_it_answers_again_that_is_said_once() -> None:
    house = saying(*[ModelError("gone")] * 3, "ok")
    with pytest.raises(ModelError):
        house.ask()
    house.store.clock.advance(60)
    assert [house.ask().text, house.ask().text] == ["ok", "ok"]
    assert [news.is_gone for news in house.said] == [True, False]


def test_what_lasts_is_not_tried_again_and_left_alone_for_longer() -> None:
    house = saying(ModelError("set BRAIN_API_KEY", is_lasting=True), "ok")
    with pytest.raises(ModelError):
        house.ask()
    assert (house.waited, len(house.kept)) == ([], 1)
    house.store.clock.advance(LASTING.total_seconds() - 1)
    assert house.gateway.why_not == "set BRAIN_API_KEY"
    house.store.clock.advance(1)
    assert house.ask().text == "ok"


def test_a_service_says_for_how_long_it_wants_to_be_left_alone() -> None:
    house = saying(ModelError("429", retry_after=7), ModelError("429", retry_after=0.1), "ok")
    assert house.ask().text == "ok"
    assert house.waited == [7, 2.0]
    house = saying(ModelError("429", retry_after=21), "ok")
    with pytest.raises(ModelError):
        house.ask()
    assert house.waited == []


def test_a_service_that_hangs_costs_one_timeout_and_not_three() -> None:
    house = saying("never")
    clock = house.store.clock

    def hang(_request: ModelRequest) -> ModelReply:
        clock.advance(60)
        raise TIMEOUT

    house.brain = FakeBrain(hang)
    house.__post_init__()
    with pytest.raises(ModelError):
        house.ask()
    assert (len(house.brain.asked), house.kept[0].seconds) == (1, 60.0)
    assert house.kept[0].tokens_in > 10


def test_what_never_arrived_is_not_counted() -> None:
    house = saying(ModelError("cannot be reached", is_lasting=True))
    with pytest.raises(ModelError):
        house.ask()
    assert (house.kept[0].tokens, house.kept[0].cost) == (0, 0)


# ---- budgets --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", list(Scope))
def test_at_the_cap_nothing_more_is_asked(scope: Scope) -> None:
    house = bounded(scope, 2100)
    assert house.brain is not None
    for _ in range(2):
        house.ask(replace(REQUEST, most_tokens=400))
    with pytest.raises(BudgetError) as caught:
        house.ask()
    assert (caught.value.scope, house.capped) == (scope, [(scope, WHO)])
    assert sum(call.tokens for call in house.kept) <= 2100
    assert house.said == []


def test_who_may_still_ask() -> None:
    other_round, other_incident = Purpose("NS-1", "NS-1:2"), Purpose("NS-2", "NS-2:1")
    by_avatar, by_incident, by_day = (bounded(scope, 1200) for scope in Scope)
    for house in (by_avatar, by_incident, by_day):
        house.ask()
    assert by_avatar.ask(purpose=other_round).text == "ok"
    assert by_incident.ask(purpose=other_incident).text == "ok"
    for house, purpose in ((by_avatar, WHO), (by_incident, other_round), (by_day, other_incident)):
        with pytest.raises(BudgetError):
            house.ask(purpose=purpose)


def test_a_new_day_has_a_new_budget() -> None:
    house = bounded(Scope.DAY, 1100)
    house.ask()
    with pytest.raises(BudgetError):
        house.ask()
    now = house.store.clock.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    house.store.clock.advance((midnight - now).total_seconds())
    assert house.ask().text == "ok"


def test_money_is_bounded_too() -> None:
    house = bounded(Scope.INCIDENT, 10**9, cost=20_000, prices=Prices(10, 10))
    house.ask()
    assert house.kept[0].cost == 10_000
    house.ask(replace(REQUEST, most_tokens=400))
    with pytest.raises(BudgetError, match="USD"):
        house.ask()


def test_an_answer_may_be_as_long_as_there_is_left() -> None:
    house = bounded(Scope.AVATAR, 1000)
    assert house.brain is not None
    house.ask()
    assert 900 < house.brain.asked[0].most_tokens < 1000
    assert json.loads(house.kept[0].sent)["most_tokens"] == house.brain.asked[0].most_tokens


def test_two_at_once_cannot_overrun_a_cap_together() -> None:
    both = threading.Barrier(5)

    def slow(request: ModelRequest) -> ModelReply:
        both.wait(5)
        return ModelReply("ok", tokens_in=30, tokens_out=request.most_tokens)

    house = saying(slow, budget=Budget({Scope.DAY: Cap(5000)}))
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(house.ask) for _ in range(8)]
        both.wait(5)
        came = [one.exception() for one in asked]
    refused = [one for one in came if one is not None]
    assert len(refused) == 4
    assert {type(one) for one in refused} == {BudgetError}
    assert sum(call.tokens for call in house.kept) <= 5000


def test_what_fails_while_this_process_ends_is_no_news_and_is_not_tried_again() -> None:
    house: House

    def ends(_request: ModelRequest) -> ModelReply:
        house.gateway.end()
        raise ModelError("the line broke off", is_billed=True)

    house = House(FakeBrain(ends))
    with pytest.raises(ModelError, match="nightshift is ending"):
        house.ask()
    with pytest.raises(ModelError, match="nightshift is ending"):
        house.ask()
    assert (house.said, house.waited) == ([], [])
    (kept,) = house.kept
    assert kept.error == "nightshift is ending"
    assert kept.tokens_in > 0, "it may have been counted there"
    assert house.watch.why_not(Mind.BRAIN) == ""
