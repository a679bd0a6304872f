"""Whether a URL answers as it should: connected, secure, a status below 400, and the whole body."""

from __future__ import annotations

import http.client
import ssl
import time
from urllib.parse import SplitResult, urlsplit

from adapters.probe.connection import Connector, UnreachableError, remaining, why
from adapters.probe.system import Reading
from core.errors import InvalidError

_SECONDS = 5.0
_MOST_BODY = 1 << 20
_FAILED_FROM = 400


class HttpProbe:
    """One GET, redirects not followed."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    def failed(self, url: str) -> Reading:
        """1 when it cannot be reached, answers 400 or more, or stops in the middle; the detail says which."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvalidError(f"{url[:80]!r} is not an http or https URL")
        try:
            return self._get(parts, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
        except UnreachableError as error:
            return Reading(1, error.message)
        except ssl.SSLCertVerificationError as error:
            return Reading(1, f"TLS: {error.verify_message}")
        except ssl.SSLError as error:
            return Reading(1, f"TLS: {error.reason or error}")
        except http.client.HTTPException as error:
            return Reading(1, f"not HTTP: {type(error).__name__}")
        except OSError as error:
            return Reading(1, why(error, parts.hostname))

    def _get(self, parts: SplitResult, host: str, port: int) -> Reading:
        deadline = time.monotonic() + _SECONDS
        connection = http.client.HTTPConnection(host, port)
        connection.sock = self._connector.connect(host, port)
        try:
            if parts.scheme == "https":
                connection.sock.settimeout(remaining(deadline))
                connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
            connection.sock.settimeout(remaining(deadline))
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path, headers={"User-Agent": "nightshift-probe", "Connection": "close"})
            return _judged(connection, deadline)
        finally:
            connection.close()


def _judged(connection: http.client.HTTPConnection, deadline: float) -> Reading:
    sock = connection.sock  # getresponse lets go of it when the answer will end with the connection
    response = connection.getresponse()
    if response.status >= _FAILED_FROM:
        return Reading(1, f"status {response.status} {response.reason}")
    size = 0
    while size < _MOST_BODY:
        sock.settimeout(remaining(deadline))
        piece = response.read1(65536)
        if not piece:
            break
        size += len(piece)
    if size < _MOST_BODY and response.length:
        return Reading(1, f"status {response.status}, but the body ended {response.length} bytes short after {size}")
    return Reading(0, f"status {response.status}, {size} bytes")
