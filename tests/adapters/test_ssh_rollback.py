"""An undo on a far host with a network of its own: routes and links that are really gone, and the way to it gone with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from adapters.host.far_rollback import FarRollbackTimer, FarUndo
from adapters.host.ssh_connection import SshConnection
from core.errors import NeverError
from core.host_change import BackStep, FileWrite
from tests.far.far_host import GATEWAY, FarHost, far_host
from tests.far.lines import address_of, loop_on_a_thread
from tests.skills.patient import eventually

pytestmark = [pytest.mark.root, pytest.mark.needs("sshd", "sudo")]

NAME = "far"
LOOK = ("/usr/sbin/ip", "-4", "route", "show", "default")
ROUTE_BACK = ("/usr/sbin/ip", "route", "replace", "default", "via", GATEWAY)
LINK_BACK = ("/usr/sbin/ip", "link", "set", "eth0", "up")


@pytest.fixture(scope="module")
def far() -> Iterator[FarHost]:
    with far_host(net=True) as made:
        made.sudoers(f"hand ALL=(root) NOPASSWD: {' '.join(ROUTE_BACK)}, {' '.join(LINK_BACK)}")
        yield made


@contextmanager
def timer_for(far: FarHost, folder: Path) -> Iterator[FarRollbackTimer]:
    with ExitStack() as stack:
        loop = stack.enter_context(loop_on_a_thread())
        undo = FarUndo(lambda: SshConnection(loop, address_of(far)), lambda argv: argv in (ROUTE_BACK, LINK_BACK))
        timer = FarRollbackTimer({NAME: undo}, folder)
        stack.callback(timer.close)
        yield timer


def has_route(far: FarHost) -> bool:
    return GATEWAY in far.shell(" ".join(LOOK))


def test_a_default_route_that_was_taken_away_comes_back_by_itself(far: FarHost, tmp_path: Path) -> None:
    with timer_for(far, tmp_path) as timer:
        timer.arm(NAME, "r1", (BackStep(1, ROUTE_BACK, LOOK),), 1.5)
        far.shell("ip route del default")
        assert timer.has_fired(NAME, "r1", 20)
        assert has_route(far)
        (fired,) = timer.fired(NAME)
        assert (fired.run, fired.back, fired.left) == ("r1", (1,), ())
        timer.forget(NAME, "r1")
        assert timer.fired(NAME) == ()


def test_it_comes_back_also_when_the_way_to_the_host_is_gone(far: FarHost, tmp_path: Path) -> None:
    with timer_for(far, tmp_path) as timer:
        timer.arm(NAME, "r2", (BackStep(2, LINK_BACK),), 4)
        far.shell("ip link set eth0 down")
        assert timer.has_fired(NAME, "r2", 90)
        timer.forget(NAME, "r2")
    far.shell(f"ip route replace default via {GATEWAY}")


def test_when_we_die_it_happens_at_once_and_is_told_to_who_comes_after_us(far: FarHost, tmp_path: Path) -> None:
    with timer_for(far, tmp_path) as timer:
        timer.arm(NAME, "r3", (BackStep(3, ROUTE_BACK, LOOK),), 600)
        far.shell("ip route del default")
    assert eventually(lambda: has_route(far), 10)
    with timer_for(far, tmp_path) as later:
        assert eventually(lambda: [one.run for one in later.fired(NAME)] == ["r3"], 10)
        later.forget(NAME, "r3")


def test_when_sshd_dies_it_happens_at_once(far: FarHost, tmp_path: Path) -> None:
    with timer_for(far, tmp_path) as timer:
        timer.arm(NAME, "r4", (BackStep(4, ROUTE_BACK, LOOK),), 600)
        far.shell("ip route del default")
        far.stop()
        assert eventually(lambda: has_route(far), 10)
        far.start()
        assert timer.has_fired(NAME, "r4", 20)
        timer.forget(NAME, "r4")


def test_what_sudo_does_not_allow_is_left_and_told_so(far: FarHost, tmp_path: Path) -> None:
    forbidden = ("/usr/sbin/ip", "route", "flush", "table", "main")
    with timer_for(far, tmp_path) as timer:
        timer.arm(NAME, "r5", (BackStep(5, forbidden),), 0.1)
        assert timer.has_fired(NAME, "r5", 20)
        (fired,) = timer.fired(NAME)
        assert (fired.back, fired.left) == ((), (5,))
        timer.forget(NAME, "r5")


def test_nothing_that_is_never_written_is_armed(far: FarHost, tmp_path: Path) -> None:
    with timer_for(far, tmp_path) as timer, pytest.raises(NeverError):
        timer.arm(NAME, "r6", (BackStep(6, FileWrite("/etc/passwd", b"")),), 60)


def test_nothing_stays_on_its_disk_once_all_is_told(far: FarHost) -> None:
    assert far.shell("ls -A /tmp/nightshift-2002") == ""
