"""Contract of port Audit."""

from __future__ import annotations

from tests.stores import Case


def test_rows_are_numbered_from_one(case: Case) -> None:
    now = case.clock.now()
    assert [case.store.audit.append("note", f"s{n}", {"n": n}, now) for n in range(3)] == [1, 2, 3]


def test_the_tail_is_the_newest_oldest_of_them_first(case: Case) -> None:
    now = case.clock.now()
    for n in range(5):
        case.store.audit.append("note", f"s{n % 2}", {"n": n, "text": "夜班"}, now)
    assert [row.body["n"] for row in case.store.audit.tail(2)] == [3, 4]
    assert [row.body["n"] for row in case.store.audit.tail(2, "s0")] == [2, 4]
    assert case.store.audit.tail(1)[0].at == now


def test_a_whole_trail_verifies(case: Case) -> None:
    assert case.store.audit.verify().problem == ""
    case.store.audit.append("note", "s", {}, case.clock.now())
    state = case.store.audit.verify()
    assert (state.count, state.broken_at, state.problem) == (1, 0, "")
    assert state.head
