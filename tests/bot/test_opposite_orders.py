"""Two people, opposite orders, the same second: the safer one wins, whichever is handled first; on the real store with real threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.store.store import Store
from bot.answers import Answer
from bot.chat_desk import ChatDesk
from bot.commands import Command
from bot.roster import Roster
from bot.wiring import rows_of
from core.approval import Approval, Verdict
from core.errors import ExpiredError, NightshiftError, StoppedError
from core.inventory import HostEntry, Inventory, Mode, Person
from core.message import Message
from tests.contracts.nouns import alert, approval, proposal
from tests.fakes.clock import FakeClock
from tests.fakes.seal import FakeSeal

PEOPLE = (
    Person("li", ("admin",), (), ("os:2001",)),
    Person("bo", ("admin",), (), ("os:2002",)),
)
INVENTORY = Inventory(
    (HostEntry("localhost"), HostEntry("web-1", groups=("web",))), (("web", Mode.AUTO),), people=PEOPLE
)
LI, BO = "os:2001", "os:2002"


class Office:
    """A desk over a real store; everybody sits at this machine."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.store = Store(f"sqlite:///{folder}/nightshift.db", FakeSeal(), self.clock, folder / "var", ("console",))
        roster = Roster(INVENTORY, 1000)
        self.desk = ChatDesk(rows_of(self.store), INVENTORY, roster, "en", _no_hands, {})
        self.said = 0

    def message(self, text: str, by: str) -> Message:
        """Typed now."""
        self.said += 1
        return Message(f"m{self.said}", "console", by, text, "", self.clock.now())

    def say(self, text: str, by: str = LI) -> Answer:
        """Typed and handled."""
        return self.desk.answer(self.message(text, by))

    def both(self, *messages: Message) -> None:
        """All of them at once."""
        barrier = threading.Barrier(len(messages))

        def handle(message: Message) -> None:
            barrier.wait()
            self.desk.answer(message)

        threads = [threading.Thread(target=handle, args=(message,)) for message in messages]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def question(self) -> Approval:
        """An incident on web-1 with a repair that waits for a yes."""
        now = self.clock.now()
        (incident,) = self.store.intake.take_in([alert("a1", now)], now)
        return self.store.approvals.open(approval(incident, now, asks=proposal(incident)), ())

    def forbids(self, yes: Approval) -> NightshiftError | None:
        """What the gate says right before an effect under this yes."""
        try:
            self.store.gate.check("web-1", ("web",), yes.incident, yes.id, self.clock.now())
        except (StoppedError, ExpiredError) as error:
            return error
        return None


def _no_hands(command: Command, _: Message) -> Answer:
    return Answer(f"no hands for {command.verb}", ok=False)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    here = Office(tmp_path)
    yield here
    here.store.close()


@pytest.mark.parametrize("safer", ["stop", "stop web", "stop web-1", "take web-1", "take {id}", "reject {id}"])
@pytest.mark.parametrize("turn", range(3))
def test_the_safer_order_beats_a_yes_of_the_same_second(office: Office, safer: str, turn: int) -> None:
    asked = office.question()
    office.both(office.message(f"approve {asked.id}", LI), office.message(safer.format(id=asked.id), BO))
    assert office.forbids(asked) is not None, turn


@pytest.mark.parametrize("safer", ["stop", "take web-1", "reject {id}"])
def test_it_does_so_in_either_order(office: Office, safer: str) -> None:
    asked = office.question()
    yes, no = office.message(f"approve {asked.id}", LI), office.message(safer.format(id=asked.id), BO)
    office.clock.advance(0.4)
    assert office.desk.answer(yes).ok
    assert office.forbids(asked) is None
    office.desk.answer(no)
    assert office.forbids(asked) is not None


def test_a_no_that_comes_later_than_the_yes_is_told_that_it_is_late(office: Office) -> None:
    asked = office.question()
    office.say(f"approve {asked.id}")
    office.clock.advance(2)
    late = office.say(f"reject {asked.id}", BO)
    assert not late.ok
    assert office.store.approvals.load(asked.id).verdict is Verdict.APPROVED
    assert office.forbids(asked) is None


@pytest.mark.parametrize("scope", ["", "web", "web-1"])
@pytest.mark.parametrize("turn", range(3))
def test_a_go_never_lifts_the_stop_of_somebody_else_in_the_same_second(office: Office, scope: str, turn: int) -> None:
    office.both(office.message(f"go {scope}".strip(), LI), office.message(f"stop {scope}".strip(), BO))
    assert office.store.gate.stops(), turn


def test_a_go_lifts_neither_a_stop_nor_a_take_that_was_said_after_it_was_typed(office: Office) -> None:
    office.say("stop web", BO)
    office.clock.advance(60)
    go = office.message("go web", LI)
    office.clock.advance(5)
    office.say("stop web", BO)
    office.say("take web-1", BO)
    refused = office.desk.answer(go)
    assert not refused.ok
    assert "bo said stop" in refused.text
    assert [(scope, by) for scope, by, _ in office.store.gate.stops()] == [("group:web", "bo")]
    assert not office.desk.answer(replace(go, id="m-take", text="go web-1")).ok
    assert [pause.ended for pause in office.store.pauses.all()] == [None]


def test_ones_own_stop_is_lifted_at_once_and_anothers_a_second_later(office: Office) -> None:
    office.say("stop web-1")
    assert office.say("go web-1").ok
    office.say("stop web-1", BO)
    assert not office.say("go web-1").ok
    office.clock.advance(1)
    assert office.say("go web-1").ok
    assert office.store.gate.stops() == ()


def test_a_clock_of_a_chat_that_is_ahead_lifts_nothing_more(office: Office) -> None:
    office.say("stop web-1", BO)
    ahead = replace(office.message("go web-1", LI), at=office.clock.now() + timedelta(days=1))
    assert not office.desk.answer(ahead).ok
    assert len(office.store.gate.stops()) == 1


@pytest.mark.parametrize("turn", range(3))
def test_observe_beats_a_reset_of_the_same_second(office: Office, turn: int) -> None:
    office.say("mode web approve")
    office.clock.advance(60)
    office.both(office.message("mode web observe", BO), office.message("mode web reset", LI))
    holds = [one.mode for one in office.store.tightenings.all() if one.ended is None]
    assert min(holds) is Mode.OBSERVE, turn
