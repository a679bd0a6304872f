"""Contract of port ModelLog."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from core.model import Mind, ModelCall, Spent
from tests.stores import Case


def call(case: Case, id: str = "c1", **facts: object) -> ModelCall:
    """One call of the brain, now."""
    made = ModelCall(
        id,
        Mind.BRAIN,
        "NS-1",
        "NS-1:1",
        "diagnose@1",
        "big",
        case.clock.now(),
        1.25,
        '{"turns": ["磁盘\x00满了"]}',
        "-> look {}",
        100,
        20,
        7,
    )
    return replace(made, **facts)  # type: ignore[arg-type]  # a test's facts


def test_a_call_is_kept_with_its_exact_texts_and_is_in_the_trail(case: Case) -> None:
    kept = call(case)
    case.store.model_calls.keep(kept)
    assert case.store.model_calls.of("NS-1") == (kept,)
    (row,) = case.store.audit.tail(1, "NS-1")
    assert (row.kind, row.body["id"], row.body["model"]) == ("model.call", "c1", "big")
    assert "turns" not in str(row.body)


def test_the_same_call_again_changes_nothing(case: Case) -> None:
    case.store.model_calls.keep(call(case))
    case.store.model_calls.keep(call(case, tokens_in=999_999))
    assert case.store.model_calls.of("NS-1") == (call(case),)
    assert len([row for row in case.store.audit.tail(100) if row.kind == "model.call"]) == 1


def test_calls_of_one_subject_come_oldest_first(case: Case) -> None:
    later, now = call(case, "a", at=case.clock.now() + timedelta(seconds=3)), call(case, "b")
    for one in (later, now, call(case, "c", subject="NS-2")):
        case.store.model_calls.keep(one)
    assert [one.id for one in case.store.model_calls.of("NS-1")] == ["b", "a"]
    assert case.store.model_calls.of("NS-3") == ()


def test_what_is_spent_is_counted_by_time_subject_and_avatar(case: Case) -> None:
    log, now = case.store.model_calls, case.clock.now()
    log.keep(call(case, "old", at=now - timedelta(days=1)))
    log.keep(call(case, "new"))
    log.keep(call(case, "other", subject="NS-2", avatar="NS-2:1"))
    log.keep(call(case, "again", avatar="NS-1:2", error="the brain did not answer", tokens_out=0))
    assert log.spent(now) == Spent(3, 340, 21)
    assert log.spent(now - timedelta(days=2)) == Spent(4, 460, 28)
    assert log.spent(now, subject="NS-1") == Spent(2, 220, 14)
    assert log.spent(now - timedelta(days=2), avatar="NS-1:1") == Spent(2, 240, 14)
    assert log.spent(now + timedelta(seconds=1)) == Spent()


def test_what_runs_in_the_house_costs_nothing(case: Case) -> None:
    case.store.model_calls.keep(call(case, mind=Mind.CEREBELLUM))
    assert case.store.model_calls.spent(case.clock.now()) == Spent()
