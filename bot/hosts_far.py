"""Far hosts as they are wired: which keys open them, one kept connection that looks, a hand that is connected only while it is entered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.loop_thread import LoopThread
from bot.settings_hosts import DOCKER, SSH, HostTable
from core.errors import RefusedError, UnavailableError
from core.ports import Clock, Host, Probe
from core.redaction import clean
from core.sudoers import wants_sudo

if TYPE_CHECKING:
    from adapters.host.directory import Hand
    from adapters.host.far_connection import FarConnection
    from adapters.host.far_rollback import FarUndo
    from adapters.host.ssh import SshHost
    from adapters.host.ssh_connection import SshAddress, SshConnection

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

    def refuse_open_keys(self, host: HostTable) -> None:
        """Raises InvalidError where others can read a key that is there; one that is not is missed when it is needed."""
        from adapters.host_keys import require_private

        for path in (self.look, *([self.hand] if host.hand else [])):
            if path.exists():
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
        from adapters.host_keys import remove_pair

        self.pin(host, name, "")
        for path in self.ours:
            remove_pair(path)

    def address(self, host: HostTable, name: str, *, is_hand: bool) -> SshAddress:
        """Where and as whom."""
        from adapters.host.ssh_connection import SshAddress

        user, key = (host.hand, self.hand) if is_hand else (host.user, self.look)
        return SshAddress(host.address or name, host.port, user, key, self.book, name)


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


def shown_key(home: Path, name: str, host: HostTable) -> str:
    """The key that the host shows now, as known_hosts keeps it; nothing else is said to it. Raises UnavailableError."""
    from adapters.host.ssh_connection import host_key_of

    loop = LoopThread()
    try:
        return host_key_of(loop.loop, ways_to(home, name, host).address(host, name, is_hand=False)).line.partition(" ")[
            2
        ]
    finally:
        loop.close()


@dataclass(slots=True)
class FarHosts:
    """All of them, as a Place takes them. Nothing is connected before somebody asks."""

    hosts: dict[str, Host] = field(default_factory=dict)
    hands: dict[str, Hand] = field(default_factory=dict)
    probes: dict[str, Probe] = field(default_factory=dict)
    looks: dict[str, FarLook] = field(default_factory=dict)
    lines: dict[str, SshConnection] = field(default_factory=dict)
    undos: dict[str, FarUndo] = field(default_factory=dict)
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class FarLook:
    """Who is logged in over there and what changed: asked over the connection that measures."""

    ask: Callable[[dict[str, Any], float], Any]
    close: Callable[[], None] = lambda: None


def far_hosts(home: Path, tables: Mapping[str, HostTable], protected: tuple[Path, ...], clock: Clock) -> FarHosts:
    """Those of the settings; a key that others can read is refused at once, one that is missing only when it is needed."""
    far, loop = FarHosts(), LoopThread()
    for name, table in tables.items():
        if table.reach == SSH:
            _add_ssh(far, loop, (home, name, table), protected, clock)
        elif table.reach == DOCKER:
            _add_container(far, name, table, protected, clock)
    far.close = loop.close
    return far


def _hand_of(name: str, rightful: Callable[[], SshHost]) -> Hand:
    """Connected while it is entered, and then only to another machine than ours."""

    @contextmanager
    def hand() -> Iterator[Host]:
        host = rightful()
        with closing(host.connection), closing(host):
            refuse_this_machine(name, facts_of(host.connection))
            yield host

    return hand


def _add_ssh(
    far: FarHosts, loop: LoopThread, where: tuple[Path, str, HostTable], protected: tuple[Path, ...], clock: Clock
) -> None:
    from adapters.host.far_program import FarProgram, NoPythonError
    from adapters.host.far_rollback import FarUndo
    from adapters.host.ssh import SshHost, never
    from adapters.host.ssh_connection import SshConnection
    from adapters.probe.far import FarProbe
    from adapters.probe.far_program import source
    from adapters.probe.host_ground import HandsProbe
    from bot.hosts_eyes import FarEyes

    home, name, table = where
    ways = ways_to(home, name, table)
    ways.refuse_open_keys(table)
    look = SshConnection(loop.loop, ways.address(table, name, is_hand=False))
    asked = FarProgram(look, source())
    eyes = SshHost(look, protected)
    probe = FarEyes(
        FarProbe(asked.ask, clock),
        HandsProbe(eyes, clock),
        lambda error: isinstance(error, NoPythonError),
        lambda: refuse_this_machine(name, facts_of(look)),
    )

    def close() -> None:
        asked.close()
        look.close()

    def connected() -> SshConnection:
        if not table.hand:
            raise UnavailableError(f"{name} is only looked at: [hosts.{name}] names no hand")
        return SshConnection(loop.loop, ways.address(table, name, is_hand=True))

    sudo = never if table.hand == "root" else wants_sudo

    def rightful() -> SshHost:
        return SshHost(connected(), protected, sudo)

    hand = _hand_of(name, rightful)
    far.hosts[name], far.probes[name], far.hands[name] = eyes, probe, hand
    far.lines[name], far.looks[name], far.undos[name] = look, FarLook(probe.ask, close), FarUndo(connected, sudo)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a host says of itself; `python` is empty where there is none."""

    boot: str
    namespace: str
    clock: float
    python: str


_ASKED = "cat /proc/sys/kernel/random/boot_id; readlink /proc/self/ns/pid; date +%s; python3 -V 2>/dev/null || echo"


def facts_of(connection: FarConnection) -> Facts:
    """Asked in one go, also where there is no Python."""
    _, out, _ = connection.exec(("sh", "-c", _ASKED), b"", 8.0)
    told = out[:2000].decode("utf-8", "replace").splitlines()[-4:]
    if len(told) != 4 or not re.fullmatch(r"\d{1,12}", told[2], re.ASCII):
        raise UnavailableError(f"{connection.address.label} does not say which machine it is")
    return Facts(clean(told[0]), clean(told[1]), float(told[2]), clean(told[3])[:80].strip())


def refuse_this_machine(name: str, facts: Facts) -> None:
    """Raises RefusedError for another name of the machine that we run on: there we would act on ourselves."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    if facts.boot == boot and facts.namespace == str(Path("/proc/self/ns/pid").readlink()):
        raise RefusedError(f"{name} is this machine; use localhost and remove [hosts.{name}]")


def _add_container(far: FarHosts, name: str, table: HostTable, protected: tuple[Path, ...], clock: Clock) -> None:
    from adapters.host.docker import Container, hand_on, look_at
    from adapters.probe.host_ground import HandsProbe

    listed = Container(table.container or name, table.socket, table.look_user, table.hand_user, protected)
    enter = hand_on(listed)

    @contextmanager
    def hand() -> Iterator[Host]:
        with enter() as host:
            refuse_this_machine(name, facts_of(host.connection))
            yield host

    far.hosts[name] = look = look_at(listed)
    far.hands[name] = hand
    far.probes[name] = HandsProbe(look, clock)
