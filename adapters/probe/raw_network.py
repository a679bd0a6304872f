"""Reaching things over the network from where this runs, and saying in words why they cannot be reached. Also sent to far hosts as text.

Only the standard library of Python 3.7, and of ours only its siblings `raw_*`.
"""

from __future__ import annotations

import base64
import errno
import http.client
import ipaddress
import os
import socket
import ssl
import time
from typing import Any

from adapters.probe.raw_system import CannotTell, bounded

CONNECT_SECONDS = 4.0
_RESOLVE_SECONDS = 4.0
_PAGE_SECONDS = 5.0
_MOST_ADDRESSES = 2
_MOST_BODY = 1 << 20
_MOST_EXCHANGED = 1 << 16
_FAILED_FROM = 400


class Unreachable(Exception):  # noqa: N818 - a statement, not a fault of ours
    """Nothing could be reached; the text says refused, timeout, unreachable or DNS."""


def connect(host: str, port: int) -> str:
    """'' when it accepts connections, else why not."""
    try:
        _connected(host, port).close()
    except Unreachable as error:
        return str(error)
    return ""


def page(url: list[Any]) -> list[Any]:
    """`url` is [scheme, host, port, path]; [1 when it failed, in words what came]. Redirects are not followed."""
    scheme, host, port, path = url
    try:
        return _got(scheme, host, port, path)
    except Unreachable as error:
        return [1, str(error)]
    except ssl.SSLCertVerificationError as error:
        return [1, f"TLS: {error.verify_message}"]
    except ssl.SSLError as error:
        return [1, f"TLS: {error.reason or error}"]
    except http.client.HTTPException as error:
        return [1, f"not HTTP: {type(error).__name__}"]
    except OSError as error:
        return [1, why(error, host)]


def certificate(host: str, port: int) -> str:
    """What a TLS server shows, valid or not, as DER in base 64; CannotTell when it shows none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    place = f"{host}:{port}"
    try:
        plain = _connected(host, port)
    except Unreachable as error:
        raise CannotTell(str(error)) from error
    with plain:
        plain.settimeout(CONNECT_SECONDS)
        try:
            with context.wrap_socket(plain, server_hostname=host) as secure:
                encoded = secure.getpeercert(binary_form=True)
        except OSError as error:
            raise CannotTell(f"no TLS handshake with {place}: {why(error, place)}") from error
    if not encoded:
        raise CannotTell(f"{place} shows no certificate")
    return base64.b64encode(encoded).decode("ascii")


def exchange(host: str, port: int, data: str, until: int, seconds: float) -> list[str]:
    """Sends bytes (base 64) over TCP, closes our side; up to `until` bytes of what comes back, and '' or why there was nothing."""
    try:
        connection = _connected(host, port)
    except Unreachable as error:
        return ["", str(error)]
    deadline, received = time.monotonic() + min(seconds, _PAGE_SECONDS), b""
    with connection:
        try:
            connection.settimeout(_remaining(deadline))
            connection.sendall(base64.b64decode(data))
            connection.shutdown(socket.SHUT_WR)
            while len(received) < min(until, _MOST_EXCHANGED):
                connection.settimeout(_remaining(deadline))
                part = connection.recv(4096)
                if not part:
                    break
                received += part
        except ConnectionResetError:
            pass  # it said what it had to say and hung up on what we had sent beyond
        except OSError as error:
            return ["", why(error, f"{host}:{port}")]
    return [base64.b64encode(received).decode("ascii"), ""]


def datagram(server: str, port: int, data: str, seconds: float) -> list[str]:
    """Sends one UDP datagram (base 64) with a random number as its first two bytes; the answer with the same, or why there is none."""
    asked = os.urandom(2) + base64.b64decode(data)[2:]
    deadline = time.monotonic() + seconds
    try:
        with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(_remaining(deadline))
            udp.connect((server, port))
            udp.send(asked)
            while True:
                udp.settimeout(_remaining(deadline))
                reply = udp.recv(4096)
                if reply[:2] == asked[:2]:
                    return [base64.b64encode(reply).decode("ascii"), ""]
    except OSError as error:
        return ["", why(error, f"resolver {server}")]


def why(error: OSError, where: str) -> str:
    """Refused, timed out and unreachable are different troubles and must read differently."""
    if isinstance(error, ConnectionRefusedError):
        return f"refused: nothing listens on {where}"
    if isinstance(error, (TimeoutError, socket.timeout)):
        return f"timeout: no answer from {where}; packets are dropped on the way, or it is down"
    if error.errno == errno.ENETUNREACH:
        return f"unreachable: no route to {where}"
    if error.errno in (errno.EHOSTUNREACH, errno.EHOSTDOWN):
        return f"unreachable: the host at {where} does not answer its neighbours"
    return f"failed: {where}: {error.strerror or error}"


def _connected(host: str, port: int) -> socket.socket:
    reason = ""
    for family, address in _addresses(host, port)[:_MOST_ADDRESSES]:
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.settimeout(CONNECT_SECONDS / 2 if reason else CONNECT_SECONDS)
        try:
            connection.connect(address)
        except OSError as error:
            connection.close()
            reason = reason or why(error, f"{address[0]}:{port}")
        else:
            return connection
    raise Unreachable(reason)


def _addresses(host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
    if _is_address(host):
        return [(socket.AF_INET6 if ":" in host else socket.AF_INET, (host, port))]
    try:
        found = bounded(
            f"looking up {host}", _RESOLVE_SECONDS, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
    except socket.gaierror as error:
        raise Unreachable(f"DNS: {host}: {error.strerror}") from error
    except CannotTell as error:
        raise Unreachable(f"DNS: {error}") from error
    return [(family, (str(address[0]), port)) for family, _, _, _, address in found]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _remaining(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _got(scheme: str, host: str, port: int, path: str) -> list[Any]:
    deadline = time.monotonic() + _PAGE_SECONDS
    connection = http.client.HTTPConnection(host, port)
    connection.sock = _connected(host, port)
    try:
        if scheme == "https":
            connection.sock.settimeout(_remaining(deadline))
            connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
        connection.sock.settimeout(_remaining(deadline))
        connection.request("GET", path, headers={"User-Agent": "nightshift-probe", "Connection": "close"})
        return _judged(connection, deadline)
    finally:
        connection.close()


def _judged(connection: http.client.HTTPConnection, deadline: float) -> list[Any]:
    sock: Any | None = connection.sock  # getresponse lets go of it when the answer will end with the connection
    response = connection.getresponse()
    if response.status >= _FAILED_FROM:
        return [1, f"status {response.status} {response.reason}"]
    size = 0
    while size < _MOST_BODY and sock is not None:
        sock.settimeout(_remaining(deadline))
        piece = response.read1(65536)
        if not piece:
            break
        size += len(piece)
    if size < _MOST_BODY and response.length:
        return [1, f"status {response.status}, but the body ended {response.length} bytes short after {size}"]
    return [0, f"status {response.status}, {size} bytes"]
