"""Budgets: the worst case is held against what is left."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.budget import LEAST_ANSWER, Budget, Cap, Prices, Scope, day_of, tokens_in, tokens_of
from core.errors import BudgetError
from core.model import ModelRequest, Role, Spent, Tool, ToolCall, Turn

BUDGET = Budget(
    {Scope.AVATAR: Cap(10_000), Scope.INCIDENT: Cap(20_000), Scope.DAY: Cap(1_000_000, 1_000_000)}, Prices(2, 10)
)


def test_what_fits_is_granted() -> None:
    assert BUDGET.most_tokens({}, 1000, 1500) == 1500
    assert BUDGET.most_tokens({Scope.AVATAR: Spent(1, 7500, 0)}, 1000, 1500) == 1500


def test_an_answer_is_shortened_to_what_is_left_where_that_is_still_of_use() -> None:
    assert BUDGET.most_tokens({Scope.AVATAR: Spent(1, 8000, 0)}, 1000, 1500) == 1000
    assert BUDGET.most_tokens({Scope.INCIDENT: Spent(9, 18_800, 0)}, 1000, 1500) == LEAST_ANSWER
    assert BUDGET.most_tokens({Scope.DAY: Spent(9, 0, 990_000)}, 0, 1500) == 1000


@pytest.mark.parametrize(
    ("spent", "tokens", "scope", "limit"),
    [
        ({Scope.AVATAR: Spent(1, 8801, 0)}, 1000, "avatar", "8801 of 10000 tokens"),
        ({}, 9801, "avatar", "0 of 10000 tokens"),
        ({Scope.INCIDENT: Spent(1, 20_000, 0)}, 1, "incident", "20000 of 20000 tokens"),
        ({Scope.DAY: Spent(1, 0, 998_001)}, 0, "day", "0 of 1000000 tokens, 0.9980 USD of 1.00 USD"),
        ({Scope.DAY: Spent(1, 0, 1_200_000)}, 0, "day", "0 of 1000000 tokens, 1.20 USD of 1.00 USD"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(spent: dict[Scope, Spent], tokens: int, scope: str, limit: str) -> None:
    with pytest.raises(BudgetError) as caught:
        BUDGET.most_tokens(spent, tokens, 1500)
    assert (caught.value.scope, caught.value.limit) == (scope, limit)


def test_a_short_answer_that_was_wanted_short_is_granted_to_the_last_token() -> None:
    assert BUDGET.most_tokens({Scope.AVATAR: Spent(1, 9989, 0)}, 1, 10) == 10
    with pytest.raises(BudgetError):
        BUDGET.most_tokens({Scope.AVATAR: Spent(1, 9990, 0)}, 1, 10)


def test_nothing_may_be_spent_where_the_cap_is_nothing() -> None:
    with pytest.raises(BudgetError):
        Budget({Scope.DAY: Cap(0)}).most_tokens({}, 0, 1)
    with pytest.raises(BudgetError):
        Budget({Scope.DAY: Cap(10**9, 0)}, Prices(1, 0)).most_tokens({}, 1, 1)


def test_what_costs_nothing_is_not_bounded_by_money() -> None:
    assert Budget({Scope.DAY: Cap(10**9, 0)}).most_tokens({}, 1000, 1500) == 1500


def test_money_is_counted_up() -> None:
    assert Prices(2.5, 10).cost(1000, 100) == 3500
    assert Prices(0.1, 0).cost(1, 0) == 1
    assert [BUDGET.money(cost) for cost in (0, 1234, 999_950, 12_345_678)] == [
        "0.00 USD",
        "0.0012 USD",
        "1.0000 USD",
        "12.35 USD",
    ]


def test_a_day_is_one_of_utc() -> None:
    assert day_of(datetime(2026, 3, 14, 23, 59, 59, 9, tzinfo=UTC)) == datetime(2026, 3, 14, tzinfo=UTC)


def test_an_estimate_is_rather_too_high() -> None:
    assert tokens_of("磁盘满了") == 4
    assert tokens_of("abcd") == 2
    assert tokens_of("") == 0
    tool = Tool("look", "x" * 300, {"type": "object"})
    turns = (Turn(Role.USER, "x" * 3000), Turn(Role.ASSISTANT, "", (ToolCall("1", "look", "y" * 30),)))
    bare = tokens_in(ModelRequest("p@1", turns[:1]))
    assert 1000 < bare < 1020
    assert tokens_in(ModelRequest("p@1", turns, (tool,))) > bare + 110
