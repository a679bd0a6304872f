"""Network probes against servers of this test on loopback: each way to fail reads differently, and none takes ten seconds."""

from __future__ import annotations

import http.server
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.clock_system import SystemClock
from adapters.patient import layout
from adapters.probe.certificate import not_after
from adapters.probe.dns import DnsProbe
from adapters.probe.ground import Ground
from adapters.probe.local import LocalProbe
from adapters.probe.system import Reading
from core.alert import Signal
from core.errors import InvalidError, UnavailableError
from tests.patient_kit import host_of, probe_of, running_patient

EXPIRED = Path(__file__).parent / "recorded" / "expired.pem"


@pytest.fixture
def probe() -> LocalProbe:
    return LocalProbe(SystemClock())


def read(probe: LocalProbe, text: str) -> Reading:
    began = time.monotonic()
    reading = probe.read(Signal.parse(text))
    assert time.monotonic() - began < 9.9
    return reading


@contextmanager
def raw_server(answer: bytes, *, then_wait: bool = False) -> Iterator[int]:
    """Takes one connection after another, reads a little, says `answer`, and hangs up or keeps silent."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)
                    over.wait(60 if then_wait else 0)

        thread = threading.Thread(target=serve)
        thread.start()
        yield int(listener.getsockname()[1])
        over.set()
        thread.join()


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"page")

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture
def pages() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "value"), [(200, 0), (204, 0), (302, 0), (404, 1), (503, 1)])
def test_a_status_from_400_on_is_a_failure(probe: LocalProbe, pages: int, status: int, value: float) -> None:
    reading = read(probe, f"http.failed:http://127.0.0.1:{pages}/{status}")
    assert reading.value == value
    assert str(status) in reading.detail


@pytest.mark.parametrize(
    ("answer", "then_wait", "word"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", False, "short"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", True, "timeout"),
        (b"", False, "not HTTP"),
        (b"SSH-2.0-OpenSSH\r\n", False, "not HTTP"),
        (b"", True, "timeout"),
    ],
    ids=["short body", "body hangs", "hangs up", "speaks something else", "never answers"],
)
def test_an_answer_that_is_none_says_how(probe: LocalProbe, answer: bytes, then_wait: bool, word: str) -> None:
    with raw_server(answer, then_wait=then_wait) as port:
        reading = read(probe, f"http.failed:http://127.0.0.1:{port}/")
    assert reading.value == 1
    assert word in reading.detail


def test_a_closed_port_is_refused(probe: LocalProbe, closed_port: int) -> None:
    for signal in (f"tcp.failed:127.0.0.1:{closed_port}", f"http.failed:http://127.0.0.1:{closed_port}/"):
        assert read(probe, signal).value == 1
        assert "refused" in read(probe, signal).detail


def test_an_open_port_accepts(probe: LocalProbe) -> None:
    with raw_server(b"") as port:
        assert read(probe, f"tcp.failed:127.0.0.1:{port}").value == 0


@pytest.mark.parametrize("place", ["db-1", "db-1:", ":80", "db-1:http", "db-1:0", "db-1:99999"])
def test_a_place_that_is_none_is_refused(probe: LocalProbe, place: str) -> None:
    with pytest.raises(InvalidError):
        probe.read(Signal("tcp", "failed", place))


@contextmanager
def tls_server() -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(EXPIRED)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_an_expired_certificate_has_days_below_zero(probe: LocalProbe) -> None:
    with tls_server() as port:
        assert read(probe, f"tls.expires_days:127.0.0.1:{port}").value < -365
        reading = read(probe, f"http.failed:https://127.0.0.1:{port}/200")
    assert reading.value == 1
    assert reading.detail.startswith("TLS: ")


def test_the_end_of_a_certificate_is_what_openssl_says() -> None:
    text = EXPIRED.read_text()
    encoded = ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN CERTIFICATE") :])
    seconds = ssl.cert_time_to_seconds(ssl._ssl._test_decode_cert(str(EXPIRED))["notAfter"])  # type: ignore[attr-defined]
    assert not_after(encoded) == datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize("encoded", [b"", b"\x30", b"\x30\x80", b"\x30\x03\x30\x01\x00", b"no certificate" * 9])
def test_what_is_no_certificate_is_said_so(encoded: bytes) -> None:
    with pytest.raises(UnavailableError):
        not_after(encoded)


def test_a_port_without_tls_shows_no_certificate(probe: LocalProbe, pages: int) -> None:
    with pytest.raises(UnavailableError):
        probe.read(Signal("tls", "expires_days", f"127.0.0.1:{pages}"))


# ---- names ----------------------------------------------------------------------------------------------------------


@contextmanager
def resolver(code: int, records: int, *, stray: bytes = b"") -> Iterator[int]:
    """A DNS server that answers every question alike, after `stray` bytes that are no answer."""
    over = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(0.1)

        def serve() -> None:
            while not over.is_set():
                try:
                    question, sender = udp.recvfrom(512)
                except TimeoutError:
                    continue
                udp.sendto(stray or b"x", sender)
                udp.sendto(question[:2] + struct.pack(">5H", 0x8180 | code, 1, records, 0, 0) + question[12:], sender)

        thread = threading.Thread(target=serve)
        thread.start()
        yield int(udp.getsockname()[1])
        over.set()
        thread.join()


def names(tmp_path: Path, port: int, servers: str = "nameserver 127.0.0.1\n", hosts: str = "") -> DnsProbe:
    (tmp_path / "resolv.conf").write_text(servers)
    (tmp_path / "hosts").write_text(hosts)
    return DnsProbe(Ground(), tmp_path / "resolv.conf", tmp_path / "hosts", port)


@pytest.mark.parametrize(
    ("code", "records", "value", "word"),
    [(0, 1, 0, "resolves by"), (3, 0, 1, "NXDOMAIN"), (2, 0, 1, "SERVFAIL"), (0, 0, 1, "no address")],
)
def test_a_resolver_is_quoted(tmp_path: Path, code: int, records: int, value: float, word: str) -> None:
    with resolver(code, records) as port:
        reading = names(tmp_path, port).failed("example.com")
    assert reading.value == value
    assert word in reading.detail


def test_a_dead_resolver_before_a_live_one_is_named_and_no_failure(tmp_path: Path) -> None:
    with resolver(0, 1) as port:
        reading = names(tmp_path, port, "nameserver 127.0.0.9\nnameserver 127.0.0.1\n").failed("example.com")
    assert reading.value == 0
    assert "127.0.0.9" in reading.detail


def test_an_answer_to_another_question_is_no_answer(tmp_path: Path) -> None:
    forged = b"\0\0" + struct.pack(">5H", 0x8180, 1, 1, 0, 0) + b"\7another\0\0\1\0\1"
    with resolver(3, 0, stray=forged) as port:
        assert names(tmp_path, port).failed("example.com").value == 1


def test_a_host_without_resolvers_or_with_the_name_in_its_hosts_file(tmp_path: Path) -> None:
    assert "no resolver" in names(tmp_path, 1, "").failed("example.com").detail
    assert names(tmp_path, 1, "", "10.0.0.1 db-1 db # the database\n").failed("db-1").value == 0


@pytest.mark.parametrize("name", [".", "a..b", "x" * 64, "-" * 300])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidError):
        names(tmp_path, 1).failed(name)


# ---- routes, links and silence, in a network of its own ----------------------------------------------------------------


def test_dropped_unreachable_and_refused_read_differently(tmp_path: Path) -> None:
    with running_patient(tmp_path) as patient, probe_of(patient) as probe, host_of(patient) as host:

        def detail(text: str) -> str:
            began = time.monotonic()
            measured = probe.measure(layout.NAME, Signal.parse(text))
            assert time.monotonic() - began < 9.9
            return f"{measured.value:g} {measured.detail}"

        def ip(*words: str) -> None:
            assert host.run(("/sbin/ip", *words), 10, lambda _pid, _start: None).status == 0

        assert detail(f"tcp.failed:{layout.PAYMENTS}:81").startswith("1 refused")
        assert detail(f"tcp.failed:{layout.PAYMENTS}:80").startswith("0 ")
        assert detail("tcp.failed:203.0.113.77:80").startswith("1 unreachable")
        assert detail(f"tcp.failed:{layout.DEAD_RESOLVER}:80").startswith("1 ")
        assert detail("link.down:eth0").startswith("0 ")
        assert detail("route.missing:203.0.113.0/24").startswith("0 ")
        assert detail("route.missing:10.0.0.0/8").startswith("1 ")
        ip("link", "set", "eth0", "down")
        assert detail("link.down:eth0").startswith("1 ")
        assert detail("route.missing:default").startswith("1 ")
        assert detail(f"tcp.failed:{layout.PAYMENTS}:80").startswith("1 unreachable: no route")
        assert detail(f"tcp.failed:{layout.PAYMENTS_NAME}:80").startswith("1 DNS")
        with pytest.raises(UnavailableError, match="there are: eth0, lo"):
            probe.measure(layout.NAME, Signal("link", "down", "eth7"))
