"""Reaching something over TCP, and saying in words why it cannot be reached."""

from __future__ import annotations

import errno
import ipaddress
import socket
import time

from adapters.probe.time_limit import TimeLimit
from core.errors import InvalidError, UnavailableError

CONNECT_SECONDS = 4.0
_RESOLVE_SECONDS = 4.0
_MOST_ADDRESSES = 2


class UnreachableError(UnavailableError):
    """Nothing could be reached; the text says refused, timeout, unreachable or DNS."""


class Connector:
    """Opens TCP connections within a few seconds."""

    def __init__(self, limit: TimeLimit) -> None:
        self._limit = limit

    def connect(self, host: str, port: int) -> socket.socket:
        """A connected socket; raises UnreachableError."""
        reason = ""
        for family, address in self._addresses(host, port)[:_MOST_ADDRESSES]:
            connection = socket.socket(family, socket.SOCK_STREAM)
            connection.settimeout(CONNECT_SECONDS / 2 if reason else CONNECT_SECONDS)
            try:
                connection.connect(address)
            except OSError as error:
                connection.close()
                reason = reason or why(error, f"{address[0]}:{port}")
            else:
                return connection
        raise UnreachableError(reason)

    def _addresses(self, host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
        if _is_address(host):
            return [(socket.AF_INET6 if ":" in host else socket.AF_INET, (host, port))]
        try:
            found = self._limit.run(
                f"looking up {host}",
                _RESOLVE_SECONDS,
                lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM),
            )
        except socket.gaierror as error:
            raise UnreachableError(f"DNS: {host}: {error.strerror}") from error
        except UnavailableError as error:
            raise UnreachableError(f"DNS: {error}") from error
        return [(family, (str(address[0]), port)) for family, _, _, _, address in found]


def why(error: OSError, where: str) -> str:
    """Refused, timed out and unreachable are different troubles and must read differently."""
    if isinstance(error, ConnectionRefusedError):
        return f"refused: nothing listens on {where}"
    if isinstance(error, TimeoutError):
        return f"timeout: no answer from {where}; packets are dropped on the way, or it is down"
    if error.errno == errno.ENETUNREACH:
        return f"unreachable: no route to {where}"
    if error.errno in {errno.EHOSTUNREACH, errno.EHOSTDOWN}:
        return f"unreachable: the host at {where} does not answer its neighbours"
    return f"failed: {where}: {error.strerror or error}"


def host_and_port(text: str) -> tuple[str, int]:
    """`db-1:5432`, `[::1]:80`; raises InvalidError."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise InvalidError(f"{text[:80]!r} is not host:port")
    return host, int(port)


def remaining(deadline: float) -> float:
    """Seconds left; raises TimeoutError when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
