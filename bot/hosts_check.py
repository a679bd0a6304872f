"""Whether far hosts are reached as they should be: keys, both users, Python, the clock, sudo; all of them side by side, in bounded time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.app import Finding
from bot.hosts_far import FarHosts, far_hosts, refuse_this_machine, ways_to
from bot.hosts_needs import wanted_on
from bot.hosts_setup import sudoers
from bot.settings import Settings
from bot.settings_hosts import DOCKER, SSH, HostTable
from bot.wiring import protected_paths
from core.errors import InvalidError, NightshiftError
from core.ports import Host
from core.skill import HostError
from core.sudoers import allowed_in, is_allowed
from core.world import CommandResult

SECONDS = 25.0
"""For all of them: one that hangs is said to hang."""
_AT_ONCE = 16
_SKEW = 60.0
_LOOK_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Tried:
    """What was found on one host, and the sudoers lines that are missing there."""

    findings: tuple[Finding, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def is_bad(self) -> bool:
        """Something there keeps us from working."""
        return any(one.state == "bad" for one in self.findings)


def tried(settings: Settings, names: tuple[str, ...] | None = None) -> dict[str, Tried]:
    """Every far host, or those that are named."""
    tables = {
        name: table
        for name, table in settings.file.hosts.items()
        if table.reach in {SSH, DOCKER} and (names is None or name in names)
    }
    if not tables:
        return {}
    pool = ThreadPoolExecutor(_AT_ONCE, "hosts check")
    try:
        running = {name: pool.submit(_try, settings, name, table) for name, table in tables.items()}
        wait(running.values(), SECONDS)
        return {name: _outcome(name, one) for name, one in running.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def findings(settings: Settings) -> tuple[Finding, ...]:
    """For doctor: one line for each host, the worst that was found there."""
    order = ("bad", "warn", "ok")
    lines = []
    for name, one in tried(settings).items():
        worst = min(one.findings, key=lambda found: order.index(found.state))
        lines.append(
            Finding(f"host {name}", worst.state, f"{worst.what}: {worst.detail}", worst.advice)
            if worst.state != "ok"
            else Finding(f"host {name}", "ok", "; ".join(found.detail for found in one.findings))
        )
    return tuple(lines)


def _outcome(name: str, running: Future[Tried]) -> Tried:
    if not running.done():
        return Tried((Finding("reached", "bad", f"{name} has not answered within {SECONDS:.0f} s"),))
    return running.result()


def _try(settings: Settings, name: str, table: HostTable) -> Tried:
    from adapters.clock_system import SystemClock

    clock = SystemClock()
    try:
        protected = protected_paths(settings.home, settings.env.key_file)
        far = far_hosts(settings.home, {name: table}, protected, clock)
    except NightshiftError as error:
        return Tried((Finding("keys", "bad", error.message),))
    try:
        if table.reach == DOCKER:
            return Tried((_said("reached", lambda: f"{len(far.hosts[name].processes())} processes seen"),))
        return _Trial(settings, name, table, far, clock.now).tried()
    finally:
        for thing in (*far.hosts.values(), *far.looks.values()):
            thing.close()  # type: ignore[attr-defined] # both kinds of host have it
        far.close()


def _said(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, "ok", look())
    except NightshiftError as error:
        return Finding(what, "bad", error.message)
    except HostError as error:
        return Finding(what, "bad", str(error))


@dataclass(frozen=True, slots=True)
class _Trial:
    """One host over SSH."""

    settings: Settings
    name: str
    table: HostTable
    far: FarHosts
    now: Callable[[], datetime]

    def tried(self) -> Tried:
        """In the order in which one thing needs the other."""
        steps = (("keys", self._keys), ("look", self._look), ("machine", self._machine), ("clock", self._clock))
        found: list[Finding] = []
        for what, step in steps:
            found.append(_said(what, step))
            if found[-1].state == "bad":
                return Tried(tuple(found))
        found.append(self._look_has_no_rights())
        if not self.table.hand:
            return Tried((*found, Finding("hand", "ok", "none: this host is only looked at")))
        allowed: list[str] = []
        found.append(_said("hand", lambda: self._hand(allowed)))
        missing = () if found[-1].state == "bad" else self._missing(tuple(allowed))
        if missing:
            advice = f"nightshift hosts check {self.name} prints them"
            found.append(
                Finding("sudo", "bad", f"{len(missing)} sudoers lines are missing for {self.table.hand}", advice)
            )
        return Tried(tuple(found), missing)

    @property
    def _host(self) -> Host:
        return self.far.hosts[self.name]

    def _keys(self) -> str:
        ways = ways_to(self.settings.home, self.name, self.table)
        ways.require_private(self.table)
        if not ways.pinned(self.table, self.name):
            raise InvalidError(f"no host key was accepted for it; run: nightshift hosts add {self.name}")
        return "private, and its host key is accepted"

    def _look(self) -> str:
        version = _run(self._host, "/usr/bin/python3", "-V")
        python = version.out.strip() if version.status == 0 else "no Python: it is reached with plain commands"
        return f"reached as {self.table.user}; {python}"

    def _machine(self) -> str:
        probe = self.far.probes[self.name]
        refuse_this_machine(self.name, probe)  # type: ignore[arg-type] # of SSH hosts it is a FarProbe
        return "is another machine than this one"

    def _clock(self) -> str:
        there = datetime.fromtimestamp(int(_run(self._host, "/usr/bin/date", "+%s").out), UTC)
        skew = abs((there - self.now()).total_seconds())
        if skew > _SKEW:
            raise InvalidError(
                f"its clock is {skew:.0f} s off; set it, or what happens there is told at the wrong time"
            )
        return f"its clock is {skew:.0f} s off"

    def _look_has_no_rights(self) -> Finding:
        found = _run(self._host, "/usr/bin/sudo", "-n", "-l")
        if found.status == 0 and allowed_in(found.out):
            what = f"{self.table.user} may run commands as root; whoever only looks must not"
            return Finding("look", "bad", what, "take that line out of sudoers over there")
        return Finding("rights", "ok", f"{self.table.user} has none")

    def _hand(self, allowed: list[str]) -> str:
        with self.far.hands[self.name]() as host:
            if self.table.hand != "root":
                listed = _run(host, "/usr/bin/sudo", "-n", "-l")
                allowed += allowed_in(listed.out)
        return f"reached as {self.table.hand}, now closed again"

    def _missing(self, allowed: tuple[str, ...]) -> tuple[str, ...]:
        wanted = wanted_on(self.settings, self.name, self._host)
        return sudoers(self.table.hand, (argv for argv in wanted if not is_allowed(argv, allowed)))[0]


def _run(host: Host, *argv: str) -> CommandResult:
    return host.run(argv, _LOOK_SECONDS, lambda _pid, _start: None)
