"""Contract of port Outbox."""

from __future__ import annotations

from datetime import timedelta

from core.card import Card, CardKind
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


def test_a_card_written_before_the_clock_was_set_back_does_not_wait_for_the_old_time(case: Case) -> None:
    now = case.clock.now()
    case.store.outbox.post(card("c1"), now)
    (item,) = case.store.outbox.due("console", 9, now - timedelta(hours=5))
    assert item.card == card("c1")
    assert case.store.outbox.due("console", 9, now - timedelta(hours=5)) == ()


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


def fail_for(case: Case, seconds: float) -> None:
    """A channel that is down, as the desk meets it: tried again and again."""
    for _ in range(int(seconds // 20)):
        now = case.clock.now()
        for item in case.store.outbox.due("console", 1, now):
            case.store.outbox.retry(item.id, now + timedelta(seconds=20))
        case.clock.advance(20)


def test_a_channel_that_takes_nothing_for_two_minutes_is_cut_off_since_then(case: Case) -> None:
    began = case.clock.now()
    case.store.outbox.post(card("c1"), began)
    fail_for(case, 100)
    assert case.store.outbox.cut_off(case.clock.now()) is None
    fail_for(case, 20)
    assert case.store.outbox.cut_off(case.clock.now()) == began
    (item,) = case.store.outbox.due("console", 1, case.clock.now())
    case.store.outbox.sent(item.id, case.clock.now())
    assert case.store.outbox.cut_off(case.clock.now()) is None


def test_a_channel_that_has_nothing_to_say_or_was_not_tried_is_not_cut_off(case: Case) -> None:
    now = case.clock.now()
    assert case.store.outbox.cut_off(now + timedelta(hours=1)) is None
    case.store.outbox.post(card("c1"), now)
    assert case.store.outbox.cut_off(now + timedelta(hours=1)) is None


def test_back_again_each_incident_is_told_once_in_its_last_state(case: Case) -> None:
    now = case.clock.now()
    for key, thread, kind in [
        ("a1", "a", CardKind.PROPOSAL),
        ("b1", "b", CardKind.PROPOSAL),
        ("a2", "a", CardKind.REMINDER),
        ("self", "", CardKind.SELF),
        ("a3", "a", CardKind.REPORT),
        ("a4", "a", CardKind.NOTE),
    ]:
        case.store.outbox.post(Card(key, kind, thread, thread), now)
    fail_for(case, 200)
    case.store.outbox.post(Card("b2", CardKind.REPORT, "b", "b"), case.clock.now())
    items = case.store.outbox.due("console", 9, case.clock.now() + timedelta(seconds=60))
    assert sorted(item.card.key for item in items) == ["a3", "b2", "self"]
    assert case.store.outbox.cut_off(case.clock.now()) == now, "what is left has waited as long as the first"
    for item in items:
        case.store.outbox.sent(item.id, case.clock.now())
    assert case.store.outbox.due("console", 9, case.clock.now() + timedelta(hours=1)) == ()
    assert case.store.outbox.cut_off(case.clock.now() + timedelta(hours=1)) is None
