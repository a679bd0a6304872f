"""One call on the wire: nothing leaves but what was asked, and it ends in time and within a size."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

MOST_BYTES = 4 * 1024 * 1024
"""Of one answer; a longer one is none."""
_OUR_HEADERS = frozenset({"host", "accept", "connection", "content-type", "content-length", "user-agent"})
_DONE = re.compile(rb"(^|\n)data: ?\[DONE\]")
_TAIL = 16


class Line:
    """One call on the wire: a timer shuts its socket wherever it stands, because a server that drips is no answer."""

    def __init__(self, seconds: float) -> None:
        self._lock = threading.Lock()
        self._sock: socket.socket | None = None
        self.is_over = self.is_too_long = self.is_sent = self.is_done = False
        self._timer = threading.Timer(seconds, self.cut)
        self._timer.daemon = True
        self._timer.start()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Hears from the connection what it is doing."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            with self._lock:
                self._sock = info["return_value"].get_extra_info("socket")
                is_over = self.is_over
            if is_over:
                self.cut()
        self.is_sent = self.is_sent or event.endswith("send_request_headers.complete")

    def end(self) -> None:
        """The answer is there."""
        self._timer.cancel()

    def cut(self) -> None:
        """Nobody waits for it any more."""
        with self._lock, suppress(OSError):
            self.is_over = True
            if self._sock is not None:
                self._sock.shutdown(socket.SHUT_RDWR)


@dataclass(slots=True)
class _Counted(httpx2.SyncByteStream):
    """The body as it comes, no longer than it may be."""

    stream: httpx2.SyncByteStream
    line: Line

    def __iter__(self) -> Iterator[bytes]:
        came, tail = 0, b"\n"
        for data in self.stream:
            came += len(data)
            self.line.is_done = self.line.is_done or bool(_DONE.search(tail + data))
            tail = (tail + data)[-_TAIL:]
            if came > MOST_BYTES:
                self.line.is_too_long = True
                raise httpx2.ReadError("longer than an answer may be")
            yield data

    def close(self) -> None:
        """Gives the connection back."""
        self.stream.close()


class Wire(httpx2.BaseTransport):
    """Sends what was asked for and nothing that the SDK or the environment would add; one connection a call."""

    def __init__(self, base_url: str, key: str) -> None:
        limits = httpx2.Limits(max_keepalive_connections=0)
        proxy = _proxy_for(base_url)
        self._transport = httpx2.HTTPTransport(trust_env=False, proxy=proxy, limits=limits)
        self._key, self._here = key, threading.local()
        self._lines: set[Line] = set()
        self._is_closed = False

    @contextmanager
    def line(self, seconds: float) -> Iterator[Line]:
        """Everything that this thread asks inside belongs to one call."""
        self._here.line = line = Line(seconds)
        self._lines.add(line)
        try:
            yield line
        finally:
            self._lines.discard(line)
            line.end()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """See `httpx2.BaseTransport`."""
        line: Line = self._here.line
        if self._is_closed:
            raise httpx2.ConnectError("nobody asks any more")
        for name in [name for name in request.headers if name.lower() not in _OUR_HEADERS]:
            del request.headers[name]
        request.headers["user-agent"], request.headers["accept-encoding"] = "nightshift", "identity"
        if self._key:
            request.headers["authorization"] = f"Bearer {self._key}"
        if self._key and "api-version" in request.url.params:  # so does Azure want it, and what stands before it
            request.headers["api-key"] = self._key
        request.extensions = {**request.extensions, "trace": line.trace}
        response = self._transport.handle_request(request)
        response.headers.pop(
            "content-encoding", None
        )  # nothing packed was asked for: a bound on bytes is to be one on the answer
        response.stream = _Counted(cast("httpx2.SyncByteStream", response.stream), line)
        return response

    def close(self) -> None:
        """See `httpx2.BaseTransport`. What is under way is cut off."""
        self._is_closed = True
        for line in tuple(self._lines):
            line.cut()
        self._transport.close()


def _proxy_for(base_url: str) -> str | None:
    """The proxy of the environment, where the address is neither this machine nor in a private network."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    proxy = getproxies().get(parts.scheme, "")
    if is_near(host) or proxy_bypass(host) or urlsplit(proxy).scheme not in {"http", "https"}:
        return None
    return proxy


def is_near(host: str) -> bool:
    """True for this machine and what stands in a private network."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or "." not in host
    return address.is_loopback or address.is_private or address.is_link_local
