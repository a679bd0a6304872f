"""Which processes run under a name: by program, by script, or by pid file."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from adapters.probe.ground import Ground
from core.errors import UnavailableError

_FRESH_SECONDS = 1.0
_NOW_SECONDS = 0.05
"""A table this young is of now."""
_COMM_LENGTH = 15
"""The kernel keeps this many characters of a name."""
_CLOCK_SLACK = 5.0
_INTERPRETERS = ("python", "perl", "ruby", "node", "php", "bash", "sh")


@dataclass(frozen=True, slots=True)
class Running:
    """One live or zombie process; (pid, created) names it for good; `words` are the first of its command line."""

    pid: int
    parent: int
    name: str
    words: tuple[str, ...]
    created: float
    is_zombie: bool


class ProcessList:
    """The process table of one machine, read at most once a second however many checks ask."""

    def __init__(self, ground: Ground | None = None) -> None:
        self._ground = ground or Ground()
        self._lock = threading.Lock()
        self._read_at = -_FRESH_SECONDS
        self._table: tuple[Running, ...] = ()
        self._booted: float | None = None

    def table(self, most: float = _FRESH_SECONDS) -> tuple[Running, ...]:
        """Every process, as of so many seconds ago at most."""
        with self._lock:
            if time.monotonic() - self._read_at >= most:
                self._table = self._read()
                self._read_at = time.monotonic()
            return self._table

    def pids(self, name: str) -> tuple[int, ...]:
        """Live processes under a name."""
        return tuple(process.pid for process in self.named(name))

    def named(self, name: str) -> tuple[Running, ...]:
        """Live processes whose program or script has this name, or that this pid file (`/run/x.pid`) or `/run/NAME.pid` names.

        That there is none is only said of now: a table of a second ago does not know what has just been started again.
        """
        return self._named_in(self.table(), name) or self._named_in(self.table(_NOW_SECONDS), name)

    def _named_in(self, table: tuple[Running, ...], name: str) -> tuple[Running, ...]:
        alive = [process for process in table if not process.is_zombie]
        if name.startswith("/"):
            return self._named_by_file(name, alive)
        found = tuple(process for process in alive if _is_called(process, name))
        return found or self._named_by_file(f"/run/{name.replace('/', '_')}.pid", alive)

    def _read(self) -> tuple[Running, ...]:
        ticks, booted, rows = self._ground.processes()
        # The first one is kept: it moves when the clock is set, and every process would look like another one.
        self._booted = booted if self._booted is None else self._booted
        try:
            return tuple(_running(row, self._booted, ticks) for row in rows)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise UnavailableError("what was told of the processes is no table of them") from error

    def _named_by_file(self, path: str, alive: list[Running]) -> tuple[Running, ...]:
        try:
            text, written = self._ground.text(path)
        except OSError:
            return ()
        first = text.split()[0] if text.split() else ""
        # A process younger than the file that names it has only inherited the number.
        return tuple(p for p in alive if str(p.pid) == first and p.created <= written + _CLOCK_SLACK)


def _running(row: Any, booted: float, ticks: float) -> Running:
    pid, parent, name, words, started, is_zombie = row
    words = tuple(str(word) for word in words)
    program = words[0].rpartition("/")[2] if words else ""
    if len(name) >= _COMM_LENGTH and program.startswith(name):
        name = program
    return Running(int(pid), int(parent), str(name), words, booted + int(started) / ticks, bool(is_zombie))


def _is_called(process: Running, name: str) -> bool:
    words = [PurePosixPath(word).name for word in process.words[:2]]
    if name == process.name or words[:1] == [name]:
        return True
    # A script counts as its interpreter runs it, so that `python3 /srv/shop` is up and `vim /srv/shop` is not.
    runs_script = process.name == name[:_COMM_LENGTH] or process.name.startswith(_INTERPRETERS)
    return runs_script and words[1:] == [name]
