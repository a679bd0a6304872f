"""Whether far hosts are reached as they should be: keys, both users, Python, the clock, sudo; all of them side by side, in bounded time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.app import Finding
from bot.hosts_far import FarHosts, facts_of, far_hosts, refuse_this_machine, ways_to
from bot.hosts_needs import wanted_on
from bot.hosts_setup import sudoers
from bot.messages import Words, words_of
from bot.settings import Settings
from bot.settings_hosts import DOCKER, SSH, HostTable
from bot.wiring import protected_paths
from core.errors import InvalidError, NightshiftError
from core.ports import Host
from core.redaction import clean
from core.skill import HostError
from core.sudoers import allowed_in, defaults_of, gives_terminal, is_allowed, too_wide
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


def tried(settings: Settings, words: Words, names: tuple[str, ...] | None = None) -> dict[str, Tried]:
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
        running = {name: pool.submit(_try, settings, words, name, table) for name, table in tables.items()}
        wait(running.values(), SECONDS)
        return {name: _outcome(name, one, words) for name, one in running.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def findings(settings: Settings) -> tuple[Finding, ...]:
    """For doctor: one line for each host, the worst that was found there."""
    order = ("bad", "warn", "ok")
    lines = []
    for name, one in tried(settings, words_of("en")).items():
        worst = min(one.findings, key=lambda found: order.index(found.state))
        lines.append(
            Finding(f"host {name}", worst.state, f"{worst.what}: {worst.detail}", worst.advice)
            if worst.state != "ok"
            else Finding(f"host {name}", "ok", "; ".join(found.detail for found in one.findings))
        )
    return tuple(lines)


def _outcome(name: str, running: Future[Tried], words: Words) -> Tried:
    if not running.done():
        return Tried((Finding("reached", "bad", words.say("check.late", name=name, seconds=f"{SECONDS:.0f}")),))
    return running.result()


def _try(settings: Settings, words: Words, name: str, table: HostTable) -> Tried:
    from adapters.clock_system import SystemClock

    clock = SystemClock()
    try:
        protected = protected_paths(settings.home, settings.env.key_file)
        far = far_hosts(settings.home, {name: table}, protected, clock)
    except NightshiftError as error:
        return Tried((Finding("keys", "bad", error.message),))
    try:
        if table.reach == DOCKER:
            count = partial(words.say, "check.container")
            return Tried((_said("reached", lambda: count(count=len(far.hosts[name].processes()))),))
        return _Trial(settings, words.say, name, table, far, clock.now).tried()
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
    say: Callable[..., str]
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
            return Tried((*found, Finding("hand", "ok", self.say("check.nohand"))))
        listed: list[str] = []
        found.append(_said("hand", lambda: self._hand(listed)))
        if found[-1].state != "ok" or self.table.hand == "root":
            return Tried(tuple(found))
        return self._with_rules([*found, *self._how(listed[0])], allowed_in(listed[0]))

    def _how(self, listed: str) -> Iterator[Finding]:
        """What sudo over there does with the commands it lets through, where that is less or more than it should."""
        hand = self.table.hand
        if not gives_terminal(listed):
            advice = self.say("check.pty.advice", line=defaults_of(hand))
            yield Finding("sudo", "warn", self.say("check.pty", hand=hand), advice)
        if wide := too_wide(listed):
            shown = clean("; ".join(wide), 200)
            yield Finding("sudo", "warn", self.say("check.wide", hand=hand, what=shown), self.say("check.wide.advice"))

    def _with_rules(self, found: list[Finding], allowed: tuple[str, ...]) -> Tried:
        hand = self.table.hand
        try:
            wanted = wanted_on(self.settings, self.name, self._host)
        except (NightshiftError, HostError) as error:
            return Tried((*found, Finding("sudo", "bad", self.say("check.unseen", error=error))))
        missing = sudoers(hand, (argv for argv in wanted.commands if not is_allowed(argv, allowed)))[0]
        if missing:
            what = self.say("check.missing", count=len(missing), hand=hand)
            return Tried(
                (*found, Finding("sudo", "bad", what, self.say("check.missing.advice", name=self.name))), missing
            )
        if wanted.unseen:
            what = self.say("check.whose", names=", ".join(wanted.unseen))
            return Tried((*found, Finding("sudo", "warn", what, self.say("check.whose.advice", look=self.table.user))))
        return Tried((*found, Finding("sudo", "ok", self.say("check.sudo", count=len(wanted.commands)))))

    @property
    def _host(self) -> Host:
        return self.far.hosts[self.name]

    def _keys(self) -> str:
        ways = ways_to(self.settings.home, self.name, self.table)
        ways.require_private(self.table)
        if not ways.pinned(self.table, self.name):
            raise InvalidError(self.say("check.nokey", name=self.name))
        return self.say("check.keys")

    def _look(self) -> str:
        facts = facts_of(self.far.lines[self.name])
        refuse_this_machine(self.name, facts)
        skew = abs(facts.clock - self.now().timestamp())
        if skew > _SKEW:
            raise InvalidError(self.say("check.clock", skew=f"{skew:.0f}"))
        python = facts.python or self.say("check.nopython")
        return self.say("check.look", look=self.table.user, python=python, skew=f"{skew:.0f}")

    def _look_has_no_rights(self) -> Finding:
        found, look = _run(self._host, "/usr/bin/sudo", "-n", "-l"), self.table.user
        if found.status == 0 and allowed_in(found.out):
            return Finding("look", "bad", self.say("check.lookroot", look=look), self.say("check.lookroot.advice"))
        return Finding("rights", "ok", self.say("check.rights", look=look))

    def _hand(self, listed: list[str]) -> str:
        with self.far.hands[self.name]() as host:
            listed.append(_run(host, "/usr/bin/sudo", "-n", "-l").out if self.table.hand != "root" else "")
        return self.say("check.hand", hand=self.table.hand)


def _run(host: Host, *argv: str) -> CommandResult:
    return host.run(argv, _LOOK_SECONDS, lambda _pid, _start: None)
