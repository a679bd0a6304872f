"""Closing effects that were cut off when we died: what still runs of them is ended first, then they get the outcome unknown."""

from __future__ import annotations

from core.capability import NO_UNDO
from core.errors import NightshiftError, UnavailableError
from core.host_change import ProcessSignal
from core.journal import EffectRow
from core.ports import Host
from core.run import Runner
from core.skill import HostError
from core.world import Process

CUT_OFF = "cut off: unknown, measured again"
_LOOKS_UNTIL_GONE = 200
"""How often we look whether a killed process has ended; each look at a process table takes some milliseconds."""


def recover(runner: Runner, run: str) -> tuple[EffectRow, ...]:
    """Closes the unfinished effects of one run, or of all; returns those that were closed.

    What could not be ended, or whose host cannot be reached, stays unfinished and is tried again at the next recovery.
    """
    closed = []
    for row in runner.effects.unfinished():
        if run in ("", row.run):
            try:
                _end(runner, row)
            except (NightshiftError, HostError) as error:
                runner.audit.append(
                    "run.not ended", row.run, {"action": row.action, "why": str(error)[:300]}, runner.clock.now()
                )
                continue
            runner.effects.done(row.action, False, CUT_OFF, NO_UNDO, runner.clock.now())
            closed.append(row)
    return tuple(closed)


def _end(runner: Runner, row: EffectRow) -> None:
    """Kills the process of a cut off command and what it started, and waits; raises UnavailableError while something is left."""
    if not row.pid:
        return
    with runner.hosts.hand(row.host) as host:
        doomed = family(host.processes(), row.pid, row.start)
        if len({process.uid for process in doomed}) > 1:
            _signal(host, doomed, "TERM")  # what sudo started is not ours to kill, but sudo passes this on
            if _are_gone(host, doomed):
                return
        _signal(host, doomed, "KILL")
        if not _are_gone(host, doomed):
            raise UnavailableError(f"process {row.pid} on {row.host} does not end")


def _are_gone(host: Host, doomed: tuple[Process, ...]) -> bool:
    """Waits for it."""
    names = {(process.pid, process.started) for process in doomed}
    return any(
        not any((p.pid, p.started) in names and p.state != "Z" for p in host.processes())
        for _ in range(_LOOKS_UNTIL_GONE)
    )


def family(processes: tuple[Process, ...], pid: int, start: int) -> tuple[Process, ...]:
    """The process with this pid and start, and all its descendants; nothing when the pid is another's by now."""
    found = [process for process in processes if (process.pid, process.started) == (pid, start)]
    for parent in found:
        found += [child for child in processes if child.parent == parent.pid and child not in found]
    return tuple(found)


def _signal(host: Host, doomed: tuple[Process, ...], name: str) -> None:
    """To each that it may be sent to and that is still there."""
    for process in doomed:
        try:
            host.change(ProcessSignal(process.pid, process.started, name))
        except HostError as error:
            if error.code not in ("changed", "missing", "denied"):
                raise
