"""The process that takes changes of the network back by itself: started on the host, on one line with us, and it outlives us.

It holds the undo by value. It does it when its time is over, or as soon as the line closes without a word; then it ends. What it did
stands in one file that it was given open, so that nothing else of ours is in its reach.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from typing import Any

from adapters.host.files import Files
from core.errors import NightshiftError
from core.host_change import FileDelete, FileWrite
from core.skill import HostError

_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/",
}
_COMMAND_SECONDS = 10.0
_LINE_SECONDS = 10.0
_TRIES = 3
_LONGEST_LINE = 8 << 20

Step = dict[str, Any]


class Watchdog:
    """One undo, armed or not."""

    def __init__(self, line: socket.socket, record: int) -> None:
        self._line, self._record = line, record
        self._lines = line.makefile("rb")
        self._steps: list[Step] = []
        self._shown: dict[int, tuple[int, str]] = {}
        self._until = 0.0

    def watch(self) -> None:
        """Until it is disarmed, or has done what it is there for."""
        fcntl.flock(self._record, fcntl.LOCK_EX)
        self._say({"ready": True})
        while (word := self._next()) is not None:
            if word.get("disarm"):
                with contextlib.suppress(OSError):
                    self._write({"disarmed": True})
                self._say({"disarmed": True})
                return
            self._arm(word)
        if self._steps:
            self._fire()

    def _next(self) -> dict[str, Any] | None:
        """The next word; None when the time is over or the line is closed."""
        waiting = select.poll()
        waiting.register(self._line, select.POLLIN)
        left = (self._until - time.monotonic()) * 1000 if self._steps else None
        if (left is not None and left <= 0) or not waiting.poll(left):
            return None
        try:
            text = self._lines.readline(_LONGEST_LINE)
        except OSError:  # it hangs in the middle of a word, or is torn
            return None
        return dict(json.loads(text)) if text.endswith(b"\n") else None

    def _arm(self, word: dict[str, Any]) -> None:
        """Looks at what it would take back, writes down that it is armed, and only then says so."""
        steps = list(word["steps"])
        try:
            shown = {step["action"]: self._shown.get(step["action"]) or _look(step) for step in steps}
            self._write({"armed": [step["action"] for step in steps]})
        except (OSError, subprocess.SubprocessError) as error:
            self._say({"refused": f"{type(error).__name__}: {error}"[:200]})
            return
        self._steps, self._shown = steps, shown
        self._until = time.monotonic() + float(word["seconds"])
        self._say({"armed": True})

    def _fire(self) -> None:
        """Newest first, each until it is done or three times have failed; what cannot be written down is done all the same."""
        with contextlib.suppress(OSError):
            self._write({"fired": time.time()})
        for step in self._steps:
            is_back = _take_back(step, self._shown[step["action"]])
            with contextlib.suppress(OSError):
                self._write({"back" if is_back else "left": step["action"]})
        with contextlib.suppress(OSError):
            self._write({"over": True})
        self._say({"over": True})

    def _write(self, fact: dict[str, Any]) -> None:
        os.write(self._record, json.dumps(fact).encode() + b"\n")
        os.fsync(self._record)

    def _say(self, word: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more; the record says it too
            self._line.sendall(json.dumps(word).encode() + b"\n")


def _look(step: Step) -> tuple[int, str]:
    if not step["look"]:
        return (1, "")
    seen = _run(step["look"])
    if seen.returncode != 0:
        raise OSError(f"{step['look'][0]} says {seen.stderr.strip()[:100]}")
    return (0, seen.stdout)


def _take_back(step: Step, before: tuple[int, str]) -> bool:
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(1.0)
        try:
            if _is_as_before(step, before) or _act(step):
                return True
        except (OSError, HostError, NightshiftError, subprocess.SubprocessError):
            continue  # what fails now may work in a second; after the last try the record says that it is left
    return False


def _is_as_before(step: Step, before: tuple[int, str]) -> bool:
    """What cannot be looked at is taken back all the same."""
    try:
        return bool(step["look"]) and _look(step) == before
    except (OSError, subprocess.SubprocessError):
        return False


def _act(step: Step) -> bool:
    if step["argv"]:
        return _run(step["argv"]).returncode == 0
    files = Files(frozenset())
    if step["data"] is None:
        files.change(FileDelete(step["path"]))
    else:
        files.change(FileWrite(step["path"], base64.b64decode(step["data"]), step["mode"], *step["owner"]))
    return True


def _run(argv: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
        timeout=_COMMAND_SECONDS, env=_ENVIRONMENT, check=False,
    )  # fmt: skip


def main(arguments: list[str]) -> None:
    """`watchdog LINE RECORD`: an inherited socket, and an inherited file open for appending."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    line = socket.socket(fileno=int(arguments[0]))
    record = int(arguments[1])
    for end in (line.fileno(), record):
        os.set_inheritable(end, False)
    line.settimeout(_LINE_SECONDS)
    Watchdog(line, record).watch()


if __name__ == "__main__":
    main(sys.argv[1:])
