"""The words that keep Nightshift off for a while, as people type them: who may, what is said, what is still on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.approval import Verdict
from core.card import Card, CardKind
from core.pause import Pause, PauseKind
from tests.bot.open_night import OpenNight
from tests.contracts.nouns import report


@pytest.fixture
def night() -> OpenNight:
    return OpenNight()


def on(night: OpenNight) -> list[tuple[str, str, str]]:
    """What is laid down now: word, scope, who."""
    now = night.store.clock.now()
    return [(one.kind, one.scope, one.by) for one in night.store.pauses.all() if one.is_on(now)]


def slack(night: OpenNight, text: str, by: str = "slack:U2") -> str:
    """What one person types in Slack, and the reply."""
    return night.say(text, by=by, channel="slack").text


@pytest.mark.parametrize("name", ["question", "incident", "localhost"])
def test_take_is_of_the_host_and_puts_its_question_aside(night: OpenNight, name: str) -> None:
    approval = night.ask()
    target = {"question": approval.id, "incident": night.incident}.get(name, name)
    said = slack(night, f"take {target}")
    assert on(night) == [("take", "host:localhost", "bo")]
    assert (night.verdict(approval), night.store.approvals.load(approval.id).by) == ("held", ("bo",))
    assert "It is yours, bo: host localhost" in said
    assert "take localhost off" in said
    assert night.store.pauses.all()[0].about == night.incident


def test_take_alone_means_the_only_open_incident_and_asks_where_there_are_two(night: OpenNight) -> None:
    slack(night, "take")
    assert on(night) == [("take", "host:localhost", "bo")]
    night.alert("process.down:nginx")
    assert "Which one?" in slack(night, "take")


@pytest.mark.parametrize("typed", ["take {} off", "go localhost", "go {}"])
def test_a_take_ends_by_off_or_by_go_of_an_approver(night: OpenNight, typed: str) -> None:
    slack(night, f"take {night.incident}", "slack:U1")
    assert night.say(typed.format(night.incident), by="slack:U1", channel="slack").ok
    assert on(night) == []


def test_who_has_it_not_ends_it_only_as_an_approver(night: OpenNight) -> None:
    slack(night, "take localhost", "slack:U1")
    assert "Only li or an approver can end that" in slack(night, "take localhost off")
    assert on(night) == [("take", "host:localhost", "li")]
    slack(night, "take localhost off", "slack:U4")
    assert on(night) == []


def test_of_two_who_say_maintenance_each_ends_their_own(night: OpenNight) -> None:
    slack(night, "maintenance localhost 2h disk swap", "slack:U1")
    said = slack(night, "maintenance localhost 1h")
    assert "Also there: maintenance: host localhost, by li, until 05:00 (disk swap)" in said
    assert len(on(night)) == 2
    slack(night, "maintenance localhost off")
    assert on(night) == [("maintenance", "host:localhost", "li")]


def test_status_names_every_pause_who_and_until_when(night: OpenNight) -> None:
    slack(night, "maintenance web 2h disk swap", "slack:U1")
    slack(night, f"ack {night.incident}")
    slack(night, "take localhost")
    lines = night.say("status").text.splitlines()
    shown = [line for line in lines if ", by " in line]
    assert shown == [
        "maintenance: group web, by li, until 05:00 (disk swap)",
        f"seen: incident {night.incident}, by bo, until it is ended",
        "taken: host localhost, by bo, until it is ended",
    ]


@pytest.mark.parametrize(
    ("typed", "kind", "scope", "hours"),
    [
        ("ack {}", "ack", "incident:{}", None),
        ("snooze {} 45m", "snooze", "incident:{}", 0.75),
        ("snooze {}", "snooze", "incident:{}", 0.5),
        ("mute localhost 3h", "mute", "host:localhost", 3),
        ("mute web", "mute", "group:web", 2),
        ("mute disk.used_percent:/ 1h", "mute", "signal:disk.used_percent:/", 1),
        ("mute claim:disk.used_percent:/ 1h", "mute", "claim:disk.used_percent:/", 1),
        ("maintenance web 24h", "maintenance", "group:web", 24),
        ("维护 localhost 2小时", "maintenance", "host:localhost", 2),
        ("接手 {}", "take", "host:localhost", None),
    ],
)
def test_each_word_lays_down_one_pause(
    night: OpenNight, typed: str, kind: str, scope: str, hours: float | None
) -> None:
    assert night.say(typed.format(night.incident), by="slack:U1", channel="slack").ok
    (pause,) = night.store.pauses.all()
    lasts = None if pause.until is None else (pause.until - pause.since) / timedelta(hours=1)
    assert (pause.kind, pause.scope, lasts) == (kind, scope.format(night.incident), hours)


@pytest.mark.parametrize("typed", ["ack {}", "mute localhost 1h", "mute disk.used_percent 1h"])
def test_ack_and_mute_leave_the_question_open(night: OpenNight, typed: str) -> None:
    approval = night.ask()
    slack(night, typed.format(night.incident))
    assert night.verdict(approval) == "pending"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("maintenance localhost 25h", "lasts at most 1 d"),
        ("maintenance localhost 3d", "lasts at most 1 d"),
        ("snooze {} 8d", "lasts at most 7 d"),
        ("maintenance nginx 1h", "I know no host, group, incident or signal called nginx"),
        ("mute nginx 1h", "I know no host, group, incident or signal called nginx"),
        ("maintenance {} 1h", "is for a host or a group"),
        ("snooze localhost 1h", "snooze is for one incident"),
        ("ack localhost", "Which one?"),
        ("take nginx", "I know no host"),
        ("take localhost off", "host localhost: no such pause (taken)"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence_and_lays_down_nothing(night: OpenNight, typed: str, said: str) -> None:
    answer = night.say(typed.format(night.incident), by="slack:U1", channel="slack")
    assert (answer.ok, on(night)) == (False, [])
    assert said in answer.text


@pytest.mark.parametrize(
    "typed", ["snooze {} 1h", "mute localhost 1h", "maintenance localhost 1h", "maintenance web 1h"]
)
def test_a_word_about_somebody_elses_group_is_refused(night: OpenNight, typed: str) -> None:
    answer = night.say(typed.format(night.incident), by="slack:U3", channel="slack")
    assert (answer.ok, on(night)) == (False, [])
    assert "needs the role" in answer.text


def test_a_signal_and_everything_touch_every_group(night: OpenNight) -> None:
    for typed in ("mute disk.used_percent 1h", "maintenance all 1h", "mute all 1h"):
        assert not night.say(typed, by="slack:U3", channel="slack").ok
    assert night.say("maintenance all 1h", by="slack:U1", channel="slack").ok


def test_a_message_that_is_handled_again_lays_down_the_same_pause(night: OpenNight) -> None:
    slack(night, "maintenance localhost 1h")
    night.said -= 1
    slack(night, "maintenance localhost 1h")
    assert len(on(night)) == 1


def test_a_closed_incident_is_neither_taken_nor_put_to_sleep(night: OpenNight) -> None:
    night.store.incidents.close(report(night.incident, night.store.clock.now()), (), ())
    for word in ("take", "ack", "snooze"):
        answer = night.say(f"{word} {night.incident}", by="slack:U1", channel="slack")
        assert (answer.ok, answer.text) == (False, f"{night.incident} is closed already.")


# ---- what is delivered ------------------------------------------------------------------------------------------------------------


def lay_down(night: OpenNight, kind: PauseKind, scope: str) -> None:
    """As a person's word does."""
    now = night.store.clock.now()
    night.store.pauses.put(Pause("P1", kind, scope, "li", now, now + timedelta(hours=1)), "li", now)


