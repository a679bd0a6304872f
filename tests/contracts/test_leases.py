"""Contract of port Leases."""

from __future__ import annotations

from tests.stores import Case

HOST = "host:web-1"


def test_one_at_a_time(case: Case) -> None:
    fence = case.store.leases.take(HOST, "i1", 30)
    assert case.store.leases.holds(HOST, fence)
    assert case.store.leases.take(HOST, "i2", 30) is None
    case.store.leases.release(HOST, "i2")
    assert case.store.leases.holds(HOST, fence)


def test_the_same_owner_gets_it_again_with_a_newer_fence(case: Case) -> None:
    first = case.store.leases.take(HOST, "i1", 30)
    second = case.store.leases.take(HOST, "i1", 30)
    assert second > first
    assert not case.store.leases.holds(HOST, first)
    assert case.store.leases.holds(HOST, second)


def test_what_was_given_back_is_free_and_its_fence_is_over(case: Case) -> None:
    first = case.store.leases.take(HOST, "i1", 30)
    case.store.leases.release(HOST, "i1")
    assert not case.store.leases.holds(HOST, first)
    second = case.store.leases.take(HOST, "i2", 30)
    assert second > first


def test_a_lease_runs_out(case: Case) -> None:
    first = case.store.leases.take(HOST, "i1", 0.2)
    case.pass_time(0.3)
    assert not case.store.leases.holds(HOST, first)
    second = case.store.leases.take(HOST, "i2", 30)
    assert second > first
    assert not case.store.leases.renew(HOST, first, 30)


def test_a_renewed_lease_does_not_run_out(case: Case) -> None:
    fence = case.store.leases.take(HOST, "i1", 0.2)
    assert case.store.leases.renew(HOST, fence, 30)
    case.pass_time(0.3)
    assert case.store.leases.holds(HOST, fence)


def test_other_resources_are_free(case: Case) -> None:
    case.store.leases.take(HOST, "i1", 30)
    assert case.store.leases.take("host:web-2", "i2", 30) is not None
    case.store.leases.release("host:unheard-of", "i2")
