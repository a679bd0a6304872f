"""Port RollbackTimer for hosts whose namespaces are on this machine: one watchdog process there for each run that is armed."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import UnavailableError, UnknownError
from core.host_change import BackStep, FileDelete, FileWrite, Fired

_ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 20.0
_ANSWER_SECONDS = 60.0
_PAUSE = 0.1
_HIERARCHIES = tuple(Path("/sys/fs/cgroup") / name for name in ("", "systemd", "unified"))
_OWN_CGROUP = "nightshift-rollback"
"""Where watchdogs of a systemd service live: what it leaves in its own group is killed together with it."""

Word = dict[str, Any]


class HostRollbackTimer:
    """`enters` gives, by host, the words before a command that put it there; `folder` keeps one record per run, for after our death."""

    def __init__(self, enters: Mapping[str, Callable[[], tuple[str, ...]]], folder: Path) -> None:
        self._enters, self._folder = dict(enters), folder
        self._dogs: dict[tuple[str, str], _Dog] = {}
        self._lock = threading.Lock()

    def arm(self, host: str, run: str, steps: Sequence[BackStep], seconds: float) -> None:
        """See `core.people_ports.RollbackTimer`."""
        if host not in self._enters:
            raise UnknownError("host", host, tuple(self._enters))
        with self._lock:
            dog = self._dogs.get((host, run))
        is_new = dog is None
        if dog is None:
            if _is_over(_facts(self._record(host, run))):
                raise UnavailableError(f"what was armed on {host} for {run} has happened already")
            dog = self._start(host, run)
        try:
            answer = dog.ask({"seconds": seconds, "steps": [_on_the_line(step) for step in steps]})
        except OSError as error:
            answer = {"refused": str(error)}
        if "armed" not in answer:
            if is_new:
                dog.leave()
                _remove(self._record(host, run))
            raise UnavailableError(f"no undo can be armed on {host}: {answer.get('refused', 'it has begun')}")
        with self._lock:
            self._dogs[host, run] = dog

    def disarm(self, host: str, run: str) -> bool:
        """See `core.people_ports.RollbackTimer`."""
        with self._lock:
            dog = self._dogs.get((host, run))
        if dog is None:
            if not _facts(self._record(host, run)):
                raise UnknownError("armed undo", run)
            return False
        try:
            is_off = "disarmed" in dog.ask({"disarm": True})
        except OSError:
            is_off = False
        if is_off:
            with self._lock:
                self._dogs.pop((host, run), None)
            dog.leave()
            _remove(self._record(host, run))
        return is_off

    def has_fired(self, host: str, run: str, within: float) -> bool:
        """See `core.people_ports.RollbackTimer`. Without a line, as after a restart, the record and its lock tell."""
        record = self._record(host, run)
        with self._lock:
            dog = self._dogs.get((host, run))
        until = time.monotonic() + within
        while True:
            is_free = _is_free(record)
            facts = _facts(record)
            if not facts:
                raise UnknownError("armed undo", run)
            if _is_over(facts):
                self._drop(host, run)
                return True
            if is_free:
                self._drop(host, run)
                raise UnavailableError(f"what was to take back {run} on {host} is gone and did nothing")
            left = until - time.monotonic()
            if left <= 0:
                return False
            if dog is None:
                time.sleep(min(_PAUSE, left))
            else:
                dog.wait(left)

    def fired(self, host: str) -> tuple[Fired, ...]:
        """See `core.people_ports.RollbackTimer`."""
        found = []
        for record in sorted(self._folder.glob("*.jsonl")) if self._folder.is_dir() else ():
            facts = _facts(record)
            is_his = bool(facts) and facts[0].get("host") == host
            if is_his and _is_over(facts):
                back, left = (tuple(fact[word] for fact in facts if word in fact) for word in ("back", "left"))
                found.append(Fired(str(facts[0]["run"]), back, left))
        return tuple(found)

    def forget(self, host: str, run: str) -> None:
        """See `core.people_ports.RollbackTimer`."""
        _remove(self._record(host, run))

    def close(self) -> None:
        """Lets go of every line: what is armed happens now."""
        with self._lock:
            dogs, self._dogs = self._dogs, {}
        for dog in dogs.values():
            dog.leave()

    def _drop(self, host: str, run: str) -> None:
        with self._lock:
            dog = self._dogs.pop((host, run), None)
        if dog is not None:
            dog.leave()

    def _record(self, host: str, run: str) -> Path:
        return self._folder / f"{hashlib.sha256(json.dumps([host, run]).encode()).hexdigest()[:32]}.jsonl"

    def _start(self, host: str, run: str) -> _Dog:
        enter = self._enters[host]()
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _new_record(self._record(host, run), {"host": host, "run": run}) as record:
                dog = _Dog(enter, record)
                try:
                    dog.wait_ready()
                    self._enters[host]()  # the holder still is the one we meant
                except BaseException:
                    dog.leave()
                    raise
        except (OSError, ValueError) as error:
            _remove(self._record(host, run))
            raise UnavailableError(f"no undo can be armed on {host}: {error}") from error
        return dog


class _Dog:
    """Our end of the line to one watchdog; it is the only one, so that the line closes when we die."""

    def __init__(self, enter: tuple[str, ...], record: int) -> None:
        self._line, line = socket.socketpair()
        self._reading = threading.Lock()
        try:
            self._process = subprocess.Popen(
                [*enter, sys.executable, "-P", "-m", "adapters.host.watchdog", str(line.fileno()), str(record)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(line.fileno(), record),
                cwd="/",
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "PYTHONPATH": str(_ROOT)},
                start_new_session=True,
            )
        except OSError:
            self._line.close()
            raise
        finally:
            line.close()
        self._lines = self._line.makefile("rb")

    def wait_ready(self) -> None:
        """Until it is where it should be; raises OSError."""
        self._line.settimeout(_START_SECONDS)
        self._read()
        _let_outlive_our_service(self._process.pid)

    def ask(self, word: Word) -> Word:
        """What it answers; raises OSError when it is gone."""
        with self._reading:
            self._line.settimeout(_ANSWER_SECONDS)
            self._line.sendall(json.dumps(word).encode() + b"\n")
            return self._read()

    def wait(self, seconds: float) -> None:
        """Until it says something by itself or ends, at most so long."""
        waiting = select.poll()
        waiting.register(self._line, select.POLLIN)
        if waiting.poll(seconds * 1000):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_PAUSE)

    def leave(self) -> None:
        """Closes the line; what is armed then happens. It is not ended: it ends by itself."""
        self._lines.close()
        self._line.close()
        threading.Thread(target=self._process.wait, daemon=True).start()

    def _read(self) -> Word:
        text = self._lines.readline()
        if not text.endswith(b"\n"):
            raise ConnectionError("its watchdog ended")
        return dict(json.loads(text))


def _let_outlive_our_service(pid: int) -> None:
    """Takes a watchdog, and nsenter around it, out of our service's group; where we may not, it stays in it."""
    if "INVOCATION_ID" not in os.environ:
        return
    with contextlib.suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        for root in _HIERARCHIES:
            if (root / "cgroup.procs").exists():
                (root / _OWN_CGROUP).mkdir(exist_ok=True)
                for one in (str(pid), *children):
                    (root / _OWN_CGROUP / "cgroup.procs").write_text(one, encoding="ascii")


