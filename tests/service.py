"""A web service of somebody else, on this machine, that answers as a test says: a status, silence, or one byte now and then."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Service(http.server.ThreadingHTTPServer):
    """What it was asked, and how it answers: an HTTP status, 0 for never, -1 for a header that never ends."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.status = 200
        self.asked: list[tuple[str, str]] = []
        self.is_over = threading.Event()

    @property
    def place(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.server_port}"


class _Answer(http.server.BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        """Everything is answered alike."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        self.server.asked.append((self.path, body))
        if self.server.status > 0:
            self.send_response(self.server.status)
            self.send_header("Content-Length", "0")
            self.end_headers()
        while self.server.status < 0 and not self.server.is_over.wait(0.1):
            self.wfile.write(b"H")
        self.server.is_over.wait(0 if self.server.status else 30)

    do_POST = do_GET  # noqa: N815 - the name that its base class looks for

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the screen."""


@contextmanager
def service() -> Iterator[Service]:
    """Up as long as the block runs."""
    with Service() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield server
        finally:
            server.is_over.set()
            server.shutdown()
