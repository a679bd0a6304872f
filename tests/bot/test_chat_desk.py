"""The desk: who may what, what a decision does, and that nothing towards a yes is guessed."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest

from bot.answers import Answer
from core.approval import Answer as PolicyAnswer
from core.approval import Approval, Verdict
from core.capability import Risk
from core.card import Card, CardKind
from core.inventory import HostEntry, Inventory
from core.message import Message
from tests.bot.open_night import OWNER, OpenNight


@pytest.fixture
def night() -> OpenNight:
    return OpenNight()


def test_a_yes_decides_the_question_it_names(night: OpenNight) -> None:
    approval = night.ask()
    answer = night.say(f"approve {approval.id}")
    assert answer.ok
    assert answer.incident == night.incident
    assert night.verdict(approval) == "approved"
    assert night.store.approvals.load(approval.id).by == (OWNER,)


def test_a_unique_beginning_is_enough_but_two_letters_are_not(night: OpenNight) -> None:
    approval = night.ask()
    assert not night.say(f"approve {approval.id[:2]}").ok
    assert night.verdict(approval) == "pending"
    assert night.say(f"approve {approval.id[:4].lower()}").ok


def test_a_yes_to_nothing_lists_what_waits(night: OpenNight) -> None:
    approval = night.ask()
    answer = night.say("approve ZZZZZZ")
    assert not answer.ok
    assert approval.id in answer.text
    assert night.verdict(approval) == "pending"


def test_a_second_answer_changes_nothing_and_is_told_who_was_first(night: OpenNight) -> None:
    approval = night.ask()
    night.say(f"reject {approval.id} not tonight", by="slack:U2", channel="slack")
    answer = night.say(f"approve {approval.id}")
    assert not answer.ok
    assert "bo" in answer.text
    assert night.verdict(approval) == "rejected"
    assert night.store.approvals.load(approval.id).why == "not tonight"


def test_the_clock_decides_before_a_late_yes(night: OpenNight) -> None:
    approval = night.ask()
    night.store.clock.advance(5 * 3600)
    assert "expired" in night.say(f"approve {approval.id}").text
    assert night.verdict(approval) == "expired"


@pytest.mark.parametrize(
    ("by", "channel"),
    [
        ("slack:U9", "slack"),
        ("os:1000", "slack"),
        ("slack:U1", "wecom"),
        ("os:4711", "console"),
        ("", "slack"),
        ("os:1000 ", "console"),
    ],
)
@pytest.mark.parametrize("text", ["approve {}", "reject {}", "stop", "status", "help"])
def test_a_stranger_may_nothing_at_all(night: OpenNight, by: str, channel: str, text: str) -> None:
    approval = night.ask()
    answer = night.say(text.format(approval.id), by=by, channel=channel)
    assert not answer.ok
    assert approval.id not in answer.text
    assert night.verdict(approval) == "pending"
    assert night.store.gate.stops() == ()


@pytest.mark.parametrize(
    ("by", "verdict"), [("slack:U1", "approved"), ("slack:U2", "pending"), ("slack:U3", "pending")]
)
def test_only_an_approver_of_the_hosts_groups_says_yes(night: OpenNight, by: str, verdict: str) -> None:
    approval = night.ask()
    night.say(f"approve {approval.id}", by=by, channel="slack")
    assert night.verdict(approval) == verdict


@pytest.mark.parametrize("by", ["slack:U1", "slack:U2", "slack:U3"])
def test_every_member_may_stop_take_and_reject(night: OpenNight, by: str) -> None:
    approval = night.ask()
    night.say("stop", by=by, channel="slack")
    assert [scope for scope, _, _ in night.store.gate.stops()] == ["all"]
    assert night.say(f"reject {approval.id}", by=by, channel="slack").ok


def test_two_accounts_of_one_person_are_one_person(night: OpenNight) -> None:
    approval = night.ask(night.proposal(risk=Risk.HIGH), PolicyAnswer.ASK2)
    night.say(f"approve {approval.id}", by="slack:U1", channel="slack")
    night.say(f"approve {approval.id}", by="os:2001", channel="console")
    assert night.verdict(approval) == "pending"
    night.say(f"approve {approval.id}", by="slack:U4", channel="slack")
    assert night.verdict(approval) == "approved"


def test_with_one_approver_a_high_risk_wants_the_hosts_name_typed_at_this_machine() -> None:
    night = OpenNight(Inventory((HostEntry("localhost"),)))
    approval = night.ask(night.proposal(risk=Risk.HIGH), PolicyAnswer.ASK2)
    assert "localhost" in night.say(f"approve {approval.id}").text
    assert not night.say(f"approve {approval.id} web-1").ok
    assert night.verdict(approval) == "pending"
    assert night.say(f"approve {approval.id} localhost").ok
    assert night.store.approvals.load(approval.id).by == (OWNER, f"{OWNER} typed localhost")


def test_while_something_is_stopped_nothing_there_can_be_approved(night: OpenNight) -> None:
    approval = night.ask()
    night.say("stop localhost")
    assert "go" in night.say(f"approve {approval.id}").text
    assert night.verdict(approval) == "pending"
    assert night.say(f"reject {approval.id}").ok


@pytest.mark.parametrize(
    ("typed", "scope"),
    [
        ("stop", "all"),
        ("stop localhost", "host:localhost"),
        ("stop web", "group:web"),
        ("stop the whole thing", "all"),
        ("stop nginx", "all"),
    ],
)
def test_a_stop_that_means_nothing_stops_everything(night: OpenNight, typed: str, scope: str) -> None:
    night.say(typed)
    assert [one for one, _, _ in night.store.gate.stops()] == [scope]


def test_a_stop_names_an_incident_by_its_beginning_or_its_question(night: OpenNight) -> None:
    approval = night.ask()
    night.say(f"stop {approval.id}")
    assert [one for one, _, _ in night.store.gate.stops()] == [f"incident:{night.incident}"]


def test_go_needs_an_approver_and_for_everything_an_admin_at_the_machine(night: OpenNight) -> None:
    night.say("stop")
    night.say("stop localhost")
    night.store.clock.advance(1)
    assert not night.say("go", by="slack:U4", channel="slack").ok
    assert not night.say("go localhost", by="slack:U2", channel="slack").ok
    assert not night.say("go localhost", by="slack:U3", channel="slack").ok
    assert night.say("go localhost", by="slack:U1", channel="slack").ok
    assert night.say("go").ok
    assert night.store.gate.stops() == ()


def test_a_go_that_means_nothing_lifts_nothing(night: OpenNight) -> None:
    night.say("stop")
    assert not night.say("go nginx").ok
    assert len(night.store.gate.stops()) == 1


def test_a_pick_is_remembered_by_the_skills_name(night: OpenNight) -> None:
    approval = night.offer()
    assert "pick" in night.say(f"approve {approval.id}").text
    assert not night.say(f"pick {approval.id} 3").ok
    assert night.say(f"pick {approval.id} 2").ok
    row = night.store.approvals.load(approval.id)
    assert (row.verdict, row.why) == (Verdict.PICKED, "clean_package_cache")


@pytest.mark.parametrize("typed", ["run x host=localhost", "dry run x host=localhost", "undo 3"])
def test_acting_words_go_to_who_can_act(night: OpenNight, typed: str) -> None:
    assert night.say(typed).ok
    assert len(night.acted) == 1


def test_acting_words_need_the_role_for_that_host(night: OpenNight) -> None:
    assert not night.say("run x host=localhost", by="slack:U2", channel="slack").ok
    assert not night.say("run x host=localhost", by="slack:U3", channel="slack").ok
    assert night.acted == []


def test_an_alert_by_hand_is_a_claim(night: OpenNight) -> None:
    answer = night.say("alert tcp.failed:db:5432 host=localhost value=1")
    incident = night.store.incidents.load(answer.incident)
    assert incident.alert.is_claim
    assert incident.alert.source == f"claim:{OWNER}"
    assert not night.say("alert nonsense host=localhost").ok
    assert not night.say("alert tcp.failed:x host=a;b").ok


def test_the_plan_leaves_no_effect_out(night: OpenNight) -> None:
    approval = night.ask()
    text = night.say(f"plan {approval.id}").text
    assert [f"/var/log/app.log.{n}" in text for n in range(1, 6)] == [True] * 5


def test_why_tells_tier_evidence_policy_and_answer_without_a_model(night: OpenNight) -> None:
    approval = night.ask()
    night.store.clock.advance(90)
    night.say(f"reject {approval.id} not now", by="slack:U1", channel="slack")
    text = night.say(f"why {night.incident[:6]}").text
    for part in (
        "rules",
        "3.1 GB",
        "no deleted file is open",
        "probe -> ask 1",
        "rejected by li",
        "1 min 30 s",
        "not now",
    ):
        assert part in text
    assert night.say(f"why {approval.id}").text == text


def test_status_lists_what_is_open_waiting_and_stopped(night: OpenNight) -> None:
    approval = night.ask()
    night.say("stop web")
    text = night.say("status").text
    assert "1 open, 1 waiting" in text
    assert approval.id in text
    assert "group web" in text


def test_what_is_not_understood_gets_a_helpful_reply(night: OpenNight) -> None:
    assert "approve ID" in night.say("aprove K7Q2MD").text
    assert "help" in night.say("what is the meaning of life").text


# ---- inbox and outbox -----------------------------------------------------------------------------------------------------------


def test_a_typed_line_goes_through_the_inbox_and_is_answered_where_it_came_from(night: OpenNight) -> None:
    approval = night.ask()
    night.channels["console"].type(f"approve {approval.id}")
    assert night.desk.receive("console", 0.0)
    assert night.verdict(approval) == "pending"
    assert night.desk.answer_next()
    assert night.verdict(approval) == "approved"
    (shown,) = night.channels["console"].shown
    assert approval.id in shown[0]
    assert night.channels["slack"].shown == []
    assert not night.desk.answer_next()


def test_a_command_of_another_process_is_answered_as_json(night: OpenNight) -> None:
    message = Message("m", "cli", OWNER, "status", "", night.store.clock.now())
    night.store.inbox.put(message)
    night.desk.answer_next()
    reply = json.loads(night.store.inbox.reply("cli", "m") or "")
    assert reply["ok"] is True
    assert reply["data"]["open_incidents"][0]["id"] == night.incident


def test_a_card_is_shown_as_things_stand_when_it_is_sent(night: OpenNight) -> None:
    approval = night.ask()
    night.say(f"approve {approval.id}")
    assert night.desk.deliver("console") == 1
    text = night.channels["console"].shown[0][0]
    assert "approved" in text.splitlines()[0]
    assert "approve ID" not in text


def test_a_channel_that_is_down_keeps_its_cards_in_order(night: OpenNight) -> None:
    approval = night.ask()
    night.channels["slack"].is_down = True
    assert night.desk.deliver("slack") == 0
    assert night.desk.deliver("console") == 1
    night.channels["slack"].is_down = False
    night.store.clock.advance(timedelta(minutes=10).total_seconds())
    assert night.desk.deliver("slack") == 1
    assert night.channels["slack"].shown[0][1].subject == approval.id


def test_what_takes_over_a_second_is_said(night: OpenNight, monkeypatch: pytest.MonkeyPatch) -> None:
    finish = threading.Event()

    def slow(*_: object) -> Answer:
        finish.wait(10)
        return Answer("done")

    monkeypatch.setattr(night.desk, "carry_out", slow)
    monkeypatch.setattr("bot.chat_desk.PATIENCE", 0.05)
    night.channels["console"].type("dry run x host=localhost")
    night.desk.receive("console", 0.0)
    answering = threading.Thread(target=night.desk.answer_next)
    answering.start()
    while not night.channels["console"].shown:
        finish.wait(0.01)
    finish.set()
    answering.join(10)
    assert [card.kind for _, card in night.channels["console"].shown] == [CardKind.REPLY, CardKind.REPLY]
    assert "Working on it" in night.channels["console"].shown[0][0]
    assert night.channels["console"].shown[1][0] == "done"


def test_a_stop_waits_for_nothing_that_takes_its_time(night: OpenNight, monkeypatch: pytest.MonkeyPatch) -> None:
    finish, begun = threading.Event(), threading.Event()

    def slow(*_: object) -> Answer:
        begun.set()
        finish.wait(10)
        return Answer("done")

    monkeypatch.setattr(night.desk, "_free", slow)
    night.channels["console"].type("why is everything so slow")
    night.desk.receive("console", 0.0)
    answering = threading.Thread(target=night.desk.answer_next)
    answering.start()
    assert begun.wait(10)
    night.channels["console"].type("stop")
    night.desk.receive("console", 0.0)
    assert [scope for scope, _, _ in night.store.gate.stops()] == ["all"]
    assert "done" not in [text for text, _ in night.channels["console"].shown]
    finish.set()
    answering.join(10)
    assert not night.desk.answer_next()


def test_a_stop_comes_before_what_was_said_earlier_and_is_said_once(night: OpenNight) -> None:
    night.channels["console"].type("status")
    night.desk.receive("console", 0.0)
    night.channels["console"].type("go all")
    night.desk.receive("console", 0.0)
    night.store.clock.advance(1)
    night.channels["console"].type("stop")
    night.desk.receive("console", 0.0)
    assert len(night.channels["console"].shown) == 1
    while night.desk.answer_next():
        continue
    assert [scope for scope, _, _ in night.store.gate.stops()] == ["all"], "an earlier word lifts no later stop"
    assert len(night.channels["console"].shown) == 3


def test_a_tampered_question_is_told_and_not_decided(night: OpenNight) -> None:
    approval: Approval = night.ask()
    night.store.shelf.broken.add(approval.id)
    answer = night.say(f"approve {approval.id}")
    assert not answer.ok


def test_a_row_that_was_changed_keeps_no_other_card_back(night: OpenNight) -> None:
    first, second = night.ask(), night.alert("process.down:nginx")
    night.store.outbox.post(Card("second", CardKind.ALERT, second, second), night.store.clock.now())
    night.store.shelf.broken |= {f"incident {night.incident}", "stop list"}
    night.store.clock.advance(10)
    night.desk.deliver("console")
    shown = [text for text, _ in night.channels["console"].shown]
    assert any(first.id in text and "does not verify" in text for text in shown)
    assert any("nginx" in text for text in shown)
