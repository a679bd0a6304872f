"""A change of the network is confirmed or undone: its undo is armed on the host first, and only a measurement over the path takes it off.

One `Commit` per run. What the host took back by itself is noted on the effects of the journal, also after we were dead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.capability import NO_UNDO, Undo
from core.check import Check
from core.errors import NightshiftError, RefusedError
from core.host_change import BackStep, Fired
from core.network_change import step_back
from core.people_ports import RollbackTimer
from core.permission import check_step
from core.ports import Audit, Clock, EffectLog, Host, Probe
from core.skill import HostError
from core.undo import plan_undo
from core.world import Json

ARMED_FOR = 60.0
"""Seconds after the last change of the network in which the path must have been measured as good."""

FIRST_LOOK, NEXT_LOOK = 0.5, 2.0
MOST_PATHS = 20
_PATHS = frozenset({"route", "link", "tcp", "dns", "http", "tls"})
_NAMES_A_HOST = frozenset({"tcp", "http", "tls"})

Note = Callable[[str, dict[str, Json]], None]


@dataclass(frozen=True, slots=True)
class Network:
    """How changes of the network are guarded: who takes them back, who measures, what is measured, what has an alert out now."""

    timer: RollbackTimer
    probe: Probe
    checks: Callable[[], tuple[Check, ...]]
    bad_now: Callable[[], frozenset[str]]


class Commit:
    """The changes of the network of one run on one host. `note` writes a row of the audit trail."""

    def __init__(self, network: Network | None, name: str, run: str, host: Host, note: Note) -> None:
        self._network, self._name, self._run, self._host, self._note = network, name, run, host, note
        self._steps: tuple[BackStep, ...] = ()
        self._paths: tuple[Check, ...] | None = None

    @property
    def is_armed(self) -> bool:
        """True once this run has armed an undo on the host."""
        return bool(self._steps)

    def look(self) -> None:
        """Measures which paths are good now, once per run: best before it begins, while its own time does not count."""
        if self._network is not None and self._paths is None:
            self._paths = tuple(check for check in self._candidates(self._network) if self._is_good(check))[:MOST_PATHS]

    def arm(self, action: int, undo: Undo, saved: bytes | None) -> None:
        """Before the change itself. Raises RefusedError or UnavailableError where the host could not take it back: then it is not made."""
        step = step_back(action, undo, saved)
        if self._network is None or undo is NO_UNDO or step is None:
            raise RefusedError("a change of the network is only made where the host itself can take it back")
        check_step(step.act)
        self.look()
        steps = (step, *self._steps)
        self._network.timer.arm(self._name, self._run, steps, ARMED_FOR)
        self._steps = steps
        self._note("network.armed", {"host": self._name, "action": action, "seconds": ARMED_FOR})

    def is_kept(self) -> bool:
        """Measures the path again and again until it holds and the undo is off, or until the host has taken everything back."""
        if self._network is None or not self._steps:
            return True
        pause = FIRST_LOOK
        while not self._network.timer.has_fired(self._name, self._run, pause):
            if self._holds() and self._network.timer.disarm(self._name, self._run):
                paths: list[Json] = [check.key for check in self._paths or ()]
                self._note("network.confirmed", {"host": self._name, "paths": paths})
                return True
            pause = NEXT_LOOK
        return False

    def _candidates(self, network: Network) -> tuple[Check, ...]:
        """The network checks of this host, and those of others that name it, without those that are known to be bad."""
        bad = network.bad_now()
        return tuple(check for check in network.checks() if is_path_of(check, self._name) and check.key not in bad)

    def _is_good(self, check: Check) -> bool:
        """What could not be measured is not good."""
        if self._network is None:
            return False
        try:
            return not check.is_bad(self._network.probe.measure(check.host, check.signal).value)
        except NightshiftError:
            return False

    def _holds(self) -> bool:
        """The host still answers over the line that we use, and every path that was good is good."""
        return self._answers() and all(map(self._is_good, self._paths or ()))

    def _answers(self) -> bool:
        try:
            self._host.list("/", 1)
        except NightshiftError:
            return False
        except HostError:
            return True  # it says no, so it is there
        return True


def is_path_of(check: Check, host: str) -> bool:
    """Whether a check says that this host can be reached, or reaches others."""
    return (check.host == host and check.signal.kind in _PATHS) or names(check, host)


def names(check: Check, host: str) -> bool:
    """Whether a check that is made elsewhere reaches for this host: `tcp.failed:HOST:PORT`, `http.failed:http://HOST/…`."""
    reached = check.signal.object.partition("://")[2] or check.signal.object
    return (
        check.signal.kind in _NAMES_A_HOST
        and check.host != host
        and reached.partition("/")[0].partition(":")[0] == host
    )


def note_fired(timer: RollbackTimer, host: str, effects: EffectLog, audit: Audit, clock: Clock) -> tuple[str, ...]:
    """Marks the effects that this host took back by itself as undone, with their row in the trail; the runs they were of. Idempotent."""
    runs = []
    for fired in timer.fired(host):
        _note_one(fired, host, effects, audit, clock)
        timer.forget(host, fired.run)
        runs.append(fired.run)
    return tuple(runs)


def rollback_of(run: str) -> str:
    """The run under which the journal holds what the host took back of another."""
    return f"{run}.rollback"


def _note_one(fired: Fired, host: str, effects: EffectLog, audit: Audit, clock: Clock) -> None:
    for row in effects.of_run(fired.run):
        if row.action in fired.back and not row.undone_by:
            detail: dict[str, Json] = {"undoes": row.action, "by": "the host itself"}
            action = effects.intend(rollback_of(fired.run), host, f"undo {row.effect}", detail, clock.now())
            effects.done(action, True, "taken back by the host itself", NO_UNDO, clock.now())
    said: dict[str, Json] = {"host": host, "back": [*fired.back], "left": [*fired.left]}
    audit.append("network.rolled back", fired.run, said, clock.now())


def left_to_undo(run: str, effects: EffectLog) -> int:
    """How many effects of a run can still be taken back."""
    return sum(step is not None for _, step in plan_undo(effects.of_run(run)))