@contextmanager
def _new_record(path: Path, head: Word) -> Iterator[int]:
    """A fresh file, on disk with its first line, open for appending while the block runs."""
    path.unlink(missing_ok=True)
    record = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(record, json.dumps(head).encode() + b"\n")
        os.fsync(record)
        yield record
    finally:
        os.close(record)


def _facts(record: Path) -> list[Word]:
    """The lines of a record; one that was not finished when it died is none, and neither is what is no record of ours."""
    try:
        lines = record.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]
        facts = [json.loads(line) for line in lines]
    except (OSError, ValueError):
        return []
    return [fact for fact in facts if isinstance(fact, dict)]


def _remove(record: Path) -> None:
    """One that cannot be removed is told again, and noted again: that changes nothing."""
    with contextlib.suppress(OSError):
        record.unlink()


def _is_over(facts: list[Word]) -> bool:
    return any("over" in fact for fact in facts)


def _is_free(record: Path) -> bool:
    """True when the watchdog that holds it has ended."""
    try:
        handle = os.open(record, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(handle)


def _on_the_line(step: BackStep) -> Word:
    act = step.act
    is_file = isinstance(act, FileWrite | FileDelete)
    return {
        "action": step.action,
        "argv": [] if is_file else list(act),  # type: ignore[arg-type]
        "look": list(step.look),
        "path": act.path if isinstance(act, FileWrite | FileDelete) else "",
        "data": base64.b64encode(act.data).decode("ascii") if isinstance(act, FileWrite) else None,
        "mode": act.mode if isinstance(act, FileWrite) else 0,
        "owner": [act.uid, act.gid] if isinstance(act, FileWrite) else [-1, -1],
    }
