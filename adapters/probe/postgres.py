"""Whether a PostgreSQL accepts connections, asked in its own protocol without credentials: what is sent, and what the answer means.

The question is a start-up message for a user that need not exist: a server that works asks for a password or refuses that user.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from adapters.probe.connection import host_and_port
from adapters.probe.system import Reading

_PROTOCOL = 3 << 16
_WORDS = b"user\0nightshift\0database\0postgres\0application_name\0nightshift\0\0"
QUESTION = struct.pack("!II", 8 + len(_WORDS), _PROTOCOL) + _WORDS
LIMIT = 16384
SECONDS = 4.0

_NOT_ACCEPTING = frozenset({"53", "57", "58", "XX"})
"""Classes of SQLSTATE that say the server cannot serve: no resources, an operator's hand, the system, a broken inside."""

Exchange = Callable[[str, int, bytes, int, float], tuple[bytes, str]]
"""Host, port, what is sent, how many bytes are read at most and how long; what came back, and why there is no more or ''."""


class PostgresProbe:
    """One question a look, nothing kept."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def failed(self, place: str) -> Reading:
        """1 while it does not accept connections; the detail says which of the reasons it is."""
        host, port = host_and_port(place)
        answer, reason = self._exchange(host, port, QUESTION, LIMIT, SECONDS)
        return judged(answer, place) if answer or not reason else Reading(1, reason)


def judged(answer: bytes, place: str) -> Reading:
    """What the bytes that came back mean. A refused user, password or address is a server that works."""
    if not answer:
        return Reading(1, f"{place} accepted the connection and hung up without a word")
    for kind, body in _messages(answer):
        if kind == b"R":
            return Reading(0, f"{place} accepts connections")
        if kind == b"E":
            return _refused(body, place)
    return Reading(1, f"what answers at {place} is no PostgreSQL")


def _refused(body: bytes, place: str) -> Reading:
    fields = {part[:1]: part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
    code, message = fields.get(b"C", ""), fields.get(b"M", "it gives no reason")[:200]
    if code[:2] in _NOT_ACCEPTING or not code:
        return Reading(1, f"{code or 'no code'}: {message}")
    return Reading(0, f"{place} accepts connections; it refuses this look, as it should ({code})")


def _messages(answer: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of each whole message; anything else ends them."""
    at = 0
    while at + 5 <= len(answer):
        size = int.from_bytes(answer[at + 1 : at + 5], "big")
        if size < 4 or at + 1 + size > len(answer):
            return
        yield answer[at : at + 1], answer[at + 5 : at + 1 + size]
        at += 1 + size
