"""Contract of port Channel: what is typed is received once and in order, what is sent is shown, a gone channel says so."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from adapters.channel_console import ConsoleChannel
from bot.messages import en
from core.card import Card, CardKind
from core.errors import UnavailableError
from core.ports import Channel
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import FakeClock

CARD = Card("k", CardKind.PROPOSAL, "i-1", "K7Q2MD")


@dataclass
class Rig:
    """A channel, how a test types into it, what it showed, and how it is lost."""

    channel: Channel
    type: Callable[[str], object]
    shown: Callable[[], str]
    lose: Callable[[], object]


def fake_rig() -> Iterator[Rig]:
    channel = FakeChannel("console", FakeClock(), f"os:{os.geteuid()}")
    yield Rig(
        channel,
        channel.type,
        lambda: "\n".join(text for text, _ in channel.shown),
        lambda: setattr(channel, "is_down", True),
    )


def console_rig() -> Iterator[Rig]:
    reading, writing = os.pipe()
    out = io.StringIO()
    channel = ConsoleChannel(reading, out, FakeClock(), en.WORDS)
    yield Rig(channel, lambda line: os.write(writing, f"{line}\n".encode()), out.getvalue, out.close)
    channel.close()
    os.close(reading)
    os.close(writing)


@pytest.fixture(params=[fake_rig, console_rig], ids=["fake", "console"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    yield from request.param()


def test_what_is_typed_is_received_once_in_order_with_its_account(rig: Rig) -> None:
    rig.type("status")
    rig.type("同意 K7Q2MD")
    first, second = rig.channel.receive(1.0), rig.channel.receive(1.0)
    assert first is not None
    assert second is not None
    assert [first.text, second.text] == ["status", "同意 K7Q2MD"]
    assert {first.by, second.by} == {f"os:{os.geteuid()}"}
    assert {first.channel, second.channel} == {"console"}
    assert first.id != second.id
    assert rig.channel.receive(0.01) is None


def test_waiting_for_nothing_ends_in_time(rig: Rig) -> None:
    began = time.monotonic()
    assert rig.channel.receive(0.2) is None
    assert time.monotonic() - began < 2


def test_what_is_sent_is_shown_with_its_id(rig: Rig) -> None:
    rig.channel.send("localhost: disk full - approve?\n[K7Q2MD] since 03:00", CARD)
    assert "approve?" in rig.shown()
    assert "[K7Q2MD] since 03:00" in rig.shown()


def test_sending_works_while_somebody_waits_for_input(rig: Rig) -> None:
    waiting = threading.Thread(target=rig.channel.receive, args=(0.5,))
    waiting.start()
    rig.channel.send("a card", CARD)
    waiting.join(5)
    assert "a card" in rig.shown()


def test_a_channel_that_is_gone_says_so(rig: Rig) -> None:
    rig.lose()
    with pytest.raises(UnavailableError):
        rig.channel.send("a card", CARD)
