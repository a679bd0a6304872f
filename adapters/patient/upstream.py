"""What lies beyond the patient's gateway: a network of its own with a web server and a DNS server that knows one name."""

from __future__ import annotations

import http.server
import os
import signal
import socket
import struct
import subprocess
import sys
import threading

from adapters.patient.layout import FAR_DEVICE, GATEWAY, PAYMENTS, PAYMENTS_NAME, PREFIX, RESOLVER
from adapters.patient.shop import Server

_HEADER = struct.Struct(">6H")
_A, _IN, _TTL = 1, 1, 60
_RESPONSE, _NO_SUCH_NAME = 0x8580, 3


class Payments(http.server.BaseHTTPRequestHandler):
    """Says that it is there."""

    def do_GET(self) -> None:
        """Any path."""
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads what the far side logs."""


def reply_to(question: bytes) -> bytes:
    """The DNS answer to one query, empty for what is none."""
    if len(question) < _HEADER.size + 5:
        return b""
    number, *_ = _HEADER.unpack_from(question)
    end = question.find(b"\0", _HEADER.size) + 1
    asked = question[_HEADER.size : end + 4]
    wanted = b"".join(bytes([len(label)]) + label.encode() for label in PAYMENTS_NAME.split(".")) + b"\0"
    if asked[:-4].lower() != wanted:
        return _HEADER.pack(number, _RESPONSE | _NO_SUCH_NAME, 1, 0, 0, 0) + asked
    if struct.unpack(">HH", asked[-4:]) != (_A, _IN):
        return _HEADER.pack(number, _RESPONSE, 1, 0, 0, 0) + asked
    record = struct.pack(">HHHIH", 0xC00C, _A, _IN, _TTL, 4) + socket.inet_aton(PAYMENTS)
    return _HEADER.pack(number, _RESPONSE, 1, 1, 0, 0) + asked + record


def main() -> None:
    """Waits for its end of the cable (a line on stdin), plugs in, serves until its owner goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.readline()
    for words in (
        ("link", "set", "lo", "up"),
        ("link", "set", FAR_DEVICE, "up"),
        ("addr", "add", f"{GATEWAY}/{PREFIX}", "dev", FAR_DEVICE),
        ("addr", "add", f"{PAYMENTS}/32", "dev", "lo"),
        ("addr", "add", f"{RESOLVER}/32", "dev", "lo"),
    ):
        subprocess.run(["ip", *words], check=True)
    web = Server((PAYMENTS, 80), Payments)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind((RESOLVER, 53))
    threading.Thread(target=_serve_names, args=(names,), daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)


def _serve_names(names: socket.socket) -> None:
    while True:
        question, sender = names.recvfrom(512)
        if reply := reply_to(question):
            names.sendto(reply, sender)


if __name__ == "__main__":
    main()
