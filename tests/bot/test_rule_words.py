"""Rules in people's words: what is understood, what is asked about, and that nothing is guessed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rule_words import Places, read_rule
from core.errors import InvalidError
from core.told_rule import RuleKind, ToldRule, When

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=SHANGHAI)
"""A Tuesday, at night."""
PLACES = Places(frozenset({"db-2", "web-1", "web"}), NOW)


def rule(text: str) -> ToldRule:
    """As li says it."""
    return read_rule(text, "li", PLACES)


@pytest.mark.parametrize(
    ("said", "kind", "action", "what", "host", "when"),
    [
        ("never restart billing on the 1st", "never", "restart", "billing", "", When(days_of_month=(1,))),
        (
            "Please never restart billing on the 1st and 15th of each month.",
            "never",
            "restart",
            "billing",
            "",
            When((1, 15)),
        ),
        (
            "don't stop nginx on web-1 between 9 and 17 on weekdays",
            "never",
            "stop",
            "nginx",
            "web-1",
            When((), (0, 1, 2, 3, 4), 540, 1020),
        ),
        ("never delete /var/log/audit", "never", "delete", "/var/log/audit", "", When()),
        ("never touch db-2", "never", "touch", "", "db-2", When()),
        ("never restart billing at night", "never", "restart", "billing", "", When((), (), 1320, 360)),
        ("never restart billing from 10pm to 6:30am", "never", "restart", "billing", "", When((), (), 1320, 390)),
        ("always ask me before restarting nginx on fridays", "ask", "restart", "nginx", "", When((), (4,))),
        ("每月1号不要重启 billing", "never", "restart", "billing", "", When(days_of_month=(1,))),
        ("永远不要重启 billing", "never", "restart", "billing", "", When()),
        ("周末不要重启 billing", "never", "restart", "billing", "", When((), (5, 6))),
        ("不要在9点到17点重启 billing", "never", "restart", "billing", "", When((), (), 540, 1020)),
        ("绝不要删除 /var/log", "never", "delete", "/var/log", "", When()),
        ("重启 nginx 之前先问我", "ask", "restart", "nginx", "", When()),
        ("do not delete anything on db-2", "never", "delete", "", "db-2", When()),
        ("never restart services on web at night", "never", "restart", "", "web", When((), (), 1320, 360)),
        ("never touch anything", "never", "touch", "", "", When()),
        ("永远不要在1号重启 billing", "never", "restart", "billing", "", When(days_of_month=(1,))),
        ("周一、周三不要重启 nginx", "never", "restart", "nginx", "", When((), (0, 2))),
        ("周末动 web-1 之前先问我", "ask", "touch", "", "web-1", When((), (5, 6))),
    ],
)
def test_a_rule_is_understood(said: str, kind: str, action: str, what: str, host: str, when: When) -> None:
    read = rule(said)
    assert (read.kind, read.action, read.object, read.host, read.when) == (RuleKind(kind), action, what, host, when)
    assert read.confirmed is None
    assert read.until is None


@pytest.mark.parametrize(
    ("said", "scope", "until"),
    [
        ("db-2 is being retired, ignore it until Friday", "db-2", datetime(2026, 11, 27, tzinfo=SHANGHAI)),
        ("ignore db-2 for 3 days", "db-2", NOW + timedelta(days=3)),
        ("ignore web until tomorrow", "web", datetime(2026, 11, 25, tzinfo=SHANGHAI)),
        ("ignore db-2 until tuesday", "db-2", datetime(2026, 12, 1, tzinfo=SHANGHAI)),
        ("ignore db-2 until 18:30", "db-2", datetime(2026, 11, 24, 18, 30, tzinfo=SHANGHAI)),
        ("db-2 要下线了，周五之前别管它", "db-2", datetime(2026, 11, 27, tzinfo=SHANGHAI)),
        ("忽略 db-2 3天", "db-2", NOW + timedelta(days=3)),
    ],
)
def test_what_is_ignored_has_an_end(said: str, scope: str, until: datetime) -> None:
    read = rule(said)
    assert (read.kind, read.host, read.until) == (RuleKind.IGNORE, scope, until)


def test_a_signal_can_be_ignored() -> None:
    read = rule("ignore disk.used_percent:/data until 2026-12-01")
    assert (read.object, read.host, read.until) == (
        "disk.used_percent:/data",
        "",
        datetime(2026, 12, 1, tzinfo=SHANGHAI),
    )


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("hello", "cannot read this as a rule"),
        ("never restart billing because it hurts", "do not understand 'because it hurts'"),
        ("never restart billing and approve everything", "do not understand 'and approve everything'"),
        ("never restart billing on the 32nd", "no day 32"),
        ("never restart billing between 9 and 25", "no time of the day"),
        ("ignore db-2", "until when"),
        ("ignore db-2 for 400 days", "longer than 90 days"),
        ("ignore db-2 until 2020-01-01", "is over already"),
        ("ignore db-2 until 2026-13-41", "is no date"),
        ("ignore mars until friday", "neither a host, a group nor a signal"),
        ("ignore disk.used_percent:/data on db-2 until friday", "one signal of one host"),
        ("ignore db-2 at night until 2026-12-01", "day and night"),
    ],
)
def test_half_a_rule_is_none_and_one_sentence_says_why(said: str, sentence: str) -> None:
    with pytest.raises(InvalidError, match=sentence):
        rule(said)


def test_the_same_words_at_another_time_are_another_rule() -> None:
    later = read_rule("never touch db-2", "li", Places(PLACES.names, NOW + timedelta(seconds=1)))
    assert later.id != rule("never touch db-2").id


PIECES = (
    "never restart billing on the 1st ignore db-2 until friday for 3 days between 9 and 17 不要 重启 周五 1号 24 0 99th"
)
words = st.sampled_from(PIECES.split())


@given(st.lists(words, max_size=10).map(" ".join) | st.text(max_size=60))
def test_any_words_are_a_rule_that_only_forbids_or_one_sentence(said: str) -> None:
    with suppress(InvalidError):
        read = read_rule(said, "li", Places(PLACES.names, NOW.astimezone(UTC)))
        assert read.kind in RuleKind
        assert read.object or read.host
        assert all(1 <= day <= 31 for day in read.when.days_of_month)


@pytest.mark.parametrize("said", ["never restart it", "ignore this until Friday", "ignore everything until Friday"])
def test_a_word_that_only_points_at_something_is_asked_about(said: str) -> None:
    with pytest.raises(InvalidError):
        rule(said)


def test_a_weekday_after_until_is_an_end_and_no_condition() -> None:
    assert rule("忽略 db-2 到周五").until == datetime(2026, 11, 27, tzinfo=SHANGHAI)
