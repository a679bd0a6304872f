"""Contract of port PageLog."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from core.errors import UnknownError
from core.page import Page, PageReason, Receipt
from tests.stores import Case


def page(at: datetime, rung: int = 0, incident: str = "a1") -> Page:
    """One wake-up."""
    name = f"{incident}:severe:{rung}"
    return Page(name, incident, PageReason.SEVERE, "li", "web-1: disk / 97 %", rung, at)


def test_a_page_is_one_row_however_often_it_is_due(case: Case) -> None:
    now = case.clock.now()
    assert case.store.pages.put(page(now)) == page(now)
    assert case.store.pages.put(replace(page(now), person="bo")) == page(now)
    assert case.store.pages.of("a1") == (page(now),)


def test_what_came_of_it_is_kept_with_it(case: Case) -> None:
    now = case.clock.now()
    case.store.pages.put(page(now))
    receipt = Receipt(ok=False, detail="HTTP 500", at=now)
    after = case.store.pages.change("a1:severe:0", lambda stands: replace(stands, receipt=receipt, tries=1, tried=now))
    assert case.store.pages.of("a1") == (after,)
    assert after.receipt == receipt


def test_a_page_that_is_not_there_cannot_be_changed(case: Case) -> None:
    with pytest.raises(UnknownError):
        case.store.pages.change("a1:severe:0", lambda stands: stands)


def test_open_of_and_since_are_in_order(case: Case) -> None:
    now = case.clock.now()
    later = now + timedelta(minutes=5)
    second, first, other = page(later, 1), page(now), page(now, 0, "b2")
    for one in (second, first, other):
        case.store.pages.put(one)
    case.store.pages.change(first.id, lambda stands: stands.answered("li", later))
    assert case.store.pages.open() == (other, second)
    assert [one.id for one in case.store.pages.of("a1")] == ["a1:severe:0", "a1:severe:1"]
    assert case.store.pages.since(later) == (second,)


def test_that_somebody_was_woken_is_in_the_audit_trail(case: Case) -> None:
    case.store.pages.put(page(case.clock.now()))
    case.store.pages.put(page(case.clock.now()))
    (row,) = case.store.audit.tail(9, "a1")
    assert (row.kind, row.subject, row.body["person"]) == ("page", "a1", "li")
