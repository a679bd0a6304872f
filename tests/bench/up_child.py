"""A real `nightshift up` as a child: started, waited for, ended."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.places import ROOT, fresh_home

PORT = 18_470
LONGEST = 60.0


@dataclass
class UpChild:
    """`greeted` and `ready` in seconds from the start of the process."""

    process: subprocess.Popen[bytes]
    home: Path
    greeted: float
    ready: float


@contextmanager
def up_child(settings: str = "") -> Iterator[UpChild]:
    """`up` on a fresh data folder, as a service runs it: no terminal, the log to a file beside the folder."""
    with fresh_home() as home, (home.parent / "log").open("wb") as log:
        (home / "nightshift.toml").write_text(f"[server]\nport = {PORT}\n{settings}")
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
            _wait_until_ready()
            yield UpChild(process, home, greeted, time.perf_counter() - began)
        finally:
            process.terminate()
            process.wait(LONGEST)
            if process.stdout:
                process.stdout.close()


def get(path: str) -> tuple[int, bytes]:
    """One GET of the child."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _wait_until_ready() -> None:
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        try:
            if get("/readyz")[0] == 200:
                return
        except OSError:
            pass  # it does not listen yet
        time.sleep(0.005)
    raise TimeoutError("up did not become ready")
