"""The desk when rows cannot be written, were changed, or a fault of ours ends the process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.answers import Answer
from bot.chat_desk import ChatDesk
from bot.commands import Command
from bot.roster import Roster
from core.card import Card, CardKind
from core.errors import UnavailableError
from core.message import Message, any_message
from tests.bot.machine import Machine
from tests.bot.open_night import INVENTORY, OWNER, OpenNight


class FullInbox:
    """Inbox on a full disk."""

    def put(self, message: Message) -> bool:
        """See `core.ports.Inbox`."""
        raise UnavailableError(f"no room for {message.id}")

    def next(self, wanted: Callable[[Message], bool] = any_message) -> Message | None:
        """See `core.ports.Inbox`."""
        del wanted
        return None

    def done(self, message: Message, reply: str) -> None:
        """See `core.ports.Inbox`."""

    def reply(self, channel: str, id: str) -> str | None:
        """See `core.ports.Inbox`."""


@pytest.fixture
def night() -> OpenNight:
    return OpenNight()


def heard(night: OpenNight, text: str) -> str:
    """What the console shows after a line, while nothing can be written into the inbox."""
    rows = replace(night.rows, inbox=FullInbox())
    desk = ChatDesk(rows, INVENTORY, Roster(INVENTORY, 1000), "en", _never, night.channels)
    night.channels["console"].type(text)
    assert desk.receive("console", 0.0)
    return night.channels["console"].shown[-1][0]


def test_a_stop_that_cannot_be_written_down_stops_all_the_same(night: OpenNight) -> None:
    heard(night, "stop")
    assert [scope for scope, _, _ in night.store.gate.stops()] == ["all"]


def test_anything_else_is_not_done_and_the_person_is_told(night: OpenNight) -> None:
    approval = night.ask()
    assert "no room" in heard(night, f"approve {approval.id}")
    assert night.verdict(approval) == "pending"


def test_a_message_that_ends_the_process_ends_it_once(night: OpenNight) -> None:
    def fault(_command: Command, _message: Message) -> Answer:
        raise ZeroDivisionError

    desk = ChatDesk(night.rows, INVENTORY, Roster(INVENTORY, 1000), "en", fault, night.channels)
    night.store.inbox.put(Message("m1", "console", OWNER, "undo 1", "", night.store.clock.now()))
    with pytest.raises(ZeroDivisionError):
        desk.answer_next()
    assert not desk.answer_next()


def test_a_card_whose_row_was_changed_keeps_no_other_waiting(night: OpenNight) -> None:
    approval = night.ask()
    night.store.outbox.post(Card("after", CardKind.NOTE, "", "n", "still here"), night.store.clock.now())
    night.store.shelf.broken.add(approval.id)
    night.desk.deliver("console")
    shown = [text for text, _ in night.channels["console"].shown]
    assert any("does not verify" in text for text in shown)
    assert "still here" in shown[-1]


def _never(_command: Command, _message: Message) -> Answer:
    raise AssertionError


def test_a_typed_stop_needs_no_database_at_all(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "var", tmp_path / "key")
    run = machine.type("stop", DATABASE_URL="postgresql://nobody:nothing@127.0.0.1:1/none")
    assert run.returncode == 1
    assert "everything is stopped by the file" in run.stderr
    assert "by file STOP" in machine.type("status").stdout
