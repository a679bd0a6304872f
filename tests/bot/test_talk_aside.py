"""While a model thinks about somebody's question, what others decide is done at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from bot.answers import Answer
from bot.chat_desk import ChatDesk, Shown, is_command, is_talk
from bot.roster import Roster
from core.approval import Verdict
from core.message import Message
from tests.bot.open_night import INVENTORY, OpenNight


def test_an_approval_does_not_wait_for_an_answer_in_words() -> None:
    night, thinks, goes_on = OpenNight(), threading.Event(), threading.Event()
    asked = night.ask()

    def thinking(words: str, _message: Message, _shown: Shown) -> Answer:
        thinks.set()
        goes_on.wait(10)
        return Answer(f"about {words}: nothing")

    roster = Roster(INVENTORY, 1000)
    desk = ChatDesk(night.rows, INVENTORY, roster, "en", night.desk._act, night.channels, converse=thinking)
    now = night.store.clock.now()
    for name, text in (("m1", "what fills this disk so quickly?"), ("m2", f"approve {asked.id}")):
        night.rows.inbox.put(Message(name, "console", "os:1000", text, "", now))
    with ThreadPoolExecutor(1) as talk:
        said = talk.submit(desk.answer_next, is_talk)
        assert thinks.wait(5)
        assert desk.answer_next(is_command)
        assert night.rows.book.load(asked.id).verdict is Verdict.APPROVED
        assert night.rows.inbox.reply("console", "m1") is None
        assert not desk.answer_next(is_command)
        goes_on.set()
        assert said.result(5)
    assert night.rows.inbox.reply("console", "m1") == "about what fills this disk so quickly?: nothing"
