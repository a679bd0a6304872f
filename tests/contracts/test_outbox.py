"""Contract of port Outbox."""

from __future__ import annotations

from datetime import timedelta

from tests.contracts.nouns import card
from tests.stores import Case


def test_a_card_goes_out_once(case: Case) -> None:
    now = case.clock.now()
    case.store.outbox.post(card("c1"), now)
    case.store.outbox.post(card("c1"), now)
    (item,) = case.store.outbox.due("console", 9, now)
    assert (item.card, item.channel, item.tries) == (card("c1"), "console", 1)
    case.store.outbox.sent(item.id, now)
    assert case.store.outbox.due("console", 9, now + timedelta(hours=1)) == ()


def test_what_is_being_sent_is_not_handed_out_for_a_minute(case: Case) -> None:
    now = case.clock.now()
    case.store.outbox.post(card("c1"), now)
    case.store.outbox.due("console", 9, now)
    assert case.store.outbox.due("console", 9, now + timedelta(seconds=59)) == ()
    (item,) = case.store.outbox.due("console", 9, now + timedelta(seconds=60))
    assert item.tries == 2


def test_cards_come_in_order_and_a_waiting_one_holds_its_thread_back(case: Case) -> None:
    now = case.clock.now()
    for key, thread in [("a1", "a"), ("b1", "b"), ("a2", "a")]:
        case.store.outbox.post(card(key, thread), now)
    (first,) = case.store.outbox.due("console", 1, now)
    assert first.card.key == "a1"
    case.store.outbox.retry(first.id, now + timedelta(seconds=5))
    (other,) = case.store.outbox.due("console", 9, now)
    assert other.card.key == "b1"
    case.store.outbox.sent(other.id, now)
    later = now + timedelta(seconds=5)
    assert [item.card.key for item in case.store.outbox.due("console", 9, later)] == ["a1", "a2"]


def test_a_channel_that_is_not_configured_has_nothing(case: Case) -> None:
    case.store.outbox.post(card("c1"), case.clock.now())
    assert case.store.outbox.due("slack", 9, case.clock.now()) == ()
