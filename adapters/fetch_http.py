"""HTTP for skills: one request to a checked address, verified TLS, no redirect, proxy or cookie, bounded in bytes and time."""

from __future__ import annotations

import codecs
import http.client
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from core.never_list import OWN_PORTS, is_public, why_never_fetched, why_never_reached
from core.skill import HostError
from core.web import WebAnswer, WebRequest

SECONDS = 15.0
_CHUNK = 65536
_COMPRESSED = {"gzip": 31, "x-gzip": 31, "deflate": 47}
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_HEAD = 2048
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"})
"""What Python calls a text encoding and no page is written in."""

Resolve = Callable[[str, int], Sequence[str]]


def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, by this machine's resolver, in its order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass
class _Line:
    """The socket of one request, so that a timer can shut it wherever it stands."""

    deadline: float
    sock: socket.socket | None = None
    is_over: threading.Event = field(default_factory=threading.Event)

    @property
    def left(self) -> float:
        """Seconds; raises HostError when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0 or self.is_over.is_set():
            raise HostError("timeout", "no answer in time")
        return left

    def shut(self) -> None:
        """A server that sends a byte now and then is no answer."""
        self.is_over.set()
        with suppress(OSError):
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)


class HttpFetch:
    """A `core.web.Fetch`. Raises HostError, whose text names the host and never a header."""

    def __init__(
        self,
        own_ports: Collection[int] = OWN_PORTS,
        trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        resolve: Resolve = resolved,
        seconds: float = SECONDS,
    ) -> None:
        self._own_ports, self._trust, self._resolve, self._seconds = own_ports, trust, resolve, seconds

    def __call__(self, request: WebRequest) -> WebAnswer:
        """One request and its answer, within the time."""
        reason = why_never_fetched(request.url, self._own_ports)
        if reason is not None:
            raise HostError("denied", f"{request.url[:200]}: {reason}")
        parts = urlsplit(request.url)
        line = _Line(time.monotonic() + self._seconds)
        timer = threading.Timer(self._seconds, line.shut)
        timer.daemon = True
        timer.start()
        try:
            return self._ask(request, parts, line)
        except TimeoutError as error:
            raise HostError("timeout", f"{parts.hostname} did not answer in time") from error
        except (OSError, http.client.HTTPException, zlib.error, ValueError) as error:
            if line.is_over.is_set():
                raise HostError("timeout", f"{parts.hostname} did not answer within {self._seconds:g} s") from error
            raise HostError("failed", f"{parts.hostname}: {_why(error)}") from error
        finally:
            timer.cancel()
            if line.sock is not None:
                line.sock.close()

    def _ask(self, request: WebRequest, parts: SplitResult, line: _Line) -> WebAnswer:
        host, port = (parts.hostname or "").rstrip("."), parts.port or (443 if parts.scheme == "https" else 80)
        self._connect(self._checked(host, port, line, is_private=request.is_private), port, line)
        if parts.scheme == "https" and line.sock is not None:
            line.sock = secure = self._trust().wrap_socket(
                line.sock, server_hostname=host, do_handshake_on_connect=False
            )
            secure.settimeout(line.left)
            secure.do_handshake()
        connection = http.client.HTTPConnection(host, port, timeout=line.left)
        connection.sock = line.sock
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        ours = {"Host": parts.netloc, "User-Agent": "nightshift", "Accept-Encoding": "gzip", "Connection": "close"}
        body = request.body.encode() if request.method == "POST" else None
        connection.request(request.method, path, body, {**dict(request.headers), **ours})
        answer = connection.getresponse()
        data = _body_of(answer, request.limit, line)
        return WebAnswer(answer.status, _text_of(data, answer.getheader("Content-Type", "")))

    def _checked(self, host: str, port: int, line: _Line, *, is_private: bool) -> Sequence[str]:
        """Every address of the name is one that we may reach: a name with one bad address among good ones is refused whole."""
        addresses = self._look_up(host, port, line)
        for address in addresses:
            reason = why_never_reached(address, port, self._own_ports)
            if reason is None and not is_private and not is_public(address):
                reason = "not a public address; the grant lacks ;private"
            if reason is not None:
                raise HostError("denied", f"{host} is {address}: {reason}")
        if not addresses:
            raise HostError("failed", f"{host}: no such name")
        return addresses

    def _look_up(self, host: str, port: int, line: _Line) -> Sequence[str]:
        """In a thread of its own, because no resolver can be told how long it may take."""
        found: list[Sequence[str]] = []
        failed: list[OSError | UnicodeError] = []

        def look() -> None:
            try:
                found.append(self._resolve(host, port))
            except (OSError, UnicodeError) as error:
                failed.append(error)

        thread = threading.Thread(target=look, name="resolve", daemon=True)
        thread.start()
        thread.join(line.left)
        if failed:
            raise HostError("failed", f"{host}: no such name")
        if not found:
            raise HostError("timeout", f"{host}: its name was not resolved in time")
        return found[0]

    def _connect(self, addresses: Sequence[str], port: int, line: _Line) -> None:
        """To the first checked address that answers; nothing resolves the name again."""
        last: OSError | None = None
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            line.sock = socket.socket(family, socket.SOCK_STREAM)
            line.sock.settimeout(line.left)
            try:
                line.sock.connect((address, port))
            except OSError as error:
                last = error
                line.sock.close()
            else:
                return
        raise last or OSError("no address")


def _body_of(answer: http.client.HTTPResponse, limit: int, line: _Line) -> bytes:
    """At most `limit` bytes, unpacked; what is packed is never unpacked further than that."""
    kind = answer.getheader("Content-Encoding", "identity").strip().lower()
    if kind not in ("identity", "", *_COMPRESSED):
        raise HostError("failed", f"an answer packed as {kind[:40]!a}")
    unpack = zlib.decompressobj(_COMPRESSED[kind]) if kind in _COMPRESSED else None
    data = bytearray()
    while len(data) < limit and line.left > 0:
        chunk = answer.read1(_CHUNK)
        if not chunk:
            break
        while chunk and len(data) < limit:
            data += unpack.decompress(chunk, limit - len(data)) if unpack else chunk
            chunk = unpack.unconsumed_tail if unpack else b""
    if len(data) < limit and line.left > 0 and answer.length:
        raise HostError("failed", f"its answer stopped {answer.length} bytes before its end")
    return bytes(data[:limit])


def _text_of(data: bytes, content_type: str) -> str:
    """Text by the charset that the header or the head of the page names, else UTF-8, with what does not fit replaced."""
    named = _CHARSET.search(content_type.encode("ascii", "ignore")) or _CHARSET.search(data[:_HEAD])
    name = named[1].decode() if named else "utf-8"
    try:
        codec = codecs.lookup("gb18030" if name.lower() in ("gb2312", "gbk") else name)
    except (LookupError, ValueError):
        return data.decode("utf-8", "replace")
    if not getattr(codec, "_is_text_encoding", False) or codec.name in _NO_CHARSETS:
        return data.decode("utf-8", "replace")
    return data.decode(codec.name, "replace")


def _why(error: Exception) -> str:
    """One short reason; a library's text may hold what was sent."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"[:200]
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:200]
    return f"no HTTP answer that can be read ({type(error).__name__})"
