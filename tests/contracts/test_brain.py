"""Contract of port Brain: over the fake, and over the adapter that speaks to a scripted server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from adapters.brain_openai import OpenAIBrain
from core.errors import ModelError
from core.mind_ports import Brain
from core.model import ModelReply, ModelRequest, Role, Tool, ToolCall, Turn
from tests.fakes.brain import FakeBrain
from tests.model_servers.openai import MODEL, OpenAIServer, Say, refused

LOOK = Tool("look", "Looks at a disk.", {"type": "object", "properties": {"path": {"type": "string"}}})
ASKED = ModelRequest(
    "diagnose@1",
    (
        Turn(Role.SYSTEM, "You diagnose."),
        Turn(Role.USER, "disk full 磁盘满了"),
        Turn(Role.ASSISTANT, "", (ToolCall("call_9", "look", '{"path": "/"}'),)),
        Turn(Role.TOOL, "97 %", answers="call_9"),
    ),
    (LOOK,),
)

Brains = Callable[[Say, str], Brain]


@pytest.fixture(params=["fake", "openai"])
def brain_saying(request: pytest.FixtureRequest) -> Iterator[Brains]:
    """Makes a brain that gives one answer, or refuses."""
    with ExitStack() as stack:

        def fake(say: Say, error: str) -> Brain:
            said = ModelReply(
                say.text,
                tuple(ToolCall(f"call_{n}", name, str(given)) for n, (name, given) in enumerate(say.calls)),
                MODEL,
                *(say.usage or (0, 0)),
                is_cut=say.finish == "length",
            )
            return FakeBrain(ModelError(error, is_lasting=True) if error else said, model=MODEL)

        def real(say: Say, error: str) -> Brain:
            server = OpenAIServer(refused(401, error) if error else say)
            stack.enter_context(server)
            brain = OpenAIBrain(server.url, MODEL, "")
            stack.callback(brain.close)
            return brain

        yield {"fake": fake, "openai": real}[request.param]


def test_text_comes_in_pieces_and_as_a_whole(brain_saying: Brains) -> None:
    heard: list[str] = []
    brain = brain_saying(Say("磁盘满了: the logs grow."), "")
    reply = brain.complete(ASKED, 10, heard.append)
    assert (reply.text, "".join(heard)) == ("磁盘满了: the logs grow.",) * 2
    assert (reply.model, reply.tokens_in, reply.tokens_out, reply.is_cut, brain.model) == (MODEL, 50, 10, False, MODEL)


def test_calls_come_with_their_arguments_as_they_were_written(brain_saying: Brains) -> None:
    given = '{"path": "/var/log", "more": "' + "x" * 100
    reply = brain_saying(Say(calls=(("look", given), ("look", '{"path": "/"}'))), "").complete(ASKED, 10, print)
    assert reply.calls == (ToolCall("call_0", "look", given), ToolCall("call_1", "look", '{"path": "/"}'))
    assert reply.text == ""


def test_an_answer_that_was_too_long_is_said_to_be_cut(brain_saying: Brains) -> None:
    assert brain_saying(Say("and then", finish="length"), "").complete(ASKED, 10, print).is_cut


def test_a_refusal_that_lasts_is_an_error_that_lasts(brain_saying: Brains) -> None:
    with pytest.raises(ModelError) as caught:
        brain_saying(Say(), "wrong key").complete(ASKED, 10, print)
    assert caught.value.is_lasting
