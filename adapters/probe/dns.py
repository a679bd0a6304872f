"""Whether a name resolves, asked of the host's own resolvers one by one, so that a dead one is named."""

from __future__ import annotations

import secrets
import socket
import struct
import time
from dataclasses import dataclass
from pathlib import Path

from adapters.probe.connection import remaining, why
from adapters.probe.system import Reading
from core.errors import InvalidError

_SERVER_SECONDS = 2.0
_SECONDS = 8.0
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
        self, resolvers: Path = Path("/etc/resolv.conf"), hosts: Path = Path("/etc/hosts"), port: int = 53
    ) -> None:
        self._resolvers, self._hosts, self._port = resolvers, hosts, port

    def failed(self, name: str) -> Reading:
        """1 when no resolver of the host gives an address; the detail says what each of them said."""
        question = _question(name)
        if self._is_in_hosts_file(name):
            return Reading(0, f"{name} stands in {self._hosts}")
        deadline = time.monotonic() + _SECONDS
        said = []
        for server in self._servers():
            try:
                answer = self._ask(server, question, deadline)
            except OSError as error:
                said.append(why(error, f"resolver {server}"))
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
        try:
            lines = self._resolvers.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        words = [line.split() for line in lines]
        return [pair[1] for pair in words if len(pair) >= 2 and pair[0] == "nameserver"][:_MOST_SERVERS]

    def _is_in_hosts_file(self, name: str) -> bool:
        try:
            lines = self._hosts.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return False
        return any(name in line.partition("#")[0].split()[1:] for line in lines)

    def _ask(self, server: str, question: bytes, deadline: float) -> _Answer:
        answer = _Answer(0, 0)
        for kind in _TYPES:
            answer = _exchange(server, self._port, question + struct.pack(">HH", kind, 1), deadline)
            if answer.records or answer.code:
                break
        return answer


def _question(name: str) -> bytes:
    try:
        labels = [label.encode("idna") for label in name.removesuffix(".").split(".")]
    except UnicodeError as error:
        raise InvalidError(f"{name[:80]!r} is not a name") from error
    if not all(0 < len(label) < 64 for label in labels):
        raise InvalidError(f"{name[:80]!r} is not a name")
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _exchange(server: str, port: int, question: bytes, deadline: float) -> _Answer:
    number = secrets.randbelow(65536)
    give_up = min(deadline, time.monotonic() + _SERVER_SECONDS)
    with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(remaining(give_up))
        udp.connect((server, port))
        udp.send(_HEADER.pack(number, 0x0100, 1, 0, 0, 0) + question)
        while True:
            udp.settimeout(remaining(give_up))
            reply = udp.recv(4096)
            if len(reply) < _HEADER.size:
                continue
            echoed, flags, _, records, _, _ = _HEADER.unpack_from(reply)
            if echoed == number and flags & 0x8000 and reply[_HEADER.size :].lower().startswith(question.lower()):
                return _Answer(flags & 0xF, records)
