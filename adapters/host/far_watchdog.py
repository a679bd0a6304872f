"""Takes changes of a far host's network back by itself; sent there as text and kept, like far_helper. It outlives the line it came by.

What is armed is held in memory and done when its time is over or the line closes. Of each run one small record stands in a private folder
below /tmp, so that what was done can be told on another line later: numbers of steps, nothing else.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import selectors
import signal
import stat
import time
from collections.abc import Callable
from typing import Any

from adapters.host.far_command import Command, Following
from adapters.host.far_files import do_delete, do_write
from adapters.host.far_line import Line, Refused, refuse
from adapters.host.far_walk import Walk

COMMAND_SECONDS = 10.0
TRIES = 3
IDLE = 900.0


class Records:
    """One file per run in a folder that is ours alone."""

    def __init__(self) -> None:
        path = f"/tmp/nightshift-{os.geteuid()}"  # noqa: S108 - made with mode 0700 and looked at before it is used
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700)  # noqa: PTH102
        self.at = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        info = os.fstat(self.at)
        if info.st_uid != os.geteuid() or stat.S_IMODE(info.st_mode) & 0o077:
            raise Refused("unavailable", f"{path} is not ours alone")

    def new(self, run: str) -> int:
        """A record that nobody else holds, held; refuses where this run has one already."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            record = os.open(name_of(run), flags, 0o600, dir_fd=self.at)
        except FileExistsError:
            raise Refused("unavailable", "what was armed for this run has happened already") from None
        fcntl.flock(record, fcntl.LOCK_EX)
        note(record, {"run": run})
        return record

    def state(self, name: str) -> tuple[str, list[dict[str, Any]]]:
        """`none`, `armed`, `over`, or `gone` where whoever held it ended and did not finish."""
        try:
            record = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self.at)
        except FileNotFoundError:
            return "none", []
        try:
            fcntl.flock(record, fcntl.LOCK_SH | fcntl.LOCK_NB)
            is_free = True
        except BlockingIOError:
            is_free = False
        finally:
            facts = [json.loads(line) for line in os.read(record, 1 << 20).decode().split("\n")[:-1]]
            os.close(record)
        if any("over" in fact for fact in facts):
            return "over", facts
        return ("gone" if is_free else "armed"), facts

    def remove(self, run: str) -> None:
        """What is not there is no error."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name_of(run), dir_fd=self.at)


def name_of(run: str) -> str:
    """A file name for any run."""
    return hashlib.sha256(run.encode()).hexdigest()[:32]


def note(record: int, fact: dict[str, Any]) -> None:
    """One line, on disk."""
    os.write(record, json.dumps(fact).encode() + b"\n")
    os.fsync(record)


class Watchdog:
    """At most one run is armed in one process."""

    def __init__(self, woken: int) -> None:
        self.woken, self.records = woken, Records()
        self.run, self.record = "", -1
        self.steps: list[dict[str, Any]] = []
        self.shown: dict[int, list[Any]] = {}
        self.until = 0.0

    def arm(self, run: str, steps: list[dict[str, Any]], seconds: float) -> Any:
        """Looks at what it would take back, writes down that it is armed, and only then says so."""
        shown = {step["action"]: self.shown.get(step["action"]) or self.look(step) for step in steps}
        if self.record < 0:
            self.record, self.run = self.records.new(run), run
        if run != self.run:
            raise Refused("unavailable", "another run is armed here")
        note(self.record, {"armed": [step["action"] for step in steps]})
        self.steps, self.shown, self.until = steps, shown, time.monotonic() + seconds
        return True

    def disarm(self, run: str) -> Any:
        """True when it did not and will not happen."""
        if run != self.run or not self.steps:
            if self.records.state(name_of(run))[0] == "none":
                raise Refused("unknown", "armed undo", run)
            return False
        self.steps, self.run = [], ""
        os.close(self.record)
        self.record = -1
        self.records.remove(run)
        return True

    def state(self, run: str) -> Any:
        """In one word."""
        return self.records.state(name_of(run))[0]

    def told(self) -> Any:
        """Every run that was taken back: its name, the steps that are back, those that are left."""
        found = []
        for name in sorted(os.listdir(self.records.at)):  # noqa: PTH208 - by descriptor
            state, facts = self.records.state(name)
            if state == "over":
                back, left = ([fact[word] for fact in facts if word in fact] for word in ("back", "left"))
                found.append([facts[0]["run"], back, left])
        return found

    def forget(self, run: str) -> Any:
        """It has been noted at home."""
        self.records.remove(run)
        return True

    def fire(self) -> None:
        """Newest first, each until it is done or three times have failed; what cannot be written down is done all the same."""
        for step in self.steps:
            is_back = self.take_back(step)
            with contextlib.suppress(OSError):
                note(self.record, {"back" if is_back else "left": step["action"]})
        with contextlib.suppress(OSError):
            note(self.record, {"over": True})

    def take_back(self, step: dict[str, Any]) -> bool:
        """True when it is as it was before."""
        for attempt in range(TRIES):
            time.sleep(1.0 if attempt else 0.0)
            with contextlib.suppress(OSError, Refused):
                if self.is_as_before(step) or self.act(step):
                    return True
        return False

    def is_as_before(self, step: dict[str, Any]) -> bool:
        """What cannot be looked at is taken back all the same."""
        with contextlib.suppress(OSError, Refused):
            return bool(step["look"]) and self.look(step) == self.shown[step["action"]]
        return False

    def look(self, step: dict[str, Any]) -> list[Any]:
        """What its look says now."""
        if not step["look"]:
            return [1, ""]
        status, out, err, is_late = self.do(step["look"], is_sudo=step["look_sudo"])
        if status != 0 or is_late:
            refuse("failed", f"{step['look'][0]} says {err.strip()[:100]}")
        return [0, out]

    def act(self, step: dict[str, Any]) -> bool:
        """Takes it back once."""
        if step["argv"]:
            status, _, _, is_late = self.do(step["argv"], is_sudo=step["sudo"])
            return bool(status == 0 and not is_late)
        walk = Walk(step)
        if step["data"] is None:
            do_delete(walk, step["parts"])
        else:
            do_write(walk, step["parts"], step["data"], step["mode"], step["owner"])
        return True

    def do(self, argv: list[str], *, is_sudo: bool) -> Any:
        """One command to its end, whoever still listens."""
        command = Command(argv, has_terminal=is_sudo)
        try:
            os.write(command.go, b"g")
            if os.read(command.failure, 16):
                refuse("failed", f"{argv[0]} cannot be run")
            return Following(command, self.woken, -1).to_the_end(COMMAND_SECONDS)
        finally:
            command.close()


def next_request(line: Line, dog: Watchdog) -> Any:
    """None when the line is closed, or the time is over."""
    seconds = dog.until - time.monotonic() if dog.steps else IDLE
    with selectors.DefaultSelector() as waiting:
        waiting.register(0, selectors.EVENT_READ)
        return line.next(10.0) if seconds > 0 and (line.rest or waiting.select(seconds)) else None


def answer(dog: Watchdog, request: dict[str, Any]) -> Any:
    """What one request comes to."""
    verbs: dict[str, Callable[..., Any]] = {
        "arm": dog.arm,
        "disarm": dog.disarm,
        "state": dog.state,
        "told": dog.told,
        "forget": dog.forget,
    }
    try:
        return {"ok": verbs[request["operation"]](**request["arguments"])}
    except Refused as refusal:
        return {"error": list(refusal.args)}
    except OSError as error:
        return {"error": ["unavailable", str(error.strerror or error)]}


def main() -> None:
    """Until the line closes; what is armed then happens."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.setsid()
    woken, waker = os.pipe()
    for end in (woken, waker):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    os.chdir("/")
    line, dog = Line(), Watchdog(woken)
    with contextlib.suppress(OSError, ValueError):  # a line that breaks is a line that closes
        line.say({"ready": True})
        request = next_request(line, dog)
        while request is not None:
            line.say(answer(dog, request))
            request = next_request(line, dog)
    dog.fire()


if __name__ == "__main__":
    main()
