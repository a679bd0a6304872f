"""Whether far hosts are reached as they should be: keys, both users, Python, the clock, sudo; all of them side by side, in bounded time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime

from bot.app import Finding
from bot.hosts_far import FarHosts, facts_of, far_hosts, refuse_this_machine, ways_to
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
        found: list[Finding] = []
        for what, step in (("keys", self._keys), ("look", self._look)):
            found.append(_said(what, step))
            if found[-1].state == "bad":
                return Tried(tuple(found))
        found.append(self._look_has_no_rights())
        if not self.table.hand:
            return Tried((*found, Finding("hand", "ok", "none: this host is only looked at")))
        allowed: list[str] = []
        found.append(_said("hand", lambda: self._hand(allowed)))
        return self._with_rules(found, tuple(allowed)) if found[-1].state == "ok" else Tried(tuple(found))

    def _with_rules(self, found: list[Finding], allowed: tuple[str, ...]) -> Tried:
        try:
            wanted = wanted_on(self.settings, self.name, self._host)
        except (NightshiftError, HostError) as error:
            return Tried((*found, Finding("sudo", "bad", f"what it needs could not be seen: {error}")))
        missing = sudoers(self.table.hand, (argv for argv in wanted.commands if not is_allowed(argv, allowed)))[0]
        if missing:
            advice = f"nightshift hosts check {self.name} prints them"
            what = f"{len(missing)} sudoers lines are missing for {self.table.hand}"
            return Tried((*found, Finding("sudo", "bad", what, advice)), missing)
        if wanted.unseen:
            what = f"who runs {', '.join(wanted.unseen)} there could not be seen"
            return Tried((*found, Finding("sudo", "warn", what, f"{self.table.user} is not allowed to ask")))
        return Tried((*found, Finding("sudo", "ok", f"{len(wanted.commands)} lines, none missing")))

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
        facts = facts_of(self.far.lines[self.name])
        refuse_this_machine(self.name, facts)
        skew = abs(facts.clock - self.now().timestamp())
        if skew > _SKEW:
            raise InvalidError(
                f"its clock is {skew:.0f} s off; set it, or what happens there is told at the wrong time"
            )
        python = facts.python or "no Python, so plain commands are used"
        return f"reached as {self.table.user}; {python}; its clock is {skew:.0f} s off"

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


def _run(host: Host, *argv: str) -> CommandResult:
    return host.run(argv, _LOOK_SECONDS, lambda _pid, _start: None)
