"""Eyes as they are wired: on a real host that has no Python, and on one that is this machine under another name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from adapters.clock_system import SystemClock
from adapters.probe.far import FarProbe
from bot.hosts_eyes import FarEyes
from bot.hosts_far import Facts, FarHosts, far_hosts, refuse_this_machine
from bot.settings_hosts import HostTable
from core.alert import Signal
from core.errors import NightshiftError, RefusedError, UnavailableError
from core.world import Measurement
from tests.container_kit import container, lent_python
from tests.docker_daemon import Daemon
from tests.far.far_host import HAND, LOOK, FarHost, far_host
from tests.skills.patient import eventually

LOAD = Signal.parse("load.per_core")
SIGNALS = (
    "disk.used_percent:/srv",
    "disk.inodes_percent:/srv",
    "memory.used_percent",
    "load.per_core",
    "process.down:sshd",
    "process.zombies",
    "route.missing:default",
)


@contextmanager
def wired(far: FarHost, folder: Path) -> Iterator[FarHosts]:
    """The host as nightshift.toml would have it."""
    shutil.copy(far.known_hosts, folder / "known_hosts")
    table = HostTable(
        reach="ssh", address="127.0.0.1", port=far.port, user=LOOK, hand=HAND, key=far.look_key, hand_key=far.hand_key
    )
    made = far_hosts(folder, {"web-1": table}, (), SystemClock())
    try:
        yield made
    finally:
        made.looks["web-1"].close()
        made.close()


@pytest.mark.root
@pytest.mark.needs("sshd", "sudo")
@pytest.mark.parametrize("python", [True, False], ids=["Python", "none"])
def test_a_host_is_measured_with_python_and_without(tmp_path: Path, python: bool) -> None:
    with far_host(python=python) as far, wired(far, tmp_path) as hosts:
        far.shell("head -c 40000000 /dev/zero > /srv/big")
        eyes = hosts.probes["web-1"]
        assert isinstance(eyes, FarEyes)
        for _ in range(2):
            found = eyes.measure_all("web-1", [Signal.parse(one) for one in SIGNALS])
            assert {type(one) for one in found.values()} == {Measurement}, found
            values = {str(signal): one.value for signal, one in found.items() if isinstance(one, Measurement)}
            assert values["disk.used_percent:/srv"] > 55
            assert values["process.down:sshd"] == 0
            assert 0 < values["memory.used_percent"] < 100
        with pytest.raises(NightshiftError):
            eyes.measure("web-1", Signal.parse("no.such"))


@pytest.mark.root
@pytest.mark.needs("sshd", "sudo")
def test_a_host_that_is_down_is_not_measured_and_measured_again_when_it_is_back(tmp_path: Path) -> None:
    with far_host() as far, wired(far, tmp_path) as hosts:
        far.stop()
        with pytest.raises(UnavailableError, match="cannot be reached"):
            hosts.probes["web-1"].measure("web-1", LOAD)
        far.start()
        assert eventually(lambda: answers(hosts), 10)


def answers(hosts: FarHosts) -> bool:
    with suppress(UnavailableError):
        return hosts.probes["web-1"].measure("web-1", LOAD).value >= 0
    return False


def never_asked(_question: dict[str, Any], _seconds: float) -> Any:
    raise AssertionError("it was asked")


class NoEyes:
    """A probe that nobody may ask."""

    def measure(self, host: str, signal: Signal) -> Measurement:
        raise AssertionError(f"{host} was asked for {signal}")


def test_this_machine_under_another_name_is_not_even_looked_at() -> None:
    here = Facts(
        Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        str(Path("/proc/self/ns/pid").readlink()),
        0.0,
        "",
    )
    eyes = FarEyes(
        FarProbe(never_asked, SystemClock()),
        NoEyes(),
        lambda _error: False,
        lambda: refuse_this_machine("alias", here),
    )
    for _ in range(2):
        with pytest.raises(RefusedError, match="alias is this machine; use localhost"):
            eyes.measure("alias", LOAD)


def test_who_answered_once_that_it_is_another_machine_is_not_asked_again() -> None:
    asked: list[str] = []

    def load(question: dict[str, Any], _seconds: float) -> Any:
        return [{"fact": 2 if name == "cores" else ["1.0 1 1", 0.0]} for name, _ in question["arguments"]["wanted"]]

    eyes = FarEyes(FarProbe(load, SystemClock()), NoEyes(), lambda _error: False, lambda: asked.append("who"))
    assert [eyes.measure("web-1", LOAD).value for _ in range(3)] == [0.5] * 3
    assert asked == ["who"]


@pytest.mark.root
@pytest.mark.needs("docker")
@pytest.mark.parametrize("options", [(), lent_python()], ids=["busybox", "Python"])
def test_a_container_that_shares_our_processes_is_this_machine_and_nothing_is_done_in_it(
    tmp_path: Path, docker_daemon: Daemon, options: tuple[str, ...]
) -> None:
    tables = {
        name: HostTable(reach="docker", container=f"eyes-{name}", socket=docker_daemon.url) for name in ("own", "other")
    }
    with (
        container(docker_daemon, "eyes-own", options=("--pid=host", *options)),
        container(docker_daemon, "eyes-other", options=options),
    ):
        made = far_hosts(tmp_path, tables, (), SystemClock())
        with made.hands["other"]() as host:
            assert host.processes()
        with pytest.raises(RefusedError, match="own is this machine"), made.hands["own"]():
            raise AssertionError("a hand was lent")
        made.close()


@pytest.mark.root
@pytest.mark.needs("docker")
def test_who_looks_and_who_changes_a_container_are_the_users_that_were_named(
    tmp_path: Path, docker_daemon: Daemon
) -> None:
    table = HostTable(
        reach="docker", container="eyes-users", socket=docker_daemon.url, look_user="1234:1234", hand_user="4321"
    )
    with container(docker_daemon, "eyes-users"):
        made = far_hosts(tmp_path, {"users": table}, (), SystemClock())
        look = made.hosts["users"].run(("/bin/id", "-u"), 5, lambda _pid, _started: None)
        with made.hands["users"]() as host:
            hand = host.run(("/bin/id", "-u"), 5, lambda _pid, _started: None)
        made.close()
    assert (look.out, hand.out) == ("1234\n", "4321\n")
