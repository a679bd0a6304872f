"""`resolve`, as people type it: a word that closes, and proves nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.answers import Answer
from bot.commands import parse
from bot.pausing import Resolving
from bot.roster import Roster
from core.execution import Operator
from core.incident import Ending, IncidentState
from core.message import Message
from tests.bot.open_night import INVENTORY, OpenNight
from tests.fakes.catalog import FakeCatalog
from tests.fakes.host import FakeHosts
from tests.fakes.probe import FakeProbe
from tests.fakes.sandbox import FakeSandbox
from tests.nights.composition import World, compose


class Room:
    """An open incident, and people who close it."""

    def __init__(self) -> None:
        self.night = OpenNight()
        world = World(
            FakeHosts({}), FakeProbe(self.night.store.clock), (), INVENTORY, FakeCatalog(), FakeSandbox(), Operator()
        )
        roster, night = Roster(INVENTORY, 1000), self.night
        holding = compose(night.store, world).holding
        self._resolving = Resolving(night.rows, INVENTORY, roster, night.desk.views, holding)

    def say(self, text: str, by: str = "slack:U2") -> Answer:
        """What one person types in Slack."""
        said = Message("m1", "slack", by, text, "", self.night.store.clock.now())
        return self._resolving.resolve(parse(text), said)


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.mark.parametrize("typed", ["resolve", "resolve {incident}", "resolve {question}", "关闭 {incident}"])
def test_it_is_closed_by_name_never_fixed_and_its_question_goes_with_it(room: Room, typed: str) -> None:
    question = room.night.ask().id
    answer = room.say(typed.format(incident=room.night.incident, question=question))
    assert (answer.ok, "Closed by bo" in answer.text) == (True, True)
    report = room.night.store.shelf.reports[room.night.incident]
    assert (report.ending, report.reason, report.proof) == (Ending.RESOLVED, "closed by bo", ())
    assert room.night.store.approvals.load(question).verdict == "withdrawn"
    assert list(room.night.store.shelf.episodes.values()) == []


def test_twice_is_once(room: Room) -> None:
    room.say("resolve")
    answer = room.say(f"resolve {room.night.incident}")
    assert (answer.ok, answer.text) == (False, f"{room.night.incident} is closed already.")


def test_of_two_it_asks_which(room: Room) -> None:
    room.night.alert("process.down:nginx")
    assert room.say("resolve").text == "Which one? Write: resolve ID"


def test_what_nobody_knows_is_said(room: Room) -> None:
    assert "called ffff" in room.say("resolve ffff").text


def test_somebody_of_another_group_closes_nothing(room: Room) -> None:
    assert room.say("resolve", by="slack:U3").text == "resolve needs the role responder."
    assert room.night.store.incidents.load(room.night.incident).closed is None


def test_a_repair_that_is_running_is_not_closed_over(room: Room) -> None:
    shelf = room.night.store.shelf
    shelf.incidents[room.night.incident] = replace(shelf.incidents[room.night.incident], state=IncidentState.ACTING)
    assert "A repair is running" in room.say("resolve").text
