"""Whether a process is up, how often it came back, and who leaves zombies."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field

from adapters.probe.process_list import ProcessList, Running
from adapters.probe.system import Reading
from core.errors import UnavailableError

WINDOW = 600.0
"""Seconds over which restarts are counted."""

PATIENCE = 10.0
"""Seconds after which what does not come back has ended, unless it was away for longer between two starts: it restarts no more."""


@dataclass(slots=True)
class History:
    """What was seen of one name, and how often it was another process."""

    seen: frozenset[tuple[int, float]] = frozenset()
    restarts: deque[float] = field(default_factory=deque)
    gone_since: float | None = None
    longest_gone: float = 0.0

    def note(self, now: float, *, is_there: bool) -> None:
        """Forgets what came back again and again and then stayed away; whether it should run is for another signal."""
        gone = now - (now if self.gone_since is None else self.gone_since)
        if is_there:
            self.longest_gone, self.gone_since = max(self.longest_gone, gone), None
        elif gone > max(PATIENCE, 2 * self.longest_gone):
            self.restarts.clear()
        elif self.gone_since is None:
            self.gone_since = now


class ProcessWatch:
    """Keeps what it saw of each name, because a restart is only seen by comparing two looks."""

    def __init__(self, processes: ProcessList) -> None:
        self._processes = processes
        self._histories: dict[str, History] = {}

    def down(self, name: str) -> Reading:
        """1 when no live process has the name."""
        running = self._processes.named(_required(name))
        if running:
            first = _topmost(running)[0]
            return Reading(0, f"{name} runs as process {first.pid}")
        return Reading(1, f"no process {name} is running")

    def restarts(self, name: str) -> Reading:
        """How often the process was seen to be another one within ten minutes; workers that their parent replaces do not count."""
        history = self._histories.setdefault(_required(name), History())
        now = time.monotonic()
        seen = frozenset((p.pid, p.created) for p in _topmost(self._processes.named(name)))
        if history.seen and seen:
            history.restarts.extend(now for _ in seen - history.seen)
        history.seen = seen or history.seen
        history.note(now, is_there=bool(seen))
        while history.restarts and history.restarts[0] < now - WINDOW:
            history.restarts.popleft()
        return Reading(len(history.restarts), f"{name} came back {len(history.restarts)} times in 10 minutes")

    def zombies(self, _object: str) -> Reading:
        """How many processes have ended without their parent noticing, with the parents that leave most."""
        table = self._processes.table()
        names = {process.pid: process.name for process in table}
        parents = Counter(process.parent for process in table if process.is_zombie)
        worst = ", ".join(f"{count} of {names.get(pid, '?')} (process {pid})" for pid, count in parents.most_common(3))
        return Reading(parents.total(), worst or "no zombies")


def _required(name: str) -> str:
    if not name:
        raise UnavailableError("the signal names no process; write it after a colon, as in process.down:nginx")
    return name


def _topmost(running: tuple[Running, ...]) -> tuple[Running, ...]:
    pids = {process.pid for process in running}
    return tuple(process for process in running if process.parent not in pids)
