"""What is shown to people, as data: a card's kind and subject; words are made when it is sent (bot/messages)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.proposal import Choices, Proposal, Question


class CardKind(StrEnum):
    """The cards there are. PROPOSAL, CHOICES and QUESTION carry live buttons; NOTE and SELF are lines."""

    ALERT = "alert"
    PROPOSAL = "proposal"
    CHOICES = "choices"
    QUESTION = "question"
    DECIDED = "decided"
    REMINDER = "reminder"
    ACTING = "acting"
    REPORT = "report"
    NOTE = "note"
    STOPPED = "stopped"
    STORM = "storm"
    ADMIT = "admit"
    RULE = "rule"
    DIGEST = "digest"
    SELF = "self"
    REPLY = "reply"


def card_kind(asks: Proposal | Choices | Question) -> CardKind:
    """The card that asks it."""
    if isinstance(asks, Proposal):
        return CardKind.PROPOSAL
    return CardKind.CHOICES if isinstance(asks, Choices) else CardKind.QUESTION


@dataclass(frozen=True, slots=True)
class Card:
    """One message to be sent. `key` makes it one row however often it is written; `thread` is the incident it belongs to.

    `subject` is the id that the channel's desk loads when it renders, so that what is shown is the present state; `text` is only for
    NOTE, SELF, REPLY and DIGEST, whose words already stand.
    """

    key: str
    kind: CardKind
    thread: str
    subject: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """A card on its way through one channel."""

    id: int
    channel: str
    card: Card
    tries: int
    due: datetime


_REMARKS = frozenset({CardKind.NOTE, CardKind.SELF, CardKind.REPLY})


def outdated(waiting: Iterable[OutboxItem]) -> dict[int, int]:
    """Of cards that have waited long, in order: those that say what is no longer so, each with the one that says how it stands now."""
    last: dict[str, OutboxItem] = {}
    told = [item for item in waiting if item.card.thread]
    for item in told:
        former = last.get(item.card.thread)
        if former is None or item.card.kind not in _REMARKS or former.card.kind in _REMARKS:
            last[item.card.thread] = item
    return {item.id: last[item.card.thread].id for item in told if item.id != last[item.card.thread].id}
