"""The words of trust at the desk: who may say them, that a stranger learns nothing, and what `mode` and two people do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.commands import Verb
from core.approval import Answer as PolicyAnswer
from core.capability import Risk
from core.inventory import HostEntry, Inventory, Mode, Person
from core.message import Message
from tests.bot.open_night import OWNER, OpenNight

NEEDS = {
    "snooze {id} 30m": "responder",
    "mute localhost 2h": "responder",
    "maintenance localhost 1h": "responder",
    "resolve {id}": "responder",
    "never restart billing": "responder",
    "rules confirm R1": "responder",
    "mode localhost observe": "responder",
    "note deploy api": "responder",
    "orders new {id}": "approver",
    "orders confirm O-1 localhost": "approver",
    "orders renew O-1": "approver",
    "don't wake me {id}": "approver",
    "rules drop R1": "approver",
    "admit K7Q2MD": "approver",
    "mode localhost reset": "admin",
}
EVERYBODY = ("ack {id}", "take {id}", "orders", "rules", "mode", "digest", "status", "help", "stop")
PEOPLE = (
    Person("eve", ("viewer",), (), ("slack:V1",)),
    Person("li", ("approver",), (), ("slack:U1", "os:2001")),
    Person("bo", ("approver",), (), ("slack:U2",)),
    Person("ana", ("responder",), ("databases",), ("slack:U3",)),
    Person("root", ("admin",), (), ("slack:U4", "os:2004")),
)
INVENTORY = Inventory(
    (HostEntry("localhost", "local", ("web",)), HostEntry("db-1", "none", ("databases",))),
    (("web", Mode.AUTO),),
    people=PEOPLE,
)


@pytest.fixture
def night() -> OpenNight:
    return OpenNight(INVENTORY)


def traces(night: OpenNight) -> tuple[object, ...]:
    """Everything that a word could have left behind."""
    rows = night.rows
    laid = (rows.pauses.all(), rows.orders.all(), rows.rules.all(), rows.tightenings.all(), rows.admissions.all())
    return (*laid, rows.gate.stops(), rows.log.load(night.incident), tuple(night.acted))


@pytest.mark.parametrize(("text", "role"), NEEDS.items())
def test_a_word_typed_without_the_role_is_one_sentence_and_nothing_happens(
    night: OpenNight, text: str, role: str
) -> None:
    before = traces(night)
    answer = night.say(text.format(id=night.incident), by="slack:V1", channel="slack")
    assert (answer.ok, answer.text.count("\n")) == (False, 0)
    assert f"needs the role {role}" in answer.text
    assert traces(night) == before


@pytest.mark.parametrize("text", EVERYBODY)
def test_some_words_are_for_every_member(night: OpenNight, text: str) -> None:
    answer = night.say(text.format(id=night.incident), by="slack:V1", channel="slack")
    assert "needs the role" not in answer.text


@pytest.mark.parametrize("text", [*NEEDS, *EVERYBODY])
@pytest.mark.parametrize(("by", "channel"), [("slack:U9", "slack"), ("os:1000", "slack"), ("slack:U1", "wecom")])
def test_a_stranger_learns_nothing(night: OpenNight, text: str, by: str, channel: str) -> None:
    before = traces(night)
    answer = night.say(text.format(id=night.incident), by=by, channel=channel)
    assert not answer.ok
    assert (night.incident in answer.text, "localhost" in answer.text, answer.data) == (False, False, None)
    assert traces(night) == before


def test_every_word_has_a_call(night: OpenNight) -> None:
    for verb in Verb:
        assert verb in night.desk._calls, verb


# ---- mode --------------------------------------------------------------------------------------------------------------------------


def mode_of(night: OpenNight, host: str = "localhost") -> str:
    return night.desk.views.mode_now.of(host).word


def test_a_mode_is_made_stricter_by_chat_and_shown(night: OpenNight) -> None:
    assert night.say("mode web approve", by="slack:U1", channel="slack").ok
    assert night.say("模式 localhost 观察", by="slack:U2", channel="slack").ok
    assert mode_of(night) == "observe"
    for text in (night.say("status").text, night.say("mode").text):
        assert "localhost: observe" in text
        assert "group web is approve at most, by li" in text
        assert "host localhost is observe at most, by bo" in text


@pytest.mark.parametrize("text", ["mode localhost approve", "mode web auto", "mode all auto", "mode db-1 auto"])
@pytest.mark.parametrize(("by", "channel"), [("slack:U1", "slack"), ("slack:U4", "slack"), (OWNER, "console")])
def test_nothing_is_loosened_by_a_word(night: OpenNight, text: str, by: str, channel: str) -> None:
    night.say("mode observe")
    before = traces(night)
    answer = night.say(text, by=by, channel=channel)
    assert "nightshift.toml" in answer.text
    assert (answer.ok, traces(night)) == (False, before)


def test_only_an_admin_at_the_machine_lifts_what_was_made_stricter(night: OpenNight) -> None:
    night.say("mode web observe", by="slack:U1", channel="slack")
    night.store.clock.advance(2)
    assert not night.say("mode web reset", by="slack:U1", channel="slack").ok
    assert not night.say("mode web reset", by="slack:U4", channel="slack").ok
    assert not night.say("mode web reset", by="os:2001", channel="console").ok
    assert mode_of(night) == "observe"
    assert not night.say("mode localhost reset", by="os:2004", channel="console").ok
    assert night.say("mode web reset", by="os:2004", channel="console").ok
    assert mode_of(night) == "auto"
    assert not night.say("mode web reset", by="os:2004", channel="console").ok


@pytest.mark.parametrize("text", ["mode nginx observe", "mode 0123 observe", "mode group:nobody observe"])
def test_an_unknown_place_changes_nothing_and_is_told_what_is_known(night: OpenNight, text: str) -> None:
    answer = night.say(text)
    assert not answer.ok
    assert "all, databases, db-1, localhost, web" in answer.text
    assert mode_of(night) == "auto"


def test_a_mode_is_no_word_for_an_incident(night: OpenNight) -> None:
    assert "no host or group" in night.say(f"mode {night.incident} observe").text


def test_the_role_counts_where_its_groups_are(night: OpenNight) -> None:
    assert not night.say("mode web observe", by="slack:U3", channel="slack").ok
    assert not night.say("mode observe", by="slack:U3", channel="slack").ok
    assert mode_of(night) == "auto"


def test_the_same_word_twice_is_one_tightening(night: OpenNight) -> None:
    message = Message("m", "slack", "slack:U1", "mode web observe", "", night.store.clock.now())
    night.desk.answer(message)
    night.desk.answer(message)
    night.desk.answer(replace(message, id="n"))
    assert len(night.rows.tightenings.all()) == 1


def test_while_the_list_cannot_be_trusted_everything_is_only_observed(night: OpenNight) -> None:
    night.store.shelf.broken.add("list of every mode")
    assert mode_of(night) == "observe"


# ---- two people ----------------------------------------------------------------------------------------------------------------------


def test_two_who_both_asked_are_told_that_somebody_else_must_say_yes(night: OpenNight) -> None:
    asked = night.ask(night.proposal(risk=Risk.HIGH), PolicyAnswer.ASK2)
    night.store.shelf.approvals[asked.id] = replace(asked, asked_by=("li", "bo"))
    night.say(f"approve {asked.id}", by="slack:U1", channel="slack")
    answer = night.say(f"approve {asked.id}", by="slack:U2", channel="slack")
    assert "somebody else" in answer.text
    assert night.verdict(asked) == "pending"
    night.say(f"approve {asked.id}", by="slack:U4", channel="slack")
    assert night.verdict(asked) == "approved"


def test_where_there_are_two_approvers_no_name_that_one_types_stands_for_the_other(night: OpenNight) -> None:
    asked = night.ask(night.proposal(risk=Risk.HIGH), PolicyAnswer.ASK2)
    night.say(f"approve {asked.id} localhost", by="os:2001", channel="console")
    night.say(f"approve {asked.id} localhost", by="os:2001", channel="console")
    assert night.verdict(asked) == "pending"


ONE = Inventory((HostEntry("localhost", "local", ("web",)),), people=(Person("li", ("approver",), (), ("slack:U1",)),))


def test_the_one_approver_and_the_owner_of_the_machine_may_be_the_same_person() -> None:
    night = OpenNight(ONE)
    asked = night.ask(night.proposal(risk=Risk.HIGH), PolicyAnswer.ASK2)
    night.say(f"approve {asked.id}", by="slack:U1", channel="slack")
    assert "type" in night.say(f"approve {asked.id}").text.lower()
    assert night.verdict(asked) == "pending"
    assert night.say(f"approve {asked.id} localhost").ok
    assert night.verdict(asked) == "approved"


def test_where_there_are_two_approvers_the_owner_of_the_machine_is_neither(night: OpenNight) -> None:
    asked = night.ask(night.proposal(risk=Risk.HIGH), PolicyAnswer.ASK2)
    night.say(f"approve {asked.id}", by="slack:U1", channel="slack")
    night.say(f"approve {asked.id} localhost", by=OWNER)
    assert night.verdict(asked) == "pending"
    night.say(f"approve {asked.id}", by="slack:U2", channel="slack")
    assert night.verdict(asked) == "approved"
