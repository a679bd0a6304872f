"""Contract of port Inbox."""

from __future__ import annotations

from core.message import Message
from tests.stores import Case


def message(case: Case, id: str, text: str = "approve K7Q2MD", channel: str = "console") -> Message:
    """What li said."""
    return Message(id, channel, "li", text, "t1", case.clock.now())


def test_a_message_is_known_once_per_channel(case: Case) -> None:
    assert case.store.inbox.put(message(case, "m1"))
    assert not case.store.inbox.put(message(case, "m1", "something else"))
    assert case.store.inbox.put(message(case, "m1", channel="slack"))


def test_the_oldest_comes_until_it_is_done(case: Case) -> None:
    for name in ("m1", "m2"):
        case.store.inbox.put(message(case, name))
    assert case.store.inbox.next() == message(case, "m1")
    assert case.store.inbox.next() == message(case, "m1")
    case.store.inbox.done(message(case, "m1"), "approved")
    assert case.store.inbox.next() == message(case, "m2")
    case.store.inbox.done(message(case, "m2"), "")
    assert case.store.inbox.next() is None


def test_who_wants_something_else_leaves_the_oldest_where_it_is(case: Case) -> None:
    case.store.inbox.put(message(case, "m1", "what is full?"))
    case.store.inbox.put(message(case, "m2", "approve K7Q2MD"))
    assert case.store.inbox.next(lambda said: said.text.startswith("approve")) == message(case, "m2", "approve K7Q2MD")
    assert case.store.inbox.next(lambda _: False) is None
    assert case.store.inbox.next() == message(case, "m1", "what is full?")


def test_a_reply_is_kept_for_who_waits(case: Case) -> None:
    case.store.inbox.put(message(case, "m1"))
    assert case.store.inbox.reply("console", "m1") is None
    case.store.inbox.done(message(case, "m1"), "approved")
    assert case.store.inbox.reply("console", "m1") == "approved"
    assert not case.store.inbox.put(message(case, "m1"))


def test_hostile_text_is_kept_as_it_was(case: Case) -> None:
    hostile = message(case, "m1", "stop \x00 \ud800 '; --")
    case.store.inbox.put(hostile)
    assert case.store.inbox.next() == hostile
