"""Far hosts as they are wired: which keys open them, one kept connection that looks, a hand that is connected only while it is entered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.loop_thread import LoopThread
from bot.settings_hosts import DOCKER, SSH, HostTable
from core.errors import RefusedError, UnavailableError
from core.ports import Clock, Host, Probe
from core.sudoers import wants_sudo

if TYPE_CHECKING:
    from adapters.host.directory import Hand
    from adapters.host.ssh import SshAddress
    from adapters.probe.far import FarProbe

KEYS, BOOK = "keys", "known_hosts"
"""In the data folder, which is private: our keys for far hosts, and the host keys that were accepted."""


@dataclass(frozen=True, slots=True)
class Ways:
    """The files that open one far host. `ours`: made by `hosts add`, so that `hosts remove` removes them."""

    look: Path
    hand: Path
    book: Path
    ours: tuple[Path, ...]

    def public_keys(self, name: str, host: HostTable) -> tuple[str, str]:
        """The public halves for look and hand, made where they are ours and missing; '' where there is no hand."""
        from adapters.host_keys import make_pair, public_line

        for path in self.ours:
            make_pair(path, f"{path.suffix.removeprefix('.')} of {name}, for nightshift")
        return public_line(self.look), public_line(self.hand) if host.hand else ""

    def require_private(self, host: HostTable) -> None:
        """Raises InvalidError where a key is missing, or others can read it."""
        from adapters.host_keys import require_private

        for path in (self.look, *([self.hand] if host.hand else [])):
            require_private(path)

    def pinned(self, host: HostTable, name: str) -> str:
        """The host key that was accepted, '' for none."""
        from adapters.host_keys import pinned

        return pinned(self.book, host.address or name, host.port)

    def pin(self, host: HostTable, name: str, key: str) -> None:
        """Accepts a host key in place of any other."""
        from adapters.host_keys import pin

        pin(self.book, host.address or name, host.port, key)

    def forget(self, host: HostTable, name: str) -> None:
        """The host key, and the keys that were made for it."""
        self.pin(host, name, "")
        for path in self.ours:
            path.unlink(missing_ok=True)

    def address(self, host: HostTable, name: str, *, is_hand: bool) -> SshAddress:
        """Where and as whom."""
        from adapters.host.ssh import SshAddress

        user, key = (host.hand, self.hand) if is_hand else (host.user, self.look)
        return SshAddress(host.address or name, host.port, user, key, self.book)


def ways_to(home: Path, name: str, host: HostTable) -> Ways:
    """Where the keys of one host are; '~' is the home of whoever runs us."""
    look, hand = (home / KEYS / f"{name}.{word}" for word in ("look", "hand"))
    ours = tuple(path for path, given in ((look, host.key), (hand, host.hand_key)) if given is None)
    if not host.hand:
        ours = tuple(path for path in ours if path != hand)
    return Ways((host.key or look).expanduser(), (host.hand_key or hand).expanduser(), home / BOOK, ours)


def fingerprint(key: str) -> str:
    """As people compare it."""
    from adapters.host_keys import fingerprint as printed

    return printed(key)


def shown_key(name: str, host: HostTable) -> str:
    """The key that the host shows now; nothing else is said to it. Raises UnavailableError."""
    from adapters.host.ssh import host_key_of

    loop = LoopThread()
    try:
        return host_key_of(loop.loop, host.address or name, host.port)
    finally:
        loop.close()


@dataclass(slots=True)
class FarHosts:
    """All of them, as a Place takes them. Nothing is connected before somebody asks."""

    hosts: dict[str, Host] = field(default_factory=dict)
    hands: dict[str, Hand] = field(default_factory=dict)
    probes: dict[str, Probe] = field(default_factory=dict)
    looks: dict[str, FarLook] = field(default_factory=dict)
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class FarLook:
    """Who is logged in over there and what changed: asked over the connection that measures."""

    ask: Callable[[dict[str, Any], float], Any]
    close: Callable[[], None] = lambda: None


class Unmeasured:
    """Probe port of a host that no probe reaches."""

    def measure(self, host: str, signal: object) -> Any:
        """See `core.ports.Probe`."""
        raise UnavailableError(f"{signal} cannot be measured on {host}: it is a container")


def far_hosts(home: Path, tables: Mapping[str, HostTable], protected: tuple[Path, ...], clock: Clock) -> FarHosts:
    """Those of the settings; a key that others can read is refused at once, one that is missing only when it is needed."""
    far, loop = FarHosts(), LoopThread()
    for name, table in tables.items():
        if table.reach == SSH:
            _add_ssh(far, loop, (home, name, table), protected, clock)
        elif table.reach == DOCKER:
            _add_container(far, table.container or name, name, protected)
    far.close = loop.close
    return far


def _add_ssh(
    far: FarHosts, loop: LoopThread, where: tuple[Path, str, HostTable], protected: tuple[Path, ...], clock: Clock
) -> None:
    from adapters.host.ssh import FarProgram, SshConnection, SshHost
    from adapters.probe.far import FarProbe
    from adapters.probe.far_program import source

    home, name, table = where
    ways = ways_to(home, name, table)
    if ways.look.exists():
        ways.require_private(table)
    look = SshConnection(loop.loop, ways.address(table, name, is_hand=False))
    asked = FarProgram(look, source())
    probe = FarProbe(asked.ask, clock)
    far.hosts[name] = SshHost(look, protected)
    far.probes[name] = probe
    far.looks[name] = FarLook(probe.ask, look.close)

    @contextmanager
    def hand() -> Iterator[Host]:
        if not table.hand:
            raise UnavailableError(f"{name} is only looked at: [hosts.{name}] names no hand")
        refuse_this_machine(name, probe)
        connection = SshConnection(loop.loop, ways.address(table, name, is_hand=True))
        host = SshHost(connection, protected, sudo=wants_sudo if table.hand != "root" else None)
        try:
            yield host
        finally:
            host.close()
            connection.close()

    far.hands[name] = hand


def refuse_this_machine(name: str, probe: FarProbe) -> None:
    """Raises RefusedError for another name of the machine that we run on: what is protected here would not be there."""
    from adapters.probe.raw_system import identity

    if probe.identity() == tuple(identity()):
        raise RefusedError(f"{name} is this machine; use localhost and remove [hosts.{name}]")


def _add_container(far: FarHosts, container: str, name: str, protected: tuple[Path, ...]) -> None:
    from adapters.host.docker import Container, hand_on, look_at

    listed = Container(container, protected=protected)
    far.hosts[name] = look_at(listed)
    far.hands[name] = hand_on(listed)
    far.probes[name] = Unmeasured()
