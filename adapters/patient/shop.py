"""The patient's service: a small web shop that writes an access log and daemonises itself, as a plain init script expects."""

from __future__ import annotations

import contextlib
import ctypes
import http.server
import os
import socketserver
import sys
from pathlib import Path

_PR_SET_NAME = 15
_PAGE = b"<!doctype html><title>Shop</title><h1>Open all night</h1>\n"


class Shop(http.server.BaseHTTPRequestHandler):
    """One page; every request is one line in the access log."""

    log: int

    def do_GET(self) -> None:
        """The front page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(_PAGE)))
        self.end_headers()
        self.wfile.write(_PAGE)

    def log_message(self, format: str, *args: object) -> None:
        """A full disk costs the line, not the customer."""
        with contextlib.suppress(OSError):
            os.write(self.log, f"{self.client_address[0]} {format % args}\n".encode())


class Server(http.server.ThreadingHTTPServer):
    """Starts without asking the DNS for its own name, which may be the thing that is broken."""

    def server_bind(self) -> None:
        """Only binds."""
        socketserver.TCPServer.server_bind(self)


def main(arguments: list[str]) -> None:
    """`shop NAME PORT PID_FILE ACCESS_LOG SERVICE_LOG`: returns once it listens; what goes on is its own session."""
    name, port, pid_file, access_log, service_log = arguments
    ready, write_ready = os.pipe()
    if os.fork():
        os.close(write_ready)
        sys.exit(0 if os.read(ready, 1) == b"r" else 1)
    os.close(ready)
    os.setsid()
    if os.fork():
        os._exit(0)
    ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)
    _redirect(service_log)
    Shop.log = os.open(access_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    server = Server(("0.0.0.0", int(port)), Shop)  # noqa: S104 - in a network of its own
    Path(pid_file).write_text(f"{os.getpid()}\n", encoding="ascii")
    os.write(write_ready, b"r")
    os.close(write_ready)
    server.serve_forever()


def _redirect(service_log: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    said = os.open(service_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for source, target in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(said)


if __name__ == "__main__":
    main(sys.argv[1:])
