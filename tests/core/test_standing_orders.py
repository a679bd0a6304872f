"""Bounds of what was allowed ahead: nothing outside them ever passes, whatever is asked, and no order is wider than its skill."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NoOrderError, UnknownError
from core.journal_json import from_json, to_json
from core.origin import Scalar
from core.skill_manifest import ParameterSpec
from core.standing_order import Bound, OrderState, StandingOrder, Use, bounds_of, is_wider, never_the_same, night_of
from tests.core.test_parameters import skill
from tests.nights.night import Night
from tests.nights.test_orders import trusted

NOW = datetime(2026, 3, 14, 23, 30, tzinfo=UTC)
NAMES = ("service", "days", "deep", "ratio", "paths")
SPECS = (
    ParameterSpec("service", "str", None, is_required=True, is_privileged=True),
    ParameterSpec("days", "int", 7, is_required=False, is_privileged=False),
    ParameterSpec("deep", "bool", False, is_required=False, is_privileged=False),
    ParameterSpec("ratio", "float", 0.5, is_required=False, is_privileged=False),
    ParameterSpec("paths", "tuple[str, ...]", (), is_required=False, is_privileged=True),
)
values = st.fixed_dictionaries(
    {
        "service": st.text(max_size=5),
        "days": st.integers(),
        "deep": st.booleans(),
        "ratio": st.floats(allow_nan=False, allow_infinity=False),
        "paths": st.lists(st.text(max_size=3), max_size=2).map(tuple),
    }
)
anything: st.SearchStrategy[Scalar] = st.one_of(
    st.text(max_size=5), st.integers(), st.booleans(), st.floats(), st.lists(st.text(max_size=3), max_size=2).map(tuple)
)


def order(bounds: tuple[Bound, ...]) -> StandingOrder:
    """One with these bounds, on for thirty days."""
    return StandingOrder(
        "O-ABCDEF",
        "s",
        "0" * 64,
        "a.b:c",
        "f",
        "web",
        bounds,
        "li",
        NOW,
        NOW + timedelta(days=30),
        state=OrderState.ACTIVE,
    )


def numbers(values_seen: list[Scalar]) -> list[float]:
    return [one for one in values_seen if isinstance(one, int | float) and not isinstance(one, bool)]


def was_between(name: str, value: Scalar, seen: list[dict[str, Scalar]]) -> bool:
    """Said in another way than the code does."""
    former = [one[name] for one in seen]
    is_same = any(repr(value) == repr(one) for one in former)
    asked, known = numbers([value]), numbers(former)
    is_inside = name in {"days", "ratio"} and any(min(known) <= number <= max(known) for number in asked)
    return is_same or is_inside


@given(seen=st.lists(values, min_size=1, max_size=4), asked=values, name=st.sampled_from(NAMES), other=anything)
def test_a_covering_order_never_lets_a_value_outside_its_bounds_through(
    seen: list[dict[str, Scalar]], asked: dict[str, Scalar], name: str, other: Scalar
) -> None:
    given_ahead = order(bounds_of(seen, SPECS))
    wanted = {**asked, name: other}
    allowed = given_ahead.allows(wanted.items())
    assert not allowed or all(was_between(one, value, seen) for one, value in wanted.items())


@given(seen=st.lists(values, min_size=1, max_size=4), more=values)
def test_what_worked_is_within_and_more_successes_only_widen(
    seen: list[dict[str, Scalar]], more: dict[str, Scalar]
) -> None:
    narrow, wide = order(bounds_of(seen, SPECS)), order(bounds_of([*seen, more], SPECS))
    assert all(narrow.allows(one.items()) and wide.allows(one.items()) for one in seen)
    assert wide.allows(more.items())


@given(seen=st.lists(values, min_size=1, max_size=4))
def test_an_order_is_read_as_it_was_written(seen: list[dict[str, Scalar]]) -> None:
    before = order(bounds_of(seen, SPECS))
    after = from_json(to_json(before, StandingOrder), StandingOrder)
    assert after == before
    assert all(after.allows(one.items()) for one in seen)


@pytest.mark.parametrize("asked", [{}, {"service": "app", "days": 7, "more": 1}, {"service": "app"}])
def test_exactly_its_parameters(asked: dict[str, Scalar]) -> None:
    bounds = bounds_of([{"service": "app", "days": 7}], SPECS)
    assert not order(bounds).allows(asked.items())


@pytest.mark.parametrize("value", [True, "7", 7.5, float("nan"), float("inf"), ("7",)])
def test_only_a_number_is_in_a_range(value: Scalar) -> None:
    assert not Bound("days", (), 7, 7).allows(value)


@pytest.mark.parametrize(("pids", "found"), [((7, 8, 9), "pid"), ((7, 7, 7), ""), ((7, 7, 8), ""), ((7,), "")])
def test_an_order_for_another_number_each_time_would_never_serve(pids: tuple[int, ...], found: str) -> None:
    bounds = (Bound("pid", tuple(dict.fromkeys(pids))), Bound("service", ("app", "web", "db")))
    assert never_the_same(bounds, len(pids)) == found


def test_what_selects_a_thing_is_never_a_range() -> None:
    cure = skill("port: int, days: int")
    (days, port) = bounds_of([{"port": 80, "days": 1}, {"port": 8080, "days": 9}], cure.parameters)
    assert (days.least, days.most) == (1, 9)
    assert (port.allows(80), port.allows(443)) == (True, False)


@pytest.mark.parametrize(
    "bounds",
    [
        (Bound("other", ("x",)),),
        (Bound("days", ("x",)),),
        (Bound("days", (True,)),),
        (Bound("days", (), 9, 1),),
        (Bound("days", (), 1, None),),
        (Bound("how", ("hard",)),),
        (Bound("how", (), 1, 2),),
        (Bound("days", (1,)), Bound("days", (2,))),
    ],
)
def test_an_order_wider_than_its_skill_is_known_as_such(bounds: tuple[Bound, ...]) -> None:
    cure = skill('days: int = 7, how: Literal["soft", "firm"] = "soft"')
    assert is_wider(bounds, cure)
    assert not is_wider((Bound("days", (), 1, 9), Bound("how", ("soft",))), cure)


@pytest.mark.parametrize(
    ("hour", "zone", "night"),
    [
        (23, UTC, 14),
        (11, UTC, 13),
        (12, UTC, 14),
        (3, timezone(timedelta(hours=8)), 13),
        (4, timezone(timedelta(hours=8)), 14),
    ],
)
def test_a_night_goes_from_noon_to_noon_where_the_machine_is(hour: int, zone: timezone, night: int) -> None:
    assert night_of(NOW.replace(hour=hour), zone).day == night


def test_uses_of_one_night_are_counted_without_the_incident_that_asks() -> None:
    used = replace(
        order(()), uses=(Use("i1", NOW), Use("i2", NOW + timedelta(hours=5)), Use("i0", NOW - timedelta(days=1)))
    )
    after_midnight = NOW + timedelta(hours=6)
    assert (used.used_tonight(after_midnight, zone=UTC), used.used_tonight(after_midnight, "i2", UTC)) == (2, 1)


# ---- people -------------------------------------------------------------------------------------------------------------------------


def test_what_nobody_confirmed_lets_nothing_happen_and_what_is_over_is_not_confirmed() -> None:
    night = trusted()
    order_id = night.orders[0].id

    def again(play_night: Night) -> None:
        play_night.both(lambda play: play.team.trust.orders.revoke(order_id, "mia"))

    again(night)
    with pytest.raises(NoOrderError):
        night.both(lambda play: play.team.trust.orders.renew(order_id, "li"))
    again(night)
    assert night.orders[0].ended_why == "revoked by mia"
    assert night.both(lambda play: play.team.trust.orders.use(order_id, "another")) is False
    with pytest.raises(UnknownError):
        night.both(lambda play: play.team.trust.orders.revoke("O-NOBODY", "mia"))


def test_a_list_that_was_changed_stands_for_nothing() -> None:
    night = trusted()
    night.both(lambda play: play.store.shelf.broken.add("list of every order"))
    night.heal()
    night.wait(3600)
    night.break_again()
    assert night.asked.restraints == ("the standing orders do not verify",)
