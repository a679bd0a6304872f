"""kill -9 of ours in the middle of an effect on another host: over there it is ended, here it is unknown, and it never happens twice."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from adapters.store.store import Store
from core.recovery import CUT_OFF
from core.skill import HostError
from tests.container_kit import busybox_image, container, lent_python
from tests.docker_daemon import Daemon, own_daemon
from tests.far.cut_off import RUN, Call, Way, hands_of, lay, store_in
from tests.far.far_host import HAND, FarHost, far_host
from tests.skills.patient import eventually
from tests.source_tree import ROOT

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.needs("sshd", "sudo")]

LONG = ("/bb/sleep", "100000")
SLEEP = Call("exec", {"argv": ["/usr/bin/sleep", "4711"]}, "exec:/usr/bin/sleep 4711")


@dataclass
class Scene:
    """A host that is reached in one way, and who is root on it."""

    way: Way
    shell: Callable[[str], str]
    folder: Path

    def runs(self, word: str) -> bool:
        """Whether something runs over there with this in its command line."""
        script = "for p in /proc/[0-9]*; do tr '\\0' ' ' 2>/dev/null < $p/cmdline && echo; done; true"
        return any(word in line and "/proc/" not in line for line in self.shell(script).splitlines())

    def killed_in(self, call: Call, is_there: Callable[[Store], bool], before_it_dies: str = "true") -> Store:
        """A process of ours asks for it, and is killed as soon as that is so."""
        lay(self.folder, self.way, call)
        store = store_in(self.folder)
        argv = [sys.executable, "-m", "tests.far.cut_off", str(self.folder)]
        with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL) as process:
            assert eventually(lambda: is_there(store) or process.poll() is not None, 20)
            assert process.poll() is None, "it ended by itself"
            self.shell(before_it_dies)
            process.send_signal(signal.SIGKILL)
        return store

    def waits_for_a_disk(self) -> bool:
        """Whether something over there stands still in the kernel."""
        return "D" in self.shell("cat /proc/[0-9]*/stat 2>/dev/null | sed 's/.*) //' | cut -c1").split()

    def recovers(self, store: Store) -> None:
        """The next life closes it as unknown, asks nothing of anybody, and does nothing again."""
        (row,) = store.effects.unfinished()
        executor = hands_of(store, self.way)
        assert [one.action for one in executor.recover()] == [row.action], store.audit.tail(5)
        (closed,) = store.effects.of_run(RUN)
        assert (closed.ok, closed.result) == (False, CUT_OFF)
        assert executor.recover() == ()
        assert store.audit.verify().problem == ""
        store.close()


@contextmanager
def over_ssh(
    folder: Path, *, python: bool = True, is_sudo: bool = True, net: bool = False
) -> Iterator[tuple[Scene, FarHost]]:
    with far_host(python=python, net=net) as far:
        far.sudoers("Defaults:hand use_pty", "hand ALL=(root) NOPASSWD: /usr/bin/sleep 4711, /etc/init.d/shop restart")
        way = Way(port=far.port, user=HAND, key=str(far.hand_key), known_hosts=str(far.known_hosts), is_sudo=is_sudo)
        yield Scene(way, far.shell, folder), far


@contextmanager
def in_container(folder: Path, daemon: Daemon, *options: str) -> Iterator[Scene]:
    with container(daemon, "cut-off", options=options):
        yield inside(daemon, folder)


def inside(daemon: Daemon, folder: Path) -> Scene:
    """A container of this name."""

    def shell(script: str) -> str:
        return daemon.docker("exec", "cut-off", "/bb/sh", "-ec", f"PATH=/bb; {script}")

    return Scene(Way("cut-off", daemon.url), shell, folder)


def has_begun(scene: Scene) -> Callable[[Store], bool]:
    return lambda store: any(row.pid for row in store.effects.unfinished()) and scene.runs("sleep 4711")


@pytest.mark.parametrize(
    ("python", "is_sudo"), [(True, True), (True, False), (False, True)], ids=["python-sudo", "python", "plain-sudo"]
)
def test_a_command_over_ssh_is_unknown_and_over(tmp_path: Path, *, python: bool, is_sudo: bool) -> None:
    with over_ssh(tmp_path, python=python, is_sudo=is_sudo) as (scene, _):
        store = scene.killed_in(SLEEP, has_begun(scene))
        assert not python or eventually(lambda: not scene.runs("sleep 4711"), 6), "it ends with the line"
        scene.recovers(store)
        assert not scene.runs("sleep 4711")
        assert eventually(lambda: not scene.runs("python3 -I"), 3)


@pytest.mark.parametrize(
    ("python", "is_sudo"), [(True, True), (True, False), (False, True)], ids=["python-sudo", "python", "plain-sudo"]
)
def test_what_runs_on_over_there_is_ended_by_the_next_life(tmp_path: Path, *, python: bool, is_sudo: bool) -> None:
    with over_ssh(tmp_path, python=python, is_sudo=is_sudo) as (scene, _):
        store = scene.killed_in(SLEEP, has_begun(scene), before_it_dies="pkill -STOP -u hand sshd")
        assert scene.runs("sleep 4711"), "nobody over there has noticed"
        scene.recovers(store)
        assert not scene.runs("sleep 4711")


def test_the_restart_of_a_service_is_unknown_and_not_repeated(tmp_path: Path) -> None:
    with over_ssh(tmp_path) as (scene, far):
        far.write("/etc/init.d/shop", "#!/bin/sh\necho $1 >> /run/asked; sleep 4711; touch /run/done\n")
        far.write("/run/shop.pid", "4194300\n")
        far.shell("chmod 755 /etc/init.d/shop")
        store = scene.killed_in(Call("service.restart", {"name": "shop"}, "service.restart:shop"), has_begun(scene))
        scene.recovers(store)
        assert eventually(lambda: not scene.runs("shop"), 5), "sudo gives it two seconds"
        assert far.shell("cat /run/asked; ls /run") == f"restart\n{far.shell('ls /run')}"
        assert "done" not in far.shell("ls /run")


@pytest.mark.parametrize("python", [True, False], ids=["python", "plain"])
def test_a_file_that_is_written_is_whole_whoever_died(tmp_path: Path, *, python: bool) -> None:
    with over_ssh(tmp_path, python=python, is_sudo=False) as (scene, far):
        far.shell(
            "truncate -s 32M /srv/disk && mkfs.ext4 -q /srv/disk && mkdir /srv/slow && mount -o loop /srv/disk /srv/slow"
            f" && echo old > /srv/slow/app.conf && chmod 640 /srv/slow/app.conf && chown -R {HAND} /srv/slow"
        )
        before = far.shell("stat -c '%a %U' /srv/slow/app.conf")
        call = Call("fs.write", {"path": "/srv/slow/app.conf", "text": "new\n" * 50_000}, "fs.write:/srv/slow/app.conf")
        far.shell("fsfreeze -f /srv/slow")
        store = scene.killed_in(call, lambda _store: eventually(lambda: scene.waits_for_a_disk(), 5))
        far.shell("fsfreeze -u /srv/slow")
        scene.recovers(store)
        assert eventually(lambda: not scene.runs("python3 -I") and not scene.runs("nightshift-"), 5)
        assert far.shell("ls -A /srv/slow").split() == ["app.conf", "lost+found"]
        assert far.shell("cat /srv/slow/app.conf") in ("old\n", "new\n" * 50_000)
        assert far.shell("stat -c '%a %U' /srv/slow/app.conf") == before
        far.shell("umount /srv/slow")


@pytest.mark.needs("docker")
@pytest.mark.parametrize("options", [lent_python(), ()], ids=["python", "busybox"])
def test_a_command_in_a_container_is_unknown_and_over(
    tmp_path: Path, docker_daemon: Daemon, options: tuple[str, ...]
) -> None:
    with in_container(tmp_path, docker_daemon, *options) as scene:
        store = scene.killed_in(SLEEP, has_begun(scene))
        scene.recovers(store)
        assert eventually(lambda: not scene.runs("sleep 4711"), 3)
        assert eventually(lambda: not scene.runs("python3 -I"), 3)


# ---- we live, and what carries us dies ---------------------------------------------------------------------------------------------


def broken(scene: Scene, call: Call, break_it: Callable[[], object]) -> str:
    """We ask for it, and in the middle of it something breaks; what the journal says then, which a skill is told too."""
    store = store_in(scene.folder)
    told: list[str] = []

    def ask() -> None:
        try:
            with scene.way.hand() as host:
                call.of(store, host)
        except HostError as error:
            told.append(str(error))

    asking = threading.Thread(target=ask)
    asking.start()
    assert eventually(lambda: has_begun(scene)(store), 20)
    break_it()
    asking.join(60)
    (row,) = store.effects.of_run(RUN)
    store.close()
    assert row.ok is False
    assert told in ([], [f"failed: {row.result.removeprefix('unknown: ')}"])
    return row.result


def test_sshd_dies(tmp_path: Path) -> None:
    with over_ssh(tmp_path) as (scene, far):
        assert broken(scene, SLEEP, far.stop) == "unknown: the helper on far did not answer: it ended"
        assert eventually(lambda: not scene.runs("sleep 4711"))
        assert eventually(lambda: not scene.runs("python3 -I"))


def test_the_helper_dies(tmp_path: Path) -> None:
    with over_ssh(tmp_path) as (scene, _):
        said = broken(scene, SLEEP, lambda: scene.shell("pkill -9 -u hand python3"))
        assert said == "unknown: the helper on far did not answer: it ended"
        assert eventually(lambda: not scene.runs("sleep 4711"))


def test_without_python_sshd_dies(tmp_path: Path) -> None:
    with over_ssh(tmp_path, python=False, is_sudo=False) as (scene, far):
        assert "far" in broken(scene, replace(SLEEP, timeout=2.0), far.stop)
        assert eventually(lambda: not scene.runs("sleep 4711"), 5)


def test_the_network_between_goes(tmp_path: Path) -> None:
    with over_ssh(tmp_path, net=True) as (scene, far):
        said = broken(scene, replace(SLEEP, timeout=1.0), lambda: far.shell("ip link set eth0 down"))
        assert said == "unknown: the helper on far did not answer: far did not answer within 21 seconds"
        assert not scene.runs("sleep 4711"), "over there the time was over too"


@pytest.mark.needs("docker")
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (lent_python(), r"unknown: the helper on cut-off did not answer: it ended"),
        ((), r"status -9|unknown: .*cut-off.*"),
    ],
    ids=["python", "busybox"],
)
def test_the_container_is_removed(tmp_path: Path, docker_daemon: Daemon, options: tuple[str, ...], says: str) -> None:
    with in_container(tmp_path, docker_daemon, *options) as scene:
        said = broken(scene, SLEEP, lambda: docker_daemon.docker("rm", "-f", "cut-off"))
        assert re.fullmatch(says, said)
        docker_daemon.docker("run", "-d", "--name=cut-off", busybox_image(docker_daemon), *LONG)


@pytest.mark.needs("docker")
@pytest.mark.parametrize(
    ("options", "says"),
    [(lent_python(), r"unknown: the helper on cut-off did not answer: it ended"), ((), r"unknown: .*no daemon at .*")],
    ids=["python", "busybox"],
)
def test_the_daemon_is_stopped(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    with own_daemon() as daemon:
        daemon.docker("run", "-d", "--name=cut-off", "--stop-timeout=1", *options, busybox_image(daemon), *LONG)
        said = broken(inside(daemon, tmp_path), SLEEP, daemon.stop)
        assert re.fullmatch(says, said)
