"""A process that is killed in the middle of an effect on another host: a real hand, a real broker, a real journal, no skill.

    python -m tests.far.cut_off FOLDER

`way.json` in the folder says how the host is reached (`Way`), `call.json` what is asked of it: `{"method": …, "args": …, "grant": …}`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from adapters.clock_system import SystemClock
from adapters.host.directory import HostDirectory
from adapters.host.docker import Container, hand_on
from adapters.host.ssh import SshHost, never
from adapters.host.ssh_connection import SshAddress, SshConnection
from adapters.store.store import Store
from bot.loop_thread import LoopThread
from core.broker import Broker, Doors, Errand, RunMode
from core.execution import Executor
from core.grant import Grant
from core.inventory import Inventory
from core.ports import Host
from core.service_control import ServiceControl
from core.sudoers import wants_sudo
from core.world import Json
from tests.core.run_kit import skill_of
from tests.core.test_execution import FakeCatalog
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.seal import FakeSeal

NAME = "far"
RUN = "r1"


@dataclass(frozen=True, slots=True)
class Way:
    """To a host over SSH, or into a container where `url` is its daemon's."""

    container: str = ""
    url: str = ""
    port: int = 0
    user: str = ""
    key: str = ""
    known_hosts: str = ""
    is_sudo: bool = False

    def hand(self) -> AbstractContextManager[Host]:
        """Connected while it is entered."""
        return hand_on(Container(self.container, self.url))() if self.url else self._over_ssh()

    @contextmanager
    def _over_ssh(self) -> Iterator[Host]:
        with ExitStack() as stack:
            loop = LoopThread()
            stack.callback(loop.close)
            address = SshAddress("127.0.0.1", self.port, self.user, Path(self.key), Path(self.known_hosts), NAME)
            line = SshConnection(loop.loop, address)
            stack.callback(line.close)
            host = SshHost(line, (), wants_sudo if self.is_sudo else never)
            stack.callback(host.close)
            yield host


@dataclass(frozen=True, slots=True)
class Call:
    """What one broker is asked, and the grant that allows it."""

    method: str
    args: dict[str, Json]
    grant: str
    timeout: float = 300.0

    def of(self, store: Store, host: Host) -> Json:
        """Goes through a broker, as a skill's call does."""
        doors = Doors(
            host=host,
            services=ServiceControl(host, frozenset({0})).services,
            effects=store.effects,
            blobs=store.blobs,
            clock=store.clock,
            permit=lambda: None,
            refused=print,
        )
        errand = Errand(RUN, "a_skill", NAME, RunMode.EXECUTE, (Grant.parse(self.grant),), timeout=self.timeout)
        return Broker(errand, doors).answer(self.method, self.args)


def store_in(folder: Path) -> Store:
    """The rows of this test."""
    home = folder / "var"
    home.mkdir(mode=0o700, exist_ok=True)
    return Store(f"sqlite:///{home}/nightshift.db", FakeSeal(), SystemClock(), home)


def hands_of(store: Store, way: Way) -> Executor:
    """The hands of the next life, which recovers."""

    class Hosts(HostDirectory):
        def open(self, name: str) -> Host:
            raise AssertionError(f"{name} is looked at; a recovery acts")

        def hand(self, name: str) -> AbstractContextManager[Host]:
            assert name == NAME
            return way.hand()

    return Executor(
        hosts=Hosts({}),
        sandbox=FakeSandbox(),
        catalog=FakeCatalog(skill_of("def run(host): return None\n")),
        effects=store.effects,
        gate=store.gate,
        leases=store.leases,
        blobs=store.blobs,
        audit=store.audit,
        clock=store.clock,
        inventory=Inventory(()),
    )


def lay(folder: Path, way: Way, call: Call) -> None:
    """What the process reads."""
    (folder / "way.json").write_text(json.dumps(asdict(way)))
    (folder / "call.json").write_text(json.dumps(asdict(call)))


def main(folder: Path) -> None:
    """Never returns by itself."""
    way = Way(**json.loads((folder / "way.json").read_text()))
    call = Call(**json.loads((folder / "call.json").read_text()))
    with way.hand() as host:
        call.of(store_in(folder), host)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
