"""Contract of port Ticks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.stores import Case


def test_a_slot_is_claimed_by_exactly_one(case: Case) -> None:
    def claim(_replica: int) -> bool:
        return bool(case.store.ticks.claim("probe", 7, case.clock.now()))

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(claim, range(8))) == [False] * 7 + [True]
    assert case.store.ticks.claim("probe", 8, case.clock.now())
    assert case.store.ticks.claim("digest", 7, case.clock.now())


def test_states_are_kept_and_replaced_by_key(case: Case) -> None:
    case.store.ticks.save({})
    case.store.ticks.save({"web-1|disk": "{}", "web-2|disk": "{}"})
    case.store.ticks.save({"web-2|disk": '{"bad": true}', "web-3|disk": "{}"})
    assert case.store.ticks.states() == {"web-1|disk": "{}", "web-2|disk": '{"bad": true}', "web-3|disk": "{}"}
