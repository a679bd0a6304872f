"""Windows by the calendar: when they begin, across time zones and clock changes, and which cannot be meant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidError
from core.maintenance import AHEAD, Cron, Window
from core.pause import PauseKind

HOUR = timedelta(hours=1)


def window(cron: str, hours: float = 1, zone: str = "UTC") -> Window:
    """One of the settings."""
    return Window(cron, timedelta(hours=hours), zone, ("web-1",), ("db",), "backup")


def begun(cron: str, now: str, hours: float = 1, zone: str = "UTC") -> list[str]:
    """Beginnings of the windows that are on, in UTC."""
    return [one.strftime("%d %H:%M") for one in window(cron, hours, zone).begun(datetime.fromisoformat(now + "Z"))]


@pytest.mark.parametrize(
    ("cron", "now", "expected"),
    [
        ("0 2 * * *", "2026-03-14T02:00", ["14 02:00"]),
        ("0 2 * * *", "2026-03-14T02:59", ["14 02:00"]),
        ("0 2 * * *", "2026-03-14T03:00", []),
        ("0 2 * * *", "2026-03-14T01:59", []),
        ("0 2 * * sun", "2026-03-15T02:30", ["15 02:00"]),
        ("0 2 * * 0", "2026-03-15T02:30", ["15 02:00"]),
        ("0 2 * * 7", "2026-03-15T02:30", ["15 02:00"]),
        ("0 2 * * 1-5", "2026-03-15T02:30", []),
        ("0 2 * * MON", "2026-03-16T02:30", ["16 02:00"]),
        ("30 23 * * *", "2026-03-15T00:15", ["14 23:30"]),
        ("0 2 1 * sun", "2026-03-15T02:30", ["15 02:00"]),
        ("0 2 14 * sun", "2026-03-14T02:30", ["14 02:00"]),
        ("0 2 14 3 *", "2026-03-14T02:30", ["14 02:00"]),
        ("0 2 14 apr *", "2026-03-14T02:30", []),
        ("*/20 2 * * *", "2026-03-14T02:45", ["14 02:40"]),
        ("5 0-4/2 * * *", "2026-03-14T04:40", ["14 04:05"]),
    ],
)
def test_a_window_is_on_from_its_beginning_for_its_length(cron: str, now: str, expected: list[str]) -> None:
    assert begun(cron, now, 1 if "*/20" not in cron else 0.25) == expected


def test_a_line_is_read_where_its_zone_is() -> None:
    assert begun("0 2 * * sun", "2026-03-14T18:30", zone="Asia/Shanghai") == ["14 18:00"]


def test_it_is_laid_down_a_moment_early_so_that_none_begins_late() -> None:
    at = datetime(2026, 3, 14, 2, tzinfo=UTC)
    assert list(window("0 2 * * *").begun(at - AHEAD)) == [at]
    assert list(window("0 2 * * *").begun(at - AHEAD - timedelta(seconds=1))) == []


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-29T00:59", []),
        ("2026-03-29T01:35", ["29 01:30"]),
        ("2026-10-25T00:35", ["25 00:30"]),
        ("2026-10-25T01:35", []),
    ],
)
def test_in_the_night_of_a_clock_change_it_begins_once_and_is_no_longer(now: str, expected: list[str]) -> None:
    assert begun("30 2 * * *", now, zone="Europe/Berlin") == expected


def test_each_host_and_group_has_its_own_pause_and_the_same_window_the_same_ids() -> None:
    now = datetime(2026, 3, 14, 2, 10, tzinfo=UTC)
    first, again = (list(window("0 2 * * *").pauses(now + n * timedelta(minutes=5))) for n in (0, 1))
    assert first == again
    assert [(one.scope, one.kind, one.by) for one in first] == [
        ("host:web-1", PauseKind.MAINTENANCE, "settings"),
        ("group:db", PauseKind.MAINTENANCE, "settings"),
    ]
    assert {(one.since, one.until) for one in first} == {(now.replace(minute=0), now.replace(minute=0) + HOUR)}
    tomorrow = list(window("0 2 * * *").pauses(now + timedelta(days=1)))
    assert not {one.id for one in first} & {one.id for one in tomorrow}


@pytest.mark.parametrize(
    ("cron", "hours", "said"),
    [
        ("0 2 * *", 1, "five fields"),
        ("0 2 * * * *", 1, "five fields"),
        ("60 2 * * *", 1, "no number from 0 to 59"),
        ("0 24 * * *", 1, "no number from 0 to 23"),
        ("0 2 0 * *", 1, "no number from 1 to 31"),
        ("0 2 * 13 *", 1, "no number from 1 to 12"),
        ("0 2 * * 8", 1, "no number from 0 to 7"),
        ("0 2 * * someday", 1, "no number from 0 to 7"),
        ("٣ 2 * * *", 1, "no number"),
        ("-1 2 * * *", 1, "no number"),
        ("*/0 2 * * *", 1, "no number from 1"),
        ("5-2 2 * * *", 1, "backwards"),
        ("0 2 31 2 *", 1, "never comes"),
        ("* * * * *", 1, "never end"),
        ("0 * * * *", 1, "never end"),
        ("0 2 * * *", 24, "never end"),
        ("0 2 * * sun", 24 * 7, "never end"),
        ("0 2 1 * *", 24 * 8, "at most 7 days"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_one_sentence(cron: str, hours: float, said: str) -> None:
    with pytest.raises(InvalidError, match=said):
        window(cron, hours).check()


@pytest.mark.parametrize(
    ("cron", "hours"), [("0 2 * * *", 23), ("0 0 * * sat", 48), ("0 0 29 2 *", 24), ("*/30 * * * *", 0.25)]
)
def test_what_comes_and_ends_is_taken(cron: str, hours: float) -> None:
    window(cron, hours).check()


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidError, match="no time zone"):
        window("0 2 * * *", zone="Mars/Olympus").check()


@given(st.text(max_size=40))
def test_no_text_does_anything_but_be_read_or_refused(text: str) -> None:
    try:
        line = Cron.parse(text)
    except InvalidError:
        return
    assert line.times
    assert line.weekdays <= set(range(7))


@given(st.integers(0, 59), st.integers(0, 23), st.integers(0, 2 * 365 * 86400))
def test_a_daily_window_is_on_for_exactly_its_length(minute: int, hour: int, at: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=at)
    found = list(window(f"{minute} {hour} * * *", 3).begun(now))
    since = (now - now.replace(hour=hour, minute=minute, second=0, microsecond=0)) % timedelta(days=1)
    assert bool(found) == (since < 3 * HOUR or timedelta(days=1) - since <= AHEAD)


@given(st.dates(date(2026, 1, 1), date(2030, 1, 1)))
def test_both_day_fields_stated_mean_either(day: date) -> None:
    line = Cron.parse("0 0 13 * fri")
    assert line.falls_on(day) == (day.day == 13 or day.isoweekday() == 5)
