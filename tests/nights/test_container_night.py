"""A night inside one container, with Python in it and without: looked at as nobody, repaired by a hand that is there for one run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

import pytest

from adapters.clock_system import SystemClock
from adapters.host.directory import HostDirectory
from adapters.host.docker import Container, hand_on, look_at
from adapters.probe.host_ground import HandsProbe
from adapters.sandbox.bubblewrap import BubblewrapSandbox
from core.ports import Host
from tests.container_kit import busybox_image, container, lent_python
from tests.docker_daemon import Daemon
from tests.faults.ward import NAME, Ward
from tests.skills.patient import Patient, eventually

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.needs("docker", "bwrap")]


@dataclass
class Inside:
    """A container as a ward's patient; `hands` counts how often somebody with rights was in it."""

    daemon: Daemon
    name: str
    hands: list[str] = field(default_factory=list)

    def shell(self, script: str) -> str:
        """Runs a script in it, as root."""
        return self.daemon.docker("exec", self.name, "/bb/sh", "-ec", f"PATH=/bb; {script}")


@contextmanager
def night_in(daemon: Daemon, name: str, sandbox: BubblewrapSandbox, *options: str) -> Iterator[tuple[Ward, Inside]]:
    """A ward on a container whose /srv is a small disk."""
    inside, listed = Inside(daemon, name), Container(name, daemon.url)

    @contextmanager
    def hand() -> Iterator[Host]:
        inside.hands.append(name)
        with hand_on(listed)() as host:
            yield host

    with container(daemon, name, options=("--tmpfs", "/srv:size=64m,mode=755,exec", *options)):
        look = look_at(listed)
        hosts = HostDirectory({NAME: look}, {NAME: hand})
        yield Ward(cast("Patient", inside), HandsProbe(look, SystemClock()), sandbox, hosts), inside
        look.close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[BubblewrapSandbox]:
    made = BubblewrapSandbox(warm=2)
    yield made
    made.close()


def test_a_full_disk_in_a_container_is_freed_there_and_nowhere_else(
    docker_daemon: Daemon, sandbox: BubblewrapSandbox
) -> None:
    with night_in(docker_daemon, "full-night", sandbox, *lent_python()) as (ward, inside):
        inside.shell("mkdir /srv/log; for n in 1 2; do head -c 26000000 /dev/zero > /srv/log/app.log.$n; done")
        ward.plant("/srv/orders.db", "/srv/log/app.log", "/srv/log/auth.log.1")
        ward.heals(
            "disk.used_percent:/srv",
            by="free_rotated_logs",
            over=70,
            only=("fs.delete /srv/log/app.log.1", "fs.delete /srv/log/app.log.2"),
        )
        assert inside.hands == ["full-night"]


SHOP = """#!/bin/sh
case "$1" in
start) /srv/shop </dev/null >/dev/null 2>&1 & echo $! > /run/shop.pid ;;
restart) kill "$(cat /run/shop.pid)" 2>/dev/null; "$0" start ;;
esac
"""
PROGRAM = "#!/bin/sh\nwhile true; do sleep 1; done\n"


def test_a_crashed_service_in_a_container_of_nothing_but_busybox_is_started_again(
    docker_daemon: Daemon, sandbox: BubblewrapSandbox
) -> None:
    with night_in(docker_daemon, "crash-night", sandbox) as (ward, inside):
        inside.shell(
            f"mkdir -p /etc/init.d /var/log; printf '%s' '{SHOP}' > /etc/init.d/shop; printf '%s' '{PROGRAM}' > /srv/shop"
        )
        inside.shell("chmod 755 /etc/init.d/shop /srv/shop; /etc/init.d/shop start")
        ward.plant("/srv/orders.db", "/etc/init.d/shop")
        assert eventually(lambda: ward.value("process.down:shop") == 0)
        inside.shell("kill -9 $(cat /run/shop.pid)")
        ward.heals(
            "process.down:shop",
            by="restart_service",
            only=("service.restart shop",),
            restart=lambda: inside.shell("/etc/init.d/shop restart; sleep 1"),
        )
        assert inside.hands == ["crash-night"]


def test_a_container_that_was_replaced_between_the_card_and_the_yes_is_looked_at_anew(
    docker_daemon: Daemon, sandbox: BubblewrapSandbox
) -> None:
    options = ("--tmpfs", "/srv:size=64m,mode=755,exec", *lent_python())
    fill = "mkdir /srv/log; echo live > /srv/log/app.log; for n in {}; do head -c 26000000 /dev/zero > /srv/log/app.log.$n; done"
    with night_in(docker_daemon, "deploy-night", sandbox, *lent_python()) as (ward, inside):
        inside.shell(fill.format("1 2"))
        shown = ward.card("disk.used_percent:/srv", over=70).proposal
        assert shown is not None
        docker_daemon.docker("rm", "-f", "deploy-night")
        docker_daemon.docker(
            "run",
            "-d",
            "--network=none",
            "--name=deploy-night",
            *options,
            busybox_image(docker_daemon),
            "/bb/sleep",
            "9999",
        )
        inside.shell(fill.format("3 4"))
        report = ward.goes_on("disk.used_percent:/srv", over=70)
        assert [str(effect) for effect in shown.plan] == [f"fs.delete /srv/log/app.log.{n}" for n in (1, 2)]
        done = [action.text for action in report.actions]
        assert done == [f"fs.delete /srv/log/app.log.{n}" for n in (3, 4)], "asked again, with what is in this one"
        assert inside.shell("cat /srv/log/app.log") == "live"
