"""Processes of a host without Python: the table in one look, signals, and commands that wait at a gate until they are noted."""

from __future__ import annotations

import math
import re
import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for

from adapters.host.execute import CAP, require_argv
from adapters.host.plain_script import END_GROUP, GATE, PROCESSES, SECONDS, SIGNAL, Exec, refuse, shell
from core.errors import InvalidError, NeverError, UnavailableError
from core.host_change import ProcessSignal
from core.skill import HostError
from core.world import CommandResult, Process

_SIGNALS = frozenset({"TERM", "HUP", "USR1", "USR2", "KILL"})
_PAGE = 4096
"""Bytes; busybox does not tell, and nearly every server has this."""
_STAT = re.compile(
    rb"(?P<pid>\d+) \((?P<name>.{0,64}?)\) (?P<state>[A-Za-z]) (?P<parent>\d+)(?: -?\d+){15} (?P<threads>\d+) -?\d+ "
    rb"(?P<started>\d+) \d+ (?P<pages>-?\d+)(?: -?\d+){10,60}\n",
    re.DOTALL,
)
_GATE_SECONDS = 20.0
_LEFT = 10.0
"""Seconds beyond its own time limit after which a command that still has not ended over there counts as lost."""


def processes(exec_: Exec) -> tuple[Process, ...]:
    """Every process that we are shown, by pid."""
    word = secrets.token_hex(16)
    status, out, err = exec_(shell(PROCESSES), f"{word}\n".encode(), SECONDS)
    if status != 0:
        raise UnavailableError(f"the process table cannot be read: {err.decode('utf-8', 'replace')[:100]}")
    owners, *records = out.split(word.encode())
    uids = dict(re.findall(r"^/proc/(\d+) (\d+)$", owners.decode("ascii", "replace"), re.MULTILINE))
    found = [made for record in records if (made := _process(record, uids)) is not None]
    return tuple(sorted(found, key=lambda process: process.pid))


def _process(record: bytes, uids: dict[str, str]) -> Process | None:
    """None for one that ended while it was read."""
    stat = _STAT.match(record)
    uid = uids.get(stat["pid"].decode()) if stat else None
    if stat is None or uid is None:
        return None
    words = [word.decode("utf-8", "replace")[:4096] for word in record[stat.end() :].split(b"\0")[:256] if word]
    return Process(
        pid=int(stat["pid"]),
        started=int(stat["started"]),
        parent=int(stat["parent"]),
        name=stat["name"].decode("utf-8", "replace"),
        argv=tuple(words),
        state=stat["state"].decode(),
        uid=int(uid),
        rss=int(stat["pages"]) * _PAGE,
        threads=int(stat["threads"]),
    )


def send_signal(exec_: Exec, change: ProcessSignal) -> None:
    """To exactly this process, but for microseconds between the look over there and the signal."""
    if change.name not in _SIGNALS:
        raise InvalidError(f"{change.name!r} is not a signal that may be sent; one of: {', '.join(sorted(_SIGNALS))}")
    if change.pid <= 0:
        raise InvalidError(f"{change.pid} is not the pid of one process")
    if change.pid == 1:
        raise NeverError("a signal to process 1", "it is the first process")
    _signal(exec_, change.pid, change.started, change.name)


def _signal(exec_: Exec, pid: int, started: int, name: str) -> None:
    status, _, err = exec_(shell(SIGNAL, str(pid), str(started), name), b"", SECONDS)
    if status in {92, 93}:
        raise HostError("changed", f"process {pid} is gone, or another one now")
    refuse(f"process {pid}", status, err)


class Commands:
    """Runs commands over there."""

    def __init__(self, exec_: Exec) -> None:
        self._exec = exec_

    def run(self, argv: tuple[str, ...], timeout: float, started: Callable[[int, int], None]) -> CommandResult:
        """See `core.ports.Host.run`. The host itself ends the command at its time limit, also when we are gone by then."""
        require_argv(argv)
        seconds, word = max(1, math.ceil(timeout)), secrets.token_hex(16)
        gate = shell(GATE, str(seconds), *argv, word=word)
        with ThreadPoolExecutor(1, "plain-run") as pool:
            ended = pool.submit(self._exec, gate, b"", seconds + _GATE_SECONDS + _LEFT)
            process = self._at_the_gate(ended, word, argv[0])
            try:
                started(process.pid, process.started)
                begun = time.monotonic()
                _signal(self._exec, process.pid, process.started, "USR1")
            except BaseException:
                self._end(process)
                raise
            status, out, err = self._wait(ended, process, seconds)
            is_over = time.monotonic() - begun >= seconds and status in {124, 137, 143, -9}
        if is_over:
            self._end(process)
        code = 128 - status if 128 < status < 192 else status
        return CommandResult(-9 if is_over else code, _text(out), _text(err), timed_out=is_over)

    def _at_the_gate(self, ended: Future[tuple[int, bytes, bytes]], word: str, program: str) -> Process:
        deadline = time.monotonic() + _GATE_SECONDS
        while time.monotonic() < deadline:
            if ended.done():
                status, _, err = ended.result()
                codes = {93: "missing", 95: "denied"}
                said = err.decode("utf-8", "replace").strip()[:200]
                raise HostError(codes.get(status, "failed"), f"{program}: {said or f'cannot be run ({status})'}")
            table = processes(self._exec)
            sleepers = {process.parent for process in table if process.name == "sleep"}
            waiting = (process for process in table if word in process.argv and process.pid in sleepers)
            if (found := next(waiting, None)) is not None:
                return found
            wait_for([ended], 0.02)
        raise UnavailableError(f"{program} did not come to its start on the host")

    def _wait(
        self, ended: Future[tuple[int, bytes, bytes]], process: Process, seconds: int
    ) -> tuple[int, bytes, bytes]:
        try:
            return ended.result(seconds + 3.0)
        except TimeoutError:
            self._end(process)  # something it started holds its output open, or nothing over there could stop it
            return (-9, *ended.result()[1:])

    def _end(self, process: Process) -> None:
        self._exec(shell(END_GROUP, str(process.pid), str(process.started)), b"", SECONDS)


def _text(data: bytes) -> str:
    return data[:CAP].decode("utf-8", "replace")
