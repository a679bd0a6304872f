"""Who is on call: exactly one at any moment, handed over by the wall clock, summer and winter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidError
from core.on_call import Override, Schedule

ZONES = ("UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")


def wall(text: str) -> datetime:
    """What a clock on the wall shows."""
    return datetime.fromisoformat(text)


moments = st.datetimes(wall("2005-01-01"), wall("2045-01-01"), timezones=st.just(UTC))
schedules = st.builds(
    Schedule,
    rotation=st.lists(st.sampled_from(["li", "bo", "mei", "tom"]), min_size=1, max_size=4, unique=True).map(tuple),
    starts=st.datetimes(wall("2020-01-01"), wall("2030-01-01")),
    days=st.integers(0, 21),
    zone=st.sampled_from(ZONES),
)


@given(schedules, moments)
def test_at_any_moment_exactly_one_is_on_call_and_heads_the_ladder(schedule: Schedule, moment: datetime) -> None:
    ladder = schedule.ladder(moment)
    assert schedule.at(moment) == ladder[0]
    assert sorted(ladder) == sorted(schedule.rotation)


@given(schedules, moments, st.integers(1, 600))
def test_an_override_wins_as_long_as_it_lasts_and_changes_nothing_else(
    schedule: Schedule, moment: datetime, minutes: int
) -> None:
    end = moment + timedelta(minutes=minutes)
    held = Schedule(schedule.rotation, schedule.starts, schedule.days, schedule.zone, (Override("zoe", moment, end),))
    before, after = moment - timedelta(seconds=1), end
    assert (held.at(moment), held.at(end - timedelta(seconds=1))) == ("zoe", "zoe")
    assert held.ladder(moment)[1:] == schedule.ladder(moment)
    assert (held.at(before), held.at(after)) == (schedule.at(before), schedule.at(after))


@given(schedules, moments, st.integers(0, 40))
def test_turns_never_go_back(schedule: Schedule, moment: datetime, hours: int) -> None:
    rotation = tuple(str(number) for number in range(997))
    counted = Schedule(rotation, schedule.starts, max(1, schedule.days), schedule.zone)
    earlier, later = (int(counted.at(one)) for one in (moment, moment + timedelta(hours=hours)))
    assert (later - earlier) % 997 <= 2


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Shanghai"])
def test_the_handover_is_at_nine_by_the_wall_clock_all_year(zone: str) -> None:
    schedule = Schedule(("li", "bo"), wall("2026-01-05T09:00"), 7, zone)
    local = [(wall("2026-01-05T09:00") + timedelta(weeks=week)).replace(tzinfo=ZoneInfo(zone)) for week in range(60)]
    handovers = [one.astimezone(UTC) for one in local]
    assert [schedule.at(one) for one in handovers] == ["li", "bo"] * 30
    assert [schedule.at(one - timedelta(seconds=1)) for one in handovers] == ["bo", "li"] * 30


def test_a_handover_in_the_hour_that_comes_twice_happens_once() -> None:
    schedule = Schedule(("li", "bo"), wall("2026-10-24T02:30"), 1, "Europe/Berlin")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    quarters = [schedule.at(first + timedelta(minutes=15 * n)) for n in range(-2, 8)]
    assert quarters == ["li", "li", *["bo"] * 8]


def test_without_a_rhythm_the_order_is_always_the_same() -> None:
    schedule = Schedule(("li", "bo"), days=0)
    assert schedule.ladder(datetime(2031, 1, 1, tzinfo=UTC)) == ("li", "bo")


def test_nobody_in_the_rotation_is_nobody() -> None:
    assert Schedule(()).at(datetime(2026, 1, 1, tzinfo=UTC)) == ""


def test_overrides_that_overlap_or_run_backwards_are_refused() -> None:
    noon = datetime(2026, 2, 1, 12, tzinfo=UTC)
    one, two = (
        Override("li", noon, noon + timedelta(hours=2)),
        Override("bo", noon + timedelta(hours=1), noon + timedelta(hours=3)),
    )
    with pytest.raises(InvalidError, match="li and bo overlap"):
        Schedule(("li", "bo"), overrides=(two, one))
    with pytest.raises(InvalidError, match="ends before it begins"):
        Schedule(("li",), overrides=(Override("bo", noon, noon),))
