"""What leaves for a chat or a phone: what the user's patterns name, and our own secrets, are hidden in it as in what a model is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.roster import LOCAL_CHANNELS
from core.card import Card
from core.message import Message
from core.page import Receipt
from core.people_ports import Pager
from core.ports import Channel

Conceal = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class ConcealingChannel:
    """A channel out of the house."""

    channel: Channel
    conceal: Conceal

    def receive(self, wait: float) -> Message | None:
        """See `core.ports.Channel`."""
        return self.channel.receive(wait)

    def send(self, rendered: str, card: Card) -> None:
        """See `core.ports.Channel`."""
        self.channel.send(self.conceal(rendered), card)


@dataclass(frozen=True, slots=True)
class ConcealingPager:
    """A pager whose lines go through somebody else's service."""

    pager: Pager
    conceal: Conceal

    def reaches(self, person: str) -> bool:
        """See `core.people_ports.Pager`."""
        return self.pager.reaches(person)

    def page(self, person: str, line: str, link: str) -> Receipt:
        """See `core.people_ports.Pager`."""
        return self.pager.page(person, self.conceal(line), link)


def concealing(channels: Mapping[str, Channel], conceal: Conceal) -> dict[str, Channel]:
    """Those that stay on this machine show things as they are."""
    return {
        name: channel if name in LOCAL_CHANNELS else ConcealingChannel(channel, conceal)
        for name, channel in channels.items()
    }
