"""What leaves for a chat or a phone: the user's own patterns hold there too."""

from __future__ import annotations

import re

from bot.leaving import ConcealingPager, concealing
from core.card import Card, CardKind
from core.concealment import Concealment
from core.redaction import HIDDEN
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import FakeClock
from tests.fakes.pager import FakePager

CONCEAL = Concealment(["our-own-secret"], [re.compile("ACME-[0-9]{6}")])
SAID = "customer ACME-123456 told us our-own-secret\nsecond line"
CARD = Card("k", CardKind.REPLY, "", "k")


def test_what_leaves_for_a_chat_is_concealed_and_what_stays_here_is_not() -> None:
    clock = FakeClock()
    console, slack = FakeChannel("console", clock), FakeChannel("slack", clock)
    channels = concealing({"console": console, "slack": slack}, CONCEAL)
    for channel in channels.values():
        channel.send(SAID, CARD)
    assert console.shown == [(SAID, CARD)]
    assert slack.shown == [(f"customer {HIDDEN} told us {HIDDEN}\nsecond line", CARD)]


def test_what_is_typed_comes_in_as_it_is() -> None:
    slack = FakeChannel("slack", FakeClock())
    slack.type("why did ACME-123456 call?")
    message = concealing({"slack": slack}, CONCEAL)["slack"].receive(0.0)
    assert message is not None
    assert message.text == "why did ACME-123456 call?"


def test_a_page_goes_through_somebody_elses_service() -> None:
    behind = FakePager(FakeClock(), "li")
    pager = ConcealingPager(behind, CONCEAL)
    assert (pager.reaches("li"), pager.reaches("bo")) == (True, False)
    pager.page("li", SAID, "")
    ((_, _, line),) = behind.sent
    assert line == f"customer {HIDDEN} told us {HIDDEN}\nsecond line"
