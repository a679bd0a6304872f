"""Telling a rule: shown back, confirmed with one word, listed, dropped; what is ignored is muted until then."""

from __future__ import annotations

import pytest

from core.card import CardKind
from core.inventory import HostEntry, Inventory, Person
from core.pause import PauseKind
from core.told_rule import ToldRule
from tests.bot.open_night import OpenNight


@pytest.fixture
def night() -> OpenNight:
    """The disk of localhost is full, and the owner of the machine is awake."""
    return OpenNight()


def told(night: OpenNight, words: str) -> ToldRule:
    """What was understood."""
    answer = night.say(words)
    assert answer.ok, answer.text
    assert isinstance(answer.data, ToldRule)
    return answer.data


def test_a_rule_is_shown_back_and_holds_only_once_it_is_confirmed(night: OpenNight) -> None:
    rule = told(night, "never restart billing on the 1st")
    assert rule.confirmed is None
    assert f"rules confirm {rule.id}" in night.say("rules").text
    answer = night.say(f"rules confirm {rule.id}")
    assert "never restart billing, on day 1 of the month" in answer.text
    assert night.store.rules.all()[0].confirmed is not None
    assert f"rules confirm {rule.id}" not in night.say("rules").text


def test_everybody_is_told_of_a_new_rule_and_of_its_end(night: OpenNight) -> None:
    rule = told(night, "rule never touch localhost")
    night.say(f"rules confirm {rule.id}")
    night.say(f"rules drop {rule.id}")
    said = [item.card.text for item in night.store.shelf.outbox.values() if item.card.kind is CardKind.NOTE]
    assert len([text for text in said if "made a rule" in text]) == 2
    assert len([text for text in said if "dropped a rule" in text]) == 2


def test_what_is_ignored_is_muted_until_then_and_heard_again_when_the_rule_is_dropped(night: OpenNight) -> None:
    rule = told(night, "localhost is being retired, ignore it until Friday")
    night.say(f"rules confirm {rule.id}")
    (mute,) = night.store.pauses.all()
    assert (mute.kind, mute.scope, mute.until) == (PauseKind.MUTE, "host:localhost", rule.until)
    night.say(f"rules drop {rule.id}")
    (mute,) = night.store.pauses.all()
    assert mute.ended is not None


def test_confirming_twice_and_dropping_what_is_gone_change_nothing(night: OpenNight) -> None:
    rule = told(night, "永远不要重启 billing")
    night.say(f"rules confirm {rule.id}")
    assert "holds already" in night.say(f"rules confirm {rule.id}").text
    night.say(f"rules drop {rule.id}")
    assert not night.say(f"rules drop {rule.id}").ok
    assert not night.say(f"rules confirm {rule.id}").ok


def test_a_rule_nobody_knows_and_words_that_are_none_are_one_sentence(night: OpenNight) -> None:
    assert "unknown rule" in night.say("rules confirm RXXXXXX").text
    assert "do not understand" in night.say("never restart billing because it hurts").text


def test_no_rule_says_how_to_tell_one() -> None:
    assert "重启 billing" in OpenNight(language="zh").say("rules").text


def test_a_stranger_tells_no_rule(night: OpenNight) -> None:
    assert not night.say("never touch localhost", by="os:4242").ok
    assert night.store.rules.all() == ()


# ---- whose place it is --------------------------------------------------------------------------------------------------------------

ELSEWHERE = Inventory(
    (HostEntry("localhost", "local", ("web",)), HostEntry("db-1", "none", ("databases",))),
    people=(
        Person("ana", ("responder",), ("databases",), ("slack:U1",)),
        Person("dan", ("approver",), ("databases",), ("slack:U2",)),
    ),
)


@pytest.mark.parametrize("about", ["localhost", "web", "disk.used_percent:/"])
def test_who_may_not_mute_a_host_does_not_do_it_by_a_rule(about: str) -> None:
    night = OpenNight(ELSEWHERE)
    rule = told(night, f"ignore {about} until Friday")
    assert not night.say(f"rules confirm {rule.id}", by="slack:U1", channel="slack").ok
    assert (night.store.pauses.all(), night.store.rules.all()[0].confirmed) == ((), None)


def test_in_ones_own_group_one_may() -> None:
    night = OpenNight(ELSEWHERE)
    rule = told(night, "ignore db-1 until Friday")
    assert night.say(f"rules confirm {rule.id}", by="slack:U1", channel="slack").ok


@pytest.mark.parametrize("words", ["never restart billing", "never touch localhost"])
def test_a_rule_about_others_is_dropped_by_nobody_of_another_group(words: str) -> None:
    night = OpenNight(ELSEWHERE)
    rule = told(night, words)
    night.say(f"rules confirm {rule.id}")
    assert not night.say(f"rules drop {rule.id}", by="slack:U2", channel="slack").ok
    assert night.store.rules.all()[0].ended is None
