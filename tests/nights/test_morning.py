"""What people read in the morning: after a quiet night, after one where only looking was allowed, and after a busy one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest import MorningTime
from bot.messages import words_of
from bot.messages.digest_card import digest_card
from core.approval import Verdict
from core.digest import Digest, Morning, Told, Wish, Woken
from core.incident import Ending
from core.inventory import Mode
from core.page import Page, PageReason, Receipt
from core.pause import Pause, PauseKind
from tests.bot.open_night import OpenNight
from tests.nights.night import GROUP, Night, Play, disk_full_on
from tests.nights.remedies import rotate_logs

DAY = timedelta(days=1)


def morning(play: Play, later: timedelta = timedelta(seconds=1)) -> Digest:
    """The digest of the day before now."""
    store = play.store
    maker = Morning(
        store.incidents,
        store.approvals,
        store.history,
        store.memory,
        store.pages,
        store.orders,
        store.pauses,
        lambda _host: GROUP,
    )
    return maker.digest(store.clock.now() + later, (store.clock.now() - 3 * DAY, 3))


def told(night: Night) -> Digest:
    """The morning after this night."""
    return night.both(morning)


def text(digest: Digest, language: str = "en") -> str:
    """As it is read."""
    return digest_card(words_of(language), digest, digest.until, {})


def page(play: Play, person: str, reason: PageReason = PageReason.SEVERE) -> None:
    """Somebody was woken about the newest incident."""
    now = play.store.clock.now()
    (incident,) = play.store.incidents.incidents(only_open=False, limit=1)
    receipt = Receipt(ok=True, detail="sent", at=now)
    play.store.pages.put(
        Page(f"{incident.id}:{reason}:{person}", incident.id, reason, person, "wake up", 0, now, receipt)
    )


@pytest.mark.parametrize(
    ("verdict", "line", "why", "is_seen"),
    [
        (Verdict.DENIED, "observe | medium | owned | probe -> deny", "", True),
        (Verdict.APPROVED, "observe | low | owned | probe -> go", "", False),
        (Verdict.DENIED, "auto | medium | owned | recall -> go", "repaired 3 times within the hour", False),
        (Verdict.DENIED, "auto | high | owned | claim -> deny", "", False),
    ],
)
def test_what_a_rule_or_the_risk_forbade_is_not_what_was_only_observed(
    verdict: Verdict,
    line: str,
    why: str,
    is_seen: bool,
) -> None:
    asked = OpenNight().ask()
    assert replace(asked, verdict=verdict, policy_line=line, why=why or line).is_only_observed is is_seen


def test_a_group_that_is_only_observed_is_not_touched_and_the_morning_says_what_would_have_been_done() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()], mode=Mode.OBSERVE)
    night.wait(3600)
    assert night.host("web-1").effects == []
    assert night.both(lambda play: dict(play.store.shelf.effects)) == {}
    (would,) = told(night).would
    assert (would.host, would.skill) == ("web-1", rotate_logs().name)
    assert f"Would have (observed only) 1: {rotate_logs().name} on web-1" in text(told(night))
    assert "本来会做（只观察）1" in text(told(night), "zh")


def test_a_quiet_night_is_told_too() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.answer(Verdict.APPROVED)
    quiet = night.both(lambda play: morning(play, 2 * DAY))
    assert quiet.is_quiet
    assert text(quiet).startswith("Good morning. Night to ")
    assert "quiet, you slept" in text(quiet)
    assert "平安无事" in text(quiet, "zh")


def test_what_was_asked_and_fixed_is_told_and_nobody_was_woken() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.answer(Verdict.APPROVED)
    digest = told(night)
    assert [one.ending for one in digest.fixed] == [Ending.FIXED]
    assert digest.woken == ()
    assert "troubles: 1, nobody was woken" in text(digest)


def test_what_was_done_and_not_measured_is_not_called_fixed() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.answer(Verdict.APPROVED)
    digest = told(night)
    unproven = replace(digest, fixed=tuple(replace(one, ending=Ending.UNPROVEN) for one in digest.fixed))
    assert "Done, not proven 1: " in text(unproven)
    assert "Fixed" not in text(unproven)


def test_what_worked_three_times_is_what_it_would_like_to_do_alone() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.answer(Verdict.APPROVED)
    assert told(night).wishes == ()
    for _ in range(2):
        night.break_again()
        night.answer(Verdict.APPROVED)
    (wish,) = told(night).wishes
    assert (wish.skill, wish.times) == (rotate_logs().name, 3)
    assert f"orders new {wish.incident}" in text(told(night))


def test_what_earned_trust_did_alone_is_told_as_such() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()], mode=Mode.AUTO)
    for _ in range(3):
        night.answer(Verdict.APPROVED)
        night.wait(3600)
        night.break_again()
    (alone,) = told(night).alone
    assert (alone.skill, alone.order) == (rotate_logs().name, "")
    assert "by earned trust" in text(told(night))


@pytest.mark.parametrize(("heals", "needed"), [(True, False), (False, None)])
def test_who_was_woken_is_named_and_whether_that_was_needed(heals: bool, needed: bool | None) -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.both(lambda play: page(play, "li"))
    night.both(lambda play: page(play, "bo", PageReason.DRILL))
    night.both([lambda _play: None, Play.heal][heals])
    night.wait(120)
    assert [(one.person, one.was_needed) for one in told(night).woken] == [("li", needed)]


def test_a_month_counts_its_nights() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.both(lambda play: page(play, "li"))
    month = told(night).month
    assert month is not None
    assert (month.nights, month.slept, month.woken, month.wrong) == (3, 2, 1, 0)
    assert "slept 2 of 3 nights, woken 1x, wrong fixes 0" in text(told(night))


def test_what_was_muted_is_told_in_the_morning() -> None:
    def mute(play: Play) -> None:
        now = play.store.clock.now() - timedelta(minutes=5)
        play.store.pauses.put(Pause("P1", PauseKind.MUTE, "host:web-1", "li", now, now + DAY), "li", now)

    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.both(mute)
    night.answer(Verdict.APPROVED)
    assert [one.host for one in told(night).muted] == ["web-1"]


def test_a_mute_that_came_after_it_muted_nothing() -> None:
    def mute(play: Play) -> None:
        now = play.store.clock.now() + timedelta(minutes=1)
        play.store.pauses.put(Pause("P1", PauseKind.MUTE, "host:web-1", "li", now, now + DAY), "li", now)

    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.both(mute)
    night.answer(Verdict.APPROVED)
    assert told(night).muted == ()


def test_a_mute_that_is_over_by_now_is_still_told() -> None:
    def mute(play: Play) -> None:
        now = play.store.clock.now()
        ended = Pause("P1", PauseKind.MUTE, "host:web-1", "li", now - DAY, now + DAY, ended=now + timedelta(minutes=1))
        play.store.pauses.put(ended, "li", now)

    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    night.both(mute)
    night.answer(Verdict.APPROVED)
    assert [one.host for one in told(night).muted] == ["web-1"]


def test_what_still_waits_stands_first() -> None:
    night = Night(disk_full_on("web-1"), skills=[rotate_logs()])
    lines = text(told(night)).splitlines()
    assert lines[1].startswith("Waits for you 1: ")
    assert night.asked.id in lines[1]


# ---- one screen -----------------------------------------------------------------------------------------------------------------------

names = st.text(min_size=1, max_size=80)
signals, values, endings = st.just("disk.used_percent:/var/log"), st.just(97.0), st.sampled_from(Ending)
one = st.builds(Told, st.just("3f2a"), names, signals, values, endings, names, names, names)
many = st.lists(one, max_size=6).map(tuple)
moments = st.integers(0, 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
digests = st.builds(
    Digest,
    since=moments,
    until=moments,
    fixed=many,
    alone=many,
    bad=many,
    over=many,
    away=many,
    by_people=many,
    would=many,
    muted=many,
    open=many,
    woken=st.lists(st.builds(Woken, names, moments, names, st.sampled_from([True, False, None])), max_size=6).map(
        tuple
    ),
    waits=st.just(()),
    wishes=st.lists(st.builds(Wish, st.just("3f2a"), names, names, st.integers(3, 9)), max_size=5).map(tuple),
    month=st.none(),
)


@given(digests, st.sampled_from(["en", "zh"]))
def test_any_morning_is_one_message_of_a_few_lines(digest: Digest, language: str) -> None:
    lines = digest_card(words_of(language), digest, digest.until, {}, ["stop everything"], (12, "abcdef")).split("\n")
    assert len(lines) <= 17
    assert max(map(len, lines)) <= 420
    assert "\x1b" not in "".join(lines)


# ---- when -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 11, 23, 7, 59, tzinfo=UTC), datetime(2026, 11, 22, 8, tzinfo=UTC)),
        (datetime(2026, 11, 23, 8, 0, tzinfo=UTC), datetime(2026, 11, 23, 8, tzinfo=UTC)),
        (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), datetime(2026, 11, 23, 8, tzinfo=UTC)),
    ],
)
def test_the_morning_is_at_its_hour(now: datetime, due: datetime) -> None:
    assert MorningTime(time(8), ZoneInfo("UTC"), now - 10 * DAY).latest(now) == due


def test_the_hour_stays_the_same_when_the_clocks_change() -> None:
    when = MorningTime(time(8), ZoneInfo("Europe/Berlin"), datetime(2026, 1, 1, tzinfo=UTC))
    before, after = datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC)
    assert when.latest(before) == datetime(2026, 10, 24, 6, tzinfo=UTC)
    assert when.latest(after) == datetime(2026, 10, 25, 7, tzinfo=UTC)


def test_the_first_morning_of_a_month_tells_the_one_before() -> None:
    when = MorningTime(time(8), ZoneInfo("UTC"), datetime(2026, 10, 11, 12, tzinfo=UTC))
    assert when.month_before(datetime(2026, 11, 1, 8, tzinfo=UTC)) == (datetime(2026, 10, 1, 8, tzinfo=UTC), 21)
    assert when.month_before(datetime(2026, 11, 2, 8, tzinfo=UTC)) is None
