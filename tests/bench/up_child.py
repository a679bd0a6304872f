"""A real `nightshift up` as a child: started, waited for, ended."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.places import ROOT, fresh_home

LONGEST = 60.0


@dataclass
class UpChild:
    """`greeted` and `ready` in seconds from the start of the process."""

    process: subprocess.Popen[bytes]
    home: Path
    port: int
    greeted: float
    ready: float


@contextmanager
def up_child(settings: Callable[[int], str] = lambda _port: "") -> Iterator[UpChild]:
    """`up` on a fresh data folder, as a service runs it: no terminal, the log to a file beside it. `settings` are told the port."""
    port = free_port()
    with fresh_home() as home, (home.parent / "log").open("wb") as log:
        (home / "nightshift.toml").write_text(f"[server]\nport = {port}\n{settings(port)}")
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "up"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env=dict(os.environ),
        )
        try:
            greeting = process.stdout.readline() if process.stdout else b""
            greeted = time.perf_counter() - began
            if not greeting:
                raise RuntimeError(f"up did not start: {(home.parent / 'log').read_text()[-500:]}")
            _wait_until_ready(port)
            yield UpChild(process, home, port, greeted, time.perf_counter() - began)
        finally:
            process.terminate()
            process.wait(LONGEST)
            if process.stdout:
                process.stdout.close()


def free_port() -> int:
    """One that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(port: int) -> None:
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        if _is_ready(port):
            return
        time.sleep(0.005)
    raise TimeoutError("up did not become ready")


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False  # it does not listen yet
    finally:
        connection.close()
