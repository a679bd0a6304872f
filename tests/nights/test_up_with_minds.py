"""A real `nightshift up` and its models: an end in the middle of a thought loses nothing, a kill neither, and peace costs no token."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.model_servers.ollama import Chosen, OllamaServer
from tests.model_servers.openai import Answer, OpenAIServer, Say
from tests.nights.thinking_house import ThinkingHouse, turn_of, until

pytestmark = [pytest.mark.needs("bwrap")]
SLOW = pytest.mark.slow

LOOK = Say(calls=(("look_at_memory", {}),))
END = Say(calls=(("hand_over", {"reason": "nothing here mends a shop"}),))
TOLD = (("answer", {"text": "I see no shop here.", "evidence": []}),)
LONG = 40.0
SHOP = ("alert.firing:shop", "the shop is slow")
ASKED, ANSWER = "Which shop is it?", "the one in Bern"


def thinks_long(body: dict[str, Any]) -> Answer:
    """Looks at once, and does not come to an end."""
    return LOOK if turn_of(body) == 1 else Say(calls=END.calls, delay=LONG)


def thinks_fast(body: dict[str, Any]) -> Answer:
    """The same brain on a better day."""
    return LOOK if turn_of(body) == 1 else END


def asks_first(body: dict[str, Any]) -> Answer:
    """Wants to know one thing, once it has looked."""
    told = "\n".join(str(turn["content"]) for turn in body["messages"])
    if ANSWER in told:
        return END
    return LOOK if turn_of(body) == 1 else Say(calls=(("ask_person", {"question": ASKED, "options": []}),))


def turns(server: OpenAIServer) -> Counter[int]:
    """How often each turn was asked."""
    return Counter(turn_of(one.body) for one in server.asked)


def test_told_to_end_in_the_middle_of_a_thought_it_does_so_at_once_and_thinks_on_afterwards(tmp_path: Path) -> None:
    with OpenAIServer(script=thinks_long) as server:
        house = ThinkingHouse(tmp_path, server.url)
        with house.up() as process:
            incident = house.alert(*SHOP)
            until(lambda: len(server.asked) == 2)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
            assert time.monotonic() - began < 10
        server.script = thinks_fast
        with house.up():
            assert until(lambda: house.ending(incident)) == "handed over"
        assert turns(server) == {1: 1, 2: 2}, "only what was cut off is asked again"
    why = house.machine.type("why", incident)
    assert "nothing here mends a shop" in why.stdout
    assert "nightshift is ending" in why.stdout
    assert "Traceback" not in house.log.read_text()


@SLOW
@pytest.mark.parametrize("asked", [1, 2])
def test_killed_in_the_middle_of_a_thought_it_asks_that_turn_again_and_no_other(tmp_path: Path, asked: int) -> None:
    with OpenAIServer(script=lambda body: Say(calls=LOOK.calls, delay=LONG * (turn_of(body) == asked))) as server:
        house = ThinkingHouse(tmp_path, server.url)
        with house.up() as process:
            incident = house.alert(*SHOP)
            until(lambda: len(server.asked) == asked)
            process.kill()
        server.script = thinks_fast
        with house.up():
            assert until(lambda: house.ending(incident)) == "handed over"
        assert turns(server) == Counter({1: 1, 2: 1}) + Counter([asked])


@SLOW
@pytest.mark.parametrize("is_before", [False, True], ids=["while it waits", "with its answer in the inbox"])
def test_killed_around_a_question_it_is_asked_once_and_its_answer_is_heard_once(
    tmp_path: Path, is_before: bool
) -> None:
    with OpenAIServer(script=asks_first) as server:
        house = ThinkingHouse(tmp_path, server.url)
        with house.up() as process:
            incident = house.alert(*SHOP)
            (question,) = until(house.approvals)
            process.send_signal(signal.SIGSTOP)
            said = f"answer {question['id']} {ANSWER}"
            [house.type_later(said) for _ in range(is_before)]
            process.kill()
        with house.up():
            [house.type_later(said) for _ in range(not is_before)]
            assert until(lambda: house.ending(incident)) == "handed over"
        assert turns(server) == {1: 2, 2: 1}, "two turns before it was asked, one with the answer"
    assert house.machine.type("why", incident).stdout.count(ASKED) == 1


@SLOW
def test_killed_in_the_middle_of_a_conversation_it_answers_after_its_next_start(tmp_path: Path) -> None:
    with OpenAIServer(Say(calls=TOLD, delay=LONG)) as server:
        house = ThinkingHouse(tmp_path, server.url)
        with house.up() as process:
            message = house.type_later("ask what do you make of the shop in general?")
            until(lambda: server.asked)
            process.kill()
        server.answers = (Say(calls=TOLD),)
        with house.up():
            reply = until(lambda: house.reply(message))
    assert "I see no shop here" in reply, reply
    assert len(server.asked) == 2


@SLOW
def test_a_stop_in_the_middle_of_a_thought_is_the_last_thing_that_is_paid_for(tmp_path: Path) -> None:
    with OpenAIServer(Say(calls=LOOK.calls, delay=6)) as server:
        house = ThinkingHouse(tmp_path, server.url)
        with house.up():
            incident = house.alert(*SHOP)
            until(lambda: server.asked)
            began = time.monotonic()
            stop = house.type_later("stop")
            assert json.loads(until(lambda: house.reply(stop)))["ok"]
            assert time.monotonic() - began < 4, "it waits for no model"
            assert house.ask_for("GET", "/healthz")[0] == 200
            assert until(lambda: house.ending(incident)) == "handed over"
        assert turns(server) == {1: 1}


# ---- peace --------------------------------------------------------------------------------------------------------------------------

BUSY = """
[[checks]]
signal = "load.per_core"
over = 100000
every = "1s"

[[checks]]
signal = "disk.used_percent:/"
over = 101
every = "1s"
"""


@SLOW
def test_where_nothing_is_wrong_no_model_is_asked_anything(tmp_path: Path) -> None:
    with OpenAIServer(END) as brain, OllamaServer(Chosen({"A": 0.99})) as cerebellum:
        house = ThinkingHouse(tmp_path, brain.url, cerebellum.url, BUSY)
        with house.up():
            until(lambda: cerebellum.is_loaded)
            time.sleep(10)
            assert house.ask_for("GET", "/readyz")[0] == 200
            house.machine.data("status")
        assert brain.requests == []
        assert cerebellum.asked == [], "it was loaded, and asked nothing"
    assert house.machine.data("incidents") == []
