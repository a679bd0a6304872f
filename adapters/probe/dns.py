"""Whether a name resolves, asked of the host's own resolvers one by one, so that a dead one is named."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from adapters.probe.ground import Ground
from adapters.probe.system import Reading
from core.errors import InvalidError

_SERVER_SECONDS = 2.0
_MOST_SERVERS = 3
"""MAXNS of resolv.conf(5)."""
_HEADER = struct.Struct(">6H")
_TYPES = (1, 28)
"""A, then AAAA."""
_WORDS = {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN: there is no such name", 4: "NOTIMP", 5: "REFUSED"}
_NXDOMAIN = 3


@dataclass(frozen=True, slots=True)
class _Answer:
    code: int
    records: int


class DnsProbe:
    """Asks by UDP, as the C library would, but with an end to its patience."""

    def __init__(
        self,
        ground: Ground,
        resolvers: Path = Path("/etc/resolv.conf"),
        hosts: Path = Path("/etc/hosts"),
        port: int = 53,
    ) -> None:
        self._ground, self._resolvers, self._hosts, self._port = ground, resolvers, hosts, port

    def failed(self, name: str) -> Reading:
        """1 when no resolver of the host gives an address; the detail says what each of them said."""
        question = _question(name)
        if self._is_in_hosts_file(name):
            return Reading(0, f"{name} stands in {self._hosts}")
        said = []
        for server in self._servers():
            answer = self._ask(server, question)
            if isinstance(answer, str):
                said.append(answer)
                continue
            if answer.records:
                return Reading(0, "; ".join([*said, f"{name} resolves by {server}"]))
            said.append(
                f"{server} says {_WORDS.get(answer.code, f'code {answer.code}') if answer.code else 'no address'}"
            )
            if answer.code in {0, _NXDOMAIN}:
                break  # an answer is an answer; the C library asks no further either
        return Reading(1, "; ".join(said) or f"no resolver in {self._resolvers}")

    def _servers(self) -> list[str]:
        lines = self._lines(self._resolvers)
        words = [line.split() for line in lines]
        return [pair[1] for pair in words if len(pair) >= 2 and pair[0] == "nameserver"][:_MOST_SERVERS]

    def _is_in_hosts_file(self, name: str) -> bool:
        return any(name in line.partition("#")[0].split()[1:] for line in self._lines(self._hosts))

    def _lines(self, file: Path) -> list[str]:
        try:
            return self._ground.text(str(file))[0].splitlines()
        except OSError:
            return []

    def _ask(self, server: str, question: bytes) -> _Answer | str:
        """What the server says, or why it says nothing."""
        answer: _Answer | str = _Answer(0, 0)
        for kind in _TYPES:
            answer = self._exchange(server, question + struct.pack(">HH", kind, 1))
            if isinstance(answer, str) or answer.records or answer.code:
                break
        return answer

    def _exchange(self, server: str, question: bytes) -> _Answer | str:
        query = _HEADER.pack(0, 0x0100, 1, 0, 0, 0) + question
        reply, why_not = self._ground.datagram(server, self._port, query, _SERVER_SECONDS)
        if why_not:
            return why_not
        if len(reply) < _HEADER.size or not reply[_HEADER.size :].lower().startswith(question.lower()):
            return f"resolver {server} gives no answer to what was asked"
        _, flags, _, records, _, _ = _HEADER.unpack_from(reply)
        return _Answer(flags & 0xF, records) if flags & 0x8000 else f"resolver {server} asks back"


def _question(name: str) -> bytes:
    try:
        labels = [label.encode("idna") for label in name.removesuffix(".").split(".")]
    except UnicodeError as error:
        raise InvalidError(f"{name[:80]!r} is not a name") from error
    if not all(0 < len(label) < 64 for label in labels):
        raise InvalidError(f"{name[:80]!r} is not a name")
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
