"""The breaker: what is let through, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.breaker import LASTING, MOST_FAILURES, SHUT_FOR, Breaker

NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def shut() -> Breaker:
    breaker = Breaker()
    for _ in range(MOST_FAILURES):
        breaker = breaker.failed(NOW)
    return breaker


def test_a_few_failures_in_a_row_shut_it_for_a_while() -> None:
    almost = Breaker().failed(NOW).failed(NOW)
    assert almost.lets_through(NOW)
    assert not shut().lets_through(NOW)
    assert not shut().lets_through(NOW + SHUT_FOR - MOMENT)
    assert shut().lets_through(NOW + SHUT_FOR)


def test_tries_count_as_failures() -> None:
    assert not Breaker().failed(NOW, tries=MOST_FAILURES).lets_through(NOW)


def test_then_one_tries_and_the_others_wait_for_it_but_not_for_ever() -> None:
    later = NOW + SHUT_FOR
    trying = shut().begun(later)
    assert not trying.lets_through(later)
    assert not trying.lets_through(later + SHUT_FOR - MOMENT)
    assert trying.lets_through(later + SHUT_FOR)
    assert trying.lets_through(later - timedelta(days=1)), "a clock that was set back knows of no call under way"
    assert not trying.failed(later).lets_through(later + SHUT_FOR - MOMENT)


def test_what_lasts_shuts_it_at_once_and_for_longer() -> None:
    breaker = Breaker().failed(NOW, is_lasting=True)
    assert not breaker.lets_through(NOW + LASTING - MOMENT)
    assert breaker.lets_through(NOW + LASTING)


def test_while_it_is_closed_any_number_may_begin() -> None:
    assert Breaker().begun(NOW).begun(NOW).lets_through(NOW)


def test_a_clock_that_is_set_back_does_not_shut_it_for_longer_than_it_ever_is() -> None:
    lasting = Breaker().failed(NOW, is_lasting=True)
    assert not lasting.lets_through(NOW)
    assert lasting.lets_through(NOW - timedelta(days=1))
    assert shut().lets_through(NOW - timedelta(hours=1))
    assert not shut().begun(NOW).failed(NOW - timedelta(hours=1)).lets_through(NOW - timedelta(hours=1))
