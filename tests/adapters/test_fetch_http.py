"""HTTP for skills against real servers on loopback: what is checked before a byte is sent, and what an evil server cannot do."""

from __future__ import annotations

import datetime
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.fetch_http import HttpFetch
from core.skill import HostError
from core.web import WebRequest

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello"


class Server:
    """Answers every connection with what it was given, and remembers what it was asked."""

    def __init__(self, answer: bytes | Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> None:
        self._answer, self._context = answer, context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.asked: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        try:
            with self._context.wrap_socket(line, server_side=True) if self._context else line as talk:
                self.asked.append(talk.recv(65536))
                reply = self._answer
                talk.sendall(reply) if isinstance(reply, bytes) else reply(talk)
        except OSError:
            return

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(answer: bytes | Callable[[socket.socket], None] = OK, context: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(answer, context))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def fetch(*addresses: str, seconds: float = 5.0, trust: ssl.SSLContext | None = None) -> HttpFetch:
    """One that takes every name for these addresses."""
    return HttpFetch(
        trust=(lambda: trust) if trust else ssl.create_default_context,
        resolve=lambda _host, _port: addresses or ("127.0.0.1",),
        seconds=seconds,
    )


def page(server: Server, path: str = "/", **more: object) -> WebRequest:
    return WebRequest("GET", f"http://page.example:{server.port}{path}", is_private=True, **more)  # type: ignore[arg-type]


def test_a_page_is_asked_once_with_our_own_headers_and_no_cookie(serve: Callable[..., Server]) -> None:
    server = serve()
    answer = fetch()(page(server, "/a?b=1", headers=(("X-Team", "night"),)))
    assert (answer.status, answer.body) == (200, "hello")
    (asked,) = server.asked
    assert asked.startswith(b"GET /a?b=1 HTTP/1.1\r\n")
    assert f"Host: page.example:{server.port}".encode() in asked
    assert b"User-Agent: nightshift" in asked
    assert b"X-Team: night" in asked
    assert b"Cookie" not in asked


def test_a_post_sends_its_body_as_utf8(serve: Callable[..., Server]) -> None:
    server = serve()
    request = WebRequest("POST", f"http://page.example:{server.port}/", body="磁盘", is_private=True)
    assert fetch()(request).status == 200
    assert server.asked[0].endswith("\r\n\r\n磁盘".encode()) or server.asked[0].endswith(b"\r\n\r\n")
    assert b"Content-Length: 6" in server.asked[0]


def test_a_redirect_is_returned_and_not_followed(serve: Callable[..., Server]) -> None:
    second = serve()
    first = serve(
        f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{second.port}/\r\nContent-Length: 0\r\n\r\n".encode()
    )
    assert fetch()(page(first)).status == 302
    assert second.asked == []


def test_no_proxy_of_the_environment_is_asked(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    server, proxy = serve(), serve()
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert fetch()(page(server)).body == "hello"
    assert proxy.asked == []


@pytest.mark.parametrize(
    ("addresses", "is_private", "why"),
    [
        (("127.0.0.1",), False, "not a public address"),
        (("10.0.0.5",), False, "not a public address"),
        (("::ffff:10.0.0.5",), False, "not a public address"),
        (("93.184.216.34", "10.0.0.5"), False, "not a public address"),
        (("169.254.169.254",), True, "link-local"),
        (("127.0.0.1", "169.254.169.254"), True, "link-local"),
        (("::ffff:169.254.169.254",), True, "in disguise"),
        (("64:ff9b::a9fe:a9fe",), True, "in disguise"),
        (("fe80::1%eth0",), True, "link-local"),
        (("0.0.0.0",), True, "unspecified"),
        (("fd00:ec2::254",), True, "metadata"),
        (("100.64.0.1",), False, "not a public address"),
    ],
)
def test_every_address_of_a_name_is_checked_before_a_byte_is_sent(
    serve: Callable[..., Server], addresses: tuple[str, ...], is_private: bool, why: str
) -> None:
    server = serve()
    request = WebRequest("GET", f"http://page.example:{server.port}/", is_private=is_private)
    with pytest.raises(HostError, match=why) as refused:
        fetch(*addresses)(request)
    assert refused.value.code == "denied"
    assert server.asked == []


def test_a_name_is_resolved_once_so_that_it_cannot_change_between_check_and_connection(
    serve: Callable[..., Server],
) -> None:
    server = serve()
    answers = iter([("127.0.0.1",), ("169.254.169.254",)])
    rebinding = HttpFetch(resolve=lambda _host, _port: next(answers), seconds=5)
    assert rebinding(page(server)).body == "hello"
    assert next(answers) == ("169.254.169.254",)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8470/", "http://page.example:8470/", "ftp://x/", "http://u:p@x/"])
def test_what_is_never_fetched_is_not_resolved_either(url: str) -> None:
    def fails(_host: str, _port: int) -> tuple[str, ...]:
        raise AssertionError

    with pytest.raises(HostError, match="denied"):
        HttpFetch(resolve=fails)(WebRequest("GET", url, is_private=True))


def test_the_port_that_was_configured_is_ours_too(serve: Callable[..., Server]) -> None:
    server = serve()
    with pytest.raises(HostError, match="own port"):
        HttpFetch(own_ports={server.port})(WebRequest("GET", f"http://127.0.0.1:{server.port}/", is_private=True))


# ---- evil servers -------------------------------------------------------------------------------------------------------------------


def test_only_as_many_bytes_as_were_asked_for(serve: Callable[..., Server]) -> None:
    server = serve(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5_000_000)
    assert fetch()(page(server, limit=1000)).body == "x" * 1000


def test_a_bomb_is_not_unpacked(serve: Callable[..., Server]) -> None:
    bomb = gzip.compress(b"\0" * 200_000_000)
    server = serve(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bomb)
    began = time.monotonic()
    assert fetch()(page(server, limit=4096)).body == "\0" * 4096
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("kind", ["br", "gzip, gzip", "zstd"])
def test_what_is_packed_otherwise_is_refused(serve: Callable[..., Server], kind: str) -> None:
    server = serve(f"HTTP/1.1 200 OK\r\nContent-Encoding: {kind}\r\n\r\nx".encode())
    with pytest.raises(HostError, match="packed as"):
        fetch()(page(server))


def test_half_an_answer_is_none(serve: Callable[..., Server]) -> None:
    with pytest.raises(HostError, match="stopped 95 bytes before its end"):
        fetch()(page(serve(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")))


def drip(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(200):
        line.sendall(b"x")
        time.sleep(0.05)


def hold(line: socket.socket) -> None:
    time.sleep(3)
    line.close()


def endless_head(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(10_000):
        line.sendall(b"X-A: " + b"a" * 1000 + b"\r\n")


@pytest.mark.parametrize("evil", [drip, hold])
def test_the_time_of_all_of_it_is_bounded(serve: Callable[..., Server], evil: Callable[[socket.socket], None]) -> None:
    began = time.monotonic()
    with pytest.raises(HostError, match="timeout"):
        fetch(seconds=0.4)(page(serve(evil)))
    assert time.monotonic() - began < 1.5


def test_a_server_that_never_shakes_hands_is_left(serve: Callable[..., Server]) -> None:
    server = serve(drip)
    began = time.monotonic()
    with pytest.raises(HostError, match=r"timeout|failed"):
        fetch(seconds=0.4)(WebRequest("GET", f"https://page.example:{server.port}/", is_private=True))
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 999999 x\r\n\r\n", b"\xff" * 70_000 + b"\r\n"])
def test_what_is_no_http_is_one_sentence(serve: Callable[..., Server], answer: bytes) -> None:
    with pytest.raises(HostError, match=r"no HTTP answer|Connection reset"):
        fetch()(page(serve(answer)))


def test_a_head_without_end_is_no_http(serve: Callable[..., Server]) -> None:
    with pytest.raises(HostError, match="no HTTP answer"):
        fetch()(page(serve(endless_head)))


def test_a_name_that_does_not_resolve_in_time_is_left() -> None:
    def slowly(_host: str, _port: int) -> tuple[str, ...]:
        time.sleep(3)
        return ("127.0.0.1",)

    began = time.monotonic()
    with pytest.raises(HostError, match="timeout"):
        HttpFetch(resolve=slowly, seconds=0.3)(WebRequest("GET", "http://slow.example/"))
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        ("text/html; charset=gbk", "磁盘".encode("gbk"), "磁盘"),
        ("text/html", '<meta charset="gb2312">磁盘'.encode("gbk"), '<meta charset="gb2312">磁盘'),
        ("text/html; charset=latin-1", b"caf\xe9", "café"),
        ("text/html; charset=rot13", b"abc", "abc"),
        ("text/html; charset=unicode_escape", b"\\u0041", "\\u0041"),
        ("text/html; charset=nonsense", b"\xff", "\ufffd"),
    ],
)
def test_a_page_is_text_by_its_charset(serve: Callable[..., Server], head: str, body: bytes, text: str) -> None:
    server = serve(f"HTTP/1.1 200 OK\r\nContent-Type: {head}\r\n\r\n".encode() + body)
    assert fetch()(page(server)).body == text


# ---- TLS ----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context for page.example, and one that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "page.example")])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("page.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "page.crt"
    private = serialization.PrivateFormat.PKCS8
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem)
    return serving, ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())


def test_tls_is_verified_by_the_name_although_the_address_is_fixed(
    serve: Callable[..., Server], certificate: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    serving, trusting = certificate
    server = serve(OK, serving)
    good = WebRequest("GET", f"https://page.example:{server.port}/", is_private=True)
    assert fetch(trust=trusting)(good).body == "hello"
    other = WebRequest("GET", f"https://other.example:{server.port}/", is_private=True)
    with pytest.raises(HostError, match="not trusted"):
        fetch(trust=trusting)(other)
    with pytest.raises(HostError, match="not trusted"):
        fetch()(good)
    assert len(server.asked) == 1
