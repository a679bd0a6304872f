"""Fake RollbackTimer: its undo happens on the fake hosts, when its time is over by the fake clock or when a test says that we are gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import NightshiftError, UnavailableError, UnknownError
from core.host_change import BackStep, Fired
from core.ports import Clock, Host, Hosts
from core.skill import HostError
from core.world import CommandResult
from tests.fakes.clock import FakeClock


@dataclass
class _Armed:
    steps: tuple[BackStep, ...]
    until: datetime
    shown: dict[int, CommandResult]


class FakeRollbackTimer:
    """RollbackTimer over fake hosts; `is_broken` lets nothing be armed, `is_lost` makes what was armed be gone without a trace."""

    def __init__(self, clock: Clock, hosts: Hosts) -> None:
        self._clock, self._hosts = clock, hosts
        self._armed: dict[tuple[str, str], _Armed] = {}
        self._fired: dict[tuple[str, str], Fired] = {}
        self.is_broken = False
        self.is_lost = False
        self.disarmed: list[tuple[str, str]] = []
        self.while_waiting: Callable[[], None] = lambda: None

    def arm(self, host: str, run: str, steps: Sequence[BackStep], seconds: float) -> None:
        """See `core.people_ports.RollbackTimer`."""
        machine = self._hosts.open(host)
        self._ring()
        if self.is_broken or (host, run) in self._fired:
            raise UnavailableError(f"no undo can be armed on {host}")
        former = self._armed.get((host, run))
        shown = former.shown if former else {}
        shown.update({step.action: _look(machine, step) for step in steps if step.action not in shown})
        self._armed[host, run] = _Armed(tuple(steps), self._clock.now() + timedelta(seconds=seconds), shown)

    def disarm(self, host: str, run: str) -> bool:
        """See `core.people_ports.RollbackTimer`."""
        self._ring()
        if (host, run) in self._fired:
            return False
        self._require(host, run)
        del self._armed[host, run]
        self.disarmed.append((host, run))
        return True

    def has_fired(self, host: str, run: str, within: float) -> bool:
        """See `core.people_ports.RollbackTimer`. Waiting moves the fake clock."""
        self.while_waiting()
        self._ring()
        if (host, run) in self._fired:
            return True
        armed = self._require(host, run)
        wanted = timedelta(seconds=within)
        left = max(timedelta(0), armed.until - self._clock.now())
        if isinstance(self._clock, FakeClock):
            self._clock.advance(min(wanted, left).total_seconds())
        self._ring()
        return (host, run) in self._fired

    def fired(self, host: str) -> tuple[Fired, ...]:
        """See `core.people_ports.RollbackTimer`."""
        self._ring()
        return tuple(fired for (at, _), fired in self._fired.items() if at == host)

    def forget(self, host: str, run: str) -> None:
        """See `core.people_ports.RollbackTimer`."""
        self._fired.pop((host, run), None)

    def lose_line(self) -> None:
        """We are gone: everything that is armed happens."""
        for key in list(self._armed):
            self._go_off(key)

    def _require(self, host: str, run: str) -> _Armed:
        if self.is_lost:
            raise UnavailableError("what was armed is gone")
        if (host, run) not in self._armed:
            raise UnknownError("armed undo", run)
        return self._armed[host, run]

    def _ring(self) -> None:
        now = self._clock.now()
        for key in [key for key, armed in self._armed.items() if armed.until <= now and not self.is_lost]:
            self._go_off(key)

    def _go_off(self, key: tuple[str, str]) -> None:
        armed, machine = self._armed.pop(key), self._hosts.open(key[0])
        done = {step.action: _take_back(machine, step, armed.shown) for step in armed.steps}
        back = tuple(action for action, is_back in done.items() if is_back)
        self._fired[key] = Fired(key[1], back, tuple(action for action in done if action not in back))


def _look(machine: Host, step: BackStep) -> CommandResult:
    return machine.run(step.look, 5.0, lambda _p, _s: None) if step.look else CommandResult(1, "", "")


def _take_back(machine: Host, step: BackStep, shown: dict[int, CommandResult]) -> bool:
    if step.look and _look(machine, step) == shown[step.action]:
        return True
    try:
        if isinstance(step.act, tuple):
            return machine.run(step.act, 5.0, lambda _p, _s: None).status == 0
        machine.change(step.act)
    except (NightshiftError, HostError):
        return False
    return True
