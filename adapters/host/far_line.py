"""The far end of the line home: one JSON line in, one out. Sent to a far host as text; see far_helper."""

from __future__ import annotations

import json
import os
import selectors
from typing import Any, NoReturn

LONGEST_LINE = 32 << 20


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """What the asker is told: a kind and its facts."""


def refuse(code: str, message: str) -> NoReturn:
    """A refusal as a skill sees it."""
    raise Refused("host", code, message)


class Line:
    """Lines in on 0, lines out on 1."""

    def __init__(self) -> None:
        self.rest = b""

    def say(self, word: Any) -> None:
        """One line out."""
        rest = memoryview(json.dumps(word).encode() + b"\n")
        while rest:
            rest = rest[os.write(1, rest) :]

    def next(self, seconds: float) -> Any:
        """One line in; None when it closes, is too long, or nobody says anything for so long."""
        pieces = [self.rest]
        size = len(self.rest)
        with selectors.DefaultSelector() as waiting:
            waiting.register(0, selectors.EVENT_READ)
            while b"\n" not in pieces[-1]:
                if size > LONGEST_LINE or not waiting.select(seconds):
                    return None
                data = os.read(0, 1 << 16)
                if not data:
                    return None
                pieces.append(data)
                size += len(data)
        text, _, self.rest = b"".join(pieces).partition(b"\n")
        return json.loads(text.decode())
