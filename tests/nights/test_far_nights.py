"""The nights of the first issue on a host over SSH where nothing of ours is: looked at by one user, repaired by another through sudo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import cast

import pytest

from adapters.clock_system import SystemClock
from adapters.host.directory import HostDirectory
from adapters.host.far_program import FarProgram
from adapters.host.far_rollback import FarRollbackTimer, FarUndo
from adapters.host.ssh import SshHost, never
from adapters.host.ssh_connection import SshAddress, SshConnection
from adapters.probe.far import FarProbe
from adapters.probe.far_program import source
from adapters.sandbox.bubblewrap import BubblewrapSandbox
from bot.loop_thread import LoopThread
from core.ports import Host
from core.sudoers import line_of, wants_sudo
from tests.far.far_host import GATEWAY, HAND, LOOK, FarHost, far_host
from tests.faults.ward import NAME, Ward
from tests.skills.patient import Patient, eventually

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.needs("sshd", "sudo", "bwrap")]

SHOP = """#!/bin/sh
PID=/run/shop.pid
case "$1" in
start) start-stop-daemon --start --background --make-pidfile --pidfile $PID --startas /srv/shop ;;
stop) start-stop-daemon --stop --oknodo --remove-pidfile --pidfile $PID ;;
restart) "$0" stop; "$0" start ;;
esac
"""
PROGRAM = "#!/bin/sh\nwhile true; do sleep 1; done\n"


class Far(Ward):
    """A ward over SSH; `hands` counts how often somebody with rights was connected."""

    far: FarHost
    hands: int = 0


@contextmanager
def far_ward(far: FarHost, sandbox: BubblewrapSandbox, *allowed: tuple[str, ...]) -> Iterator[Far]:
    """The hand may do these commands as root over there, and nothing else."""
    far.sudoers(*(line_of(HAND, argv) for argv in allowed))
    with ExitStack() as stack:
        loop = LoopThread()
        stack.callback(loop.close)

        def connected(user: str) -> SshConnection:
            key = far.look_key if user == LOOK else far.hand_key
            return SshConnection(loop.loop, SshAddress("127.0.0.1", far.port, user, key, far.known_hosts, NAME))

        @contextmanager
        def hand() -> Iterator[Host]:
            ward.hands += 1
            line = connected(HAND)
            host = SshHost(line, (), wants_sudo)
            try:
                yield host
            finally:
                host.close()
                line.close()

        line = connected(LOOK)
        stack.callback(line.close)
        look, program = SshHost(line, (), never), FarProgram(line, source())
        stack.callback(look.close)
        stack.callback(program.close)
        hosts = HostDirectory({NAME: look}, {NAME: hand})
        timer = FarRollbackTimer({NAME: FarUndo(lambda: connected(HAND), wants_sudo)}, far.folder / "rollback")
        stack.callback(timer.close)
        ward = Far(cast("Patient", far), FarProbe(program.ask, SystemClock()), sandbox, hosts, timer)
        ward.far = far
        yield ward
        assert not [one for one in far.commands() if one.startswith(f"sshd: {HAND}")], "a hand is still connected"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[BubblewrapSandbox]:
    made = BubblewrapSandbox(warm=2)
    yield made
    made.close()


def test_a_full_disk_is_freed_by_a_hand_that_may_write_there_and_nowhere_else(sandbox: BubblewrapSandbox) -> None:
    with far_host() as far, far_ward(far, sandbox) as ward:
        ward.plant("/srv/orders.db", "/srv/log/app.log", "/srv/log/auth.log.1")
        far.shell(
            f"chown {HAND} /srv/log; cd /srv/log && for n in 1 2; do head -c 26000000 /dev/zero > app.log.$n; done"
        )
        report = ward.heals(
            "disk.used_percent:/srv",
            by="free_rotated_logs",
            over=70,
            only=("fs.delete /srv/log/app.log.1", "fs.delete /srv/log/app.log.2"),
        )
        assert ward.hands == 1
        assert report.decided_by


def test_a_crashed_service_is_started_again_through_sudo(sandbox: BubblewrapSandbox) -> None:
    with far_host() as far, far_ward(far, sandbox, ("/etc/init.d/shop", "restart")) as ward:
        far.write("/etc/init.d/shop", SHOP)
        far.write("/srv/shop", PROGRAM)
        far.shell("chmod 755 /etc/init.d/shop /srv/shop && /etc/init.d/shop start")
        ward.plant("/srv/orders.db", "/etc/init.d/shop")
        assert eventually(lambda: ward.value("process.down:shop") == 0)
        far.shell("kill -9 $(cat /run/shop.pid)")
        ward.heals(
            "process.down:shop",
            by="restart_service",
            only=("service.restart shop",),
            restart=lambda: far.shell("/etc/init.d/shop restart; sleep 1"),
        )
        assert ward.hands == 1


def test_a_lost_default_route_is_set_back_with_its_undo_armed_over_there(sandbox: BubblewrapSandbox) -> None:
    add = ("/usr/sbin/ip", "route", "add", "default", "via", GATEWAY, "dev", "eth0")
    undo = ("/usr/sbin/ip", "route", "del", "default", "via", GATEWAY, "dev", "eth0")
    with far_host(net=True) as far, far_ward(far, sandbox, add, undo) as ward:
        far.write(
            "/etc/network/interfaces",
            f"auto eth0\niface eth0 inet static\n  address 10.77.0.2/24\n  gateway {GATEWAY}\n",
        )
        ward.plant("/srv/orders.db", "/etc/network/interfaces")
        before = far.shell("ip route show")
        far.shell("ip route del default")
        ward.heals("route.missing:default", by="restore_default_route", only=(f"exec {' '.join(add)}",))
        assert sorted(far.shell("ip route show").split()) == sorted(before.split())
