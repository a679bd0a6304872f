"""The watch over models: asked before, told after, and said once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from core.breaker import SHUT_FOR
from core.mind_watch import READ_AGAIN_AFTER, MindNews, MindWatch
from core.model import Mind
from tests.fakes.clock import FakeClock
from tests.fakes.ticks import FakeTicks


class House:
    """One installation; `watch` starts it anew over the same rows."""

    def __init__(self) -> None:
        self.clock, self.ticks = FakeClock(), FakeTicks()
        self.said: list[MindNews] = []

    def watch(self, *minds: Mind) -> MindWatch:
        return MindWatch(minds or tuple(Mind), self.ticks, self.clock, self.said.append)

    @property
    def told(self) -> list[tuple[str, bool]]:
        return [(news.mind, news.is_gone) for news in self.said]


def test_a_mind_that_is_not_configured_is_not_gone() -> None:
    house = House()
    watch = house.watch(Mind.CEREBELLUM)
    assert watch.why_not(Mind.BRAIN) == "no brain is configured"
    assert watch.why_not(Mind.CEREBELLUM) == ""
    assert (house.said, watch.gone()) == ([], {})


def test_one_call_that_failed_is_said_once_and_the_next_may_try() -> None:
    house = House()
    watch = house.watch()
    watch.failed(Mind.BRAIN, "it did not answer")
    watch.failed(Mind.BRAIN, "it did not answer")
    assert house.told == [("brain", True)]
    assert house.said[0].why == "it did not answer"
    assert watch.begin(Mind.BRAIN) == ""


def test_after_some_in_a_row_it_is_left_alone_and_then_one_tries() -> None:
    house = House()
    watch = house.watch()
    watch.failed(Mind.BRAIN, "no route", tries=3)
    assert watch.why_not(Mind.BRAIN) == "no route"
    assert watch.why_not(Mind.CEREBELLUM) == ""
    house.clock.advance(SHUT_FOR.total_seconds())
    assert watch.why_not(Mind.BRAIN) == ""
    assert [watch.begin(Mind.BRAIN) for _ in range(3)] == ["", "no route", "no route"]
    watch.answered(Mind.BRAIN)
    assert [watch.begin(Mind.BRAIN) for _ in range(3)] == ["", "", ""]
    assert house.told == [("brain", True), ("brain", False)]


def test_a_wrong_key_shuts_it_at_once() -> None:
    watch = House().watch()
    watch.failed(Mind.BRAIN, "set BRAIN_API_KEY", is_lasting=True)
    assert watch.begin(Mind.BRAIN) == "set BRAIN_API_KEY"


def test_each_outage_is_said_anew_under_its_own_key() -> None:
    house = House()
    watch = house.watch()
    for _ in range(2):
        watch.failed(Mind.BRAIN, "gone")
        watch.answered(Mind.BRAIN)
        watch.answered(Mind.BRAIN)
    assert [news.key for news in house.said] == [
        "mind|brain|1|gone",
        "mind|brain|1|back",
        "mind|brain|2|gone",
        "mind|brain|2|back",
    ]


def test_a_restart_says_nothing_twice_and_does_not_forget_that_it_is_back() -> None:
    house = House()
    house.watch().failed(Mind.BRAIN, "gone")
    again = house.watch()
    assert again.gone() == {Mind.BRAIN: ""}
    again.failed(Mind.BRAIN, "still gone")
    house.watch().answered(Mind.BRAIN)
    house.watch().answered(Mind.BRAIN)
    assert house.told == [("brain", True), ("brain", False)]


def test_who_dies_between_the_card_and_the_mark_says_it_again_under_the_same_key() -> None:
    house = House()

    def die(_states: dict[str, str]) -> None:
        raise KeyboardInterrupt

    watch, save = house.watch(), house.ticks.save
    house.ticks.save = die  # type: ignore[method-assign, assignment]  # a kill at the worst moment
    with pytest.raises(KeyboardInterrupt):
        watch.failed(Mind.CEREBELLUM, "gone")
    house.ticks.save = save  # type: ignore[method-assign]  # the next life
    house.watch().failed(Mind.CEREBELLUM, "gone")
    assert {news.key for news in house.said} == {"mind|cerebellum|1|gone"}


def test_what_a_replica_said_before_it_died_is_known_to_the_other_one() -> None:
    house = House()
    first, second = house.watch(), house.watch()
    second.answered(Mind.BRAIN)
    first.failed(Mind.BRAIN, "it did not answer")
    house.clock.advance(READ_AGAIN_AFTER.total_seconds())
    assert set(second.gone()) == {Mind.BRAIN}
    second.answered(Mind.BRAIN)
    assert house.told == [("brain", True), ("brain", False)]
    house.clock.advance(READ_AGAIN_AFTER.total_seconds())
    first.failed(Mind.BRAIN, "it did not answer")
    assert [(news.is_gone, news.outage) for news in house.said] == [(True, 1), (False, 1), (True, 2)]


def test_a_replica_that_said_it_already_is_not_repeated() -> None:
    house = House()
    one, other = house.watch(), house.watch()
    assert one.gone() == other.gone() == {}
    one.failed(Mind.BRAIN, "gone")
    other.failed(Mind.BRAIN, "gone")
    assert house.told == [("brain", True)]


@pytest.mark.parametrize(
    "text", ["{broken", '{"outage": Infinity, "is_gone": true}', '{"outage": "x"}', "[" * 5000, "[]", "7"]
)
def test_what_somebody_wrote_into_its_memory_is_as_if_nothing_was(text: str) -> None:
    house = House()
    house.ticks.save({"mind|brain": text})
    watch = house.watch()
    watch.failed(Mind.BRAIN, "gone")
    assert house.told == [("brain", True)]


def test_many_threads_say_it_once() -> None:
    house = House()
    watch = house.watch()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: watch.failed(Mind.BRAIN, "gone"), range(40)))
        list(pool.map(lambda _: watch.answered(Mind.BRAIN), range(40)))
    assert house.told == [("brain", True), ("brain", False)]