@pytest.mark.parametrize("kind", [PauseKind.MUTE, PauseKind.SNOOZE, PauseKind.MAINTENANCE])
def test_what_is_silenced_counts_as_sent_and_is_not_shown(night: OpenNight, kind: PauseKind) -> None:
    lay_down(night, kind, "host:localhost")
    night.ask()
    assert night.desk.deliver("slack") == 1
    assert night.channels["slack"].shown == []
    assert night.desk.deliver("slack") == 0


@pytest.mark.parametrize("kind", [PauseKind.TAKE, PauseKind.ACK])
def test_who_has_it_or_has_seen_it_still_hears_of_it(night: OpenNight, kind: PauseKind) -> None:
    night.ask()
    lay_down(night, kind, "host:localhost")
    night.desk.deliver("slack")
    assert len(night.channels["slack"].shown) == 1


@pytest.mark.parametrize(("scope", "shown"), [("signal:disk.used_percent", 0), ("claim:disk.used_percent", 1)])
def test_a_mute_of_what_we_measure_is_none_of_what_others_say(night: OpenNight, scope: str, shown: int) -> None:
    lay_down(night, PauseKind.MUTE, scope)
    night.ask()
    night.desk.deliver("slack")
    assert len(night.channels["slack"].shown) == shown


def test_a_note_about_a_muted_host_waits_too_and_one_about_ourselves_never_does(night: OpenNight) -> None:
    lay_down(night, PauseKind.MUTE, "all")
    now = night.store.clock.now()
    night.store.outbox.post(Card("note:1", CardKind.NOTE, "", "localhost|disk.used_percent:/", "went back"), now)
    night.store.outbox.post(Card("self:1", CardKind.SELF, "", "", "I may be blind"), now)
    night.desk.deliver("slack")
    assert [card.kind for _, card in night.channels["slack"].shown] == [CardKind.SELF]


def test_a_question_under_a_take_cannot_be_answered_any_more(night: OpenNight) -> None:
    approval = night.ask()
    slack(night, "take localhost")
    assert not night.say(f"approve {approval.id}").ok
    assert night.store.approvals.load(approval.id).verdict is Verdict.HELD


def test_a_list_that_was_changed_silences_nothing_and_every_word_says_so(night: OpenNight) -> None:
    night.store.shelf.broken.add("list of every pause")
    night.ask()
    night.desk.deliver("slack")
    assert len(night.channels["slack"].shown) == 1
    assert "does not verify" in slack(night, "maintenance localhost 1h")
    assert night.say("status").ok
