"""`nightshift chat`: this terminal as a place to see open cards and to answer them, beside a running `up` or without one."""

from __future__ import annotations

import sys

from adapters.channel_console import ConsoleChannel
from bot.chat_desk import ChatDesk
from bot.cli_session import Session
from core.card import Card, CardKind
from core.errors import NightshiftError
from core.incident import Incident, IncidentState
from core.ports import Channel

GLANCE = 1.0


def talk(session: Session) -> int:
    """Until the input ends: shows what is open and what ends, answers what is typed."""
    with session.desk() as (desk, rows):
        console = ConsoleChannel(sys.stdin.fileno(), sys.stdout, rows.clock, desk.views.words.table)
        try:
            news = News(desk, rows.log.incidents(only_open=False, limit=50))
            console.send(session.answer("status").text, _reply("status"))
            while console.is_open or console.has_typed:
                news.show(console)
                message = console.receive(GLANCE)
                if message is not None:
                    console.send(_answered(session, message.text), _reply(message.id))
        finally:
            console.close()
    return 0


class News:
    """What has opened or closed since it was last looked at, as cards in their present state."""

    def __init__(self, desk: ChatDesk, known: tuple[Incident, ...]) -> None:
        self._desk = desk
        self._shown = {f"{CardKind.REPORT}:{one.id}" for one in known if one.state is IncidentState.CLOSED}

    def show(self, console: Channel) -> None:
        """Sends each card once."""
        for card in (*self._desk.views.open_cards(), *self._desk.views.report_cards()):
            name = f"{card.kind}:{card.subject}"
            if name not in self._shown:
                self._shown.add(name)
                console.send(self._desk.render(card, "console"), card)


def _answered(session: Session, text: str) -> str:
    try:
        return session.answer(text).text
    except NightshiftError as error:
        return error.message


def _reply(id: str) -> Card:
    return Card(f"chat:{id}", CardKind.REPLY, "", id)
