"""Port Heartbeat: one GET of a URL that somebody watches; the URL is a secret and is never shown."""

from __future__ import annotations

import http.client
import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

from core.errors import InvalidError, UnavailableError

BOUND = 10.0
_FAILED_FROM = 400


class HttpHeartbeat:
    """Redirects are not followed. Raises InvalidError for what is no http or https URL."""

    def __init__(self, url: str, bound: float = BOUND) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvalidError("the heartbeat URL is no http or https URL")
        self._is_secure, self._host = parts.scheme == "https", parts.hostname
        try:
            self._port = parts.port
        except ValueError as error:
            raise InvalidError("the heartbeat URL has no usable port") from error
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._bound = bound

    def beat(self) -> None:
        """See `core.people_ports.Heartbeat`. A timer shuts the line: a server that sends a byte now and then is no answer."""
        kind = http.client.HTTPSConnection if self._is_secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._bound)
        is_over = threading.Event()
        timer = threading.Timer(self._bound, _shut, (connection, is_over))
        timer.daemon = True
        timer.start()
        try:
            connection.request("GET", self._path, headers={"User-Agent": "nightshift", "Connection": "close"})
            status = connection.getresponse().status
        except TimeoutError as error:
            raise UnavailableError(f"no answer within {self._bound:g} s") from error
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            late = f"no answer within {self._bound:g} s"
            raise UnavailableError(late if is_over.is_set() else _why(error)) from error
        finally:
            timer.cancel()
            connection.close()
        if status >= _FAILED_FROM:
            raise UnavailableError(f"it answers HTTP {status}")


def _shut(connection: http.client.HTTPConnection, is_over: threading.Event) -> None:
    is_over.set()
    sock = connection.sock
    with suppress(OSError):
        if isinstance(sock, socket.socket):
            sock.shutdown(socket.SHUT_RDWR)


def _why(error: OSError | http.client.HTTPException | UnicodeError) -> str:
    """The kind of it alone: a text may hold the URL."""
    return f"it cannot be reached ({type(error).__name__})"
