"""What a person said or pressed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Message:
    """What a person said or pressed, in any channel. `id` is the platform's, `by` the person's account there."""

    id: str
    channel: str
    by: str
    text: str
    thread: str
    at: datetime


def any_message(_: Message) -> bool:
    """Whoever takes whatever comes."""
    return True
