"""Contract of the port RollbackTimer: the fake, and watchdogs on this machine, in a patient's namespaces and over SSH."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.host.far_rollback import FarRollbackTimer, FarUndo
from adapters.host.local import LocalHost
from adapters.host.namespace import NamespaceHost
from adapters.host.rollback_timer import HostRollbackTimer
from adapters.host.ssh import never
from adapters.host.ssh_connection import SshConnection
from core.errors import UnavailableError, UnknownError
from core.host_change import BackStep, FileWrite
from core.people_ports import RollbackTimer
from core.ports import Host
from core.skill import HostError
from tests.fakes.clock import FakeClock
from tests.fakes.host import FakeHost, FakeHosts
from tests.fakes.rollback_timer import FakeRollbackTimer
from tests.far.far_host import FarHost, far_host
from tests.far.lines import address_of, loop_on_a_thread, ssh_host
from tests.patient_kit import host_of, running_patient

NAME = "box"


@dataclass
class Scene:
    """A timer, a host of its, and a folder there."""

    timer: RollbackTimer
    host: Host
    folder: str
    wait: Callable[[float], object]

    def step(self, action: int) -> BackStep:
        """Makes a file, which says that it was done."""
        return BackStep(action, FileWrite(self.made(action), b"back"))

    def made(self, action: int) -> str:
        """The file that a step makes."""
        return f"{self.folder}/back-{action}"

    def is_made(self, action: int) -> bool:
        """Whether a step was done."""
        try:
            return self.host.read(self.made(action), 10).data == b"back"
        except HostError:
            return False


@pytest.fixture(scope="module")
def patient_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NamespaceHost]:
    with running_patient(tmp_path_factory.mktemp("patient")) as patient, host_of(patient) as host:
        yield host


def local_scene(request: pytest.FixtureRequest) -> Scene:
    folder: Path = request.getfixturevalue("tmp_path")
    host = LocalHost(())
    timer = HostRollbackTimer({NAME: lambda: ()}, folder / "rollback")
    request.addfinalizer(timer.close)
    request.addfinalizer(host.close)
    return Scene(timer, host, str(folder), time.sleep)


def namespace_scene(request: pytest.FixtureRequest) -> Scene:
    host: NamespaceHost = request.getfixturevalue("patient_host")
    folder: Path = request.getfixturevalue("tmp_path")
    place = f"/srv/shop/{folder.name}"
    host.run(("/bin/mkdir", "-p", place), 5.0, lambda _p, _s: None)
    timer = HostRollbackTimer({NAME: host.enter}, folder / "rollback")
    request.addfinalizer(timer.close)
    return Scene(timer, host, place, time.sleep)


@pytest.fixture(scope="module")
def far() -> Iterator[FarHost]:
    with far_host() as made:
        yield made


def ssh_scene(request: pytest.FixtureRequest) -> Scene:
    far: FarHost = request.getfixturevalue("far")
    folder: Path = request.getfixturevalue("tmp_path")
    stack = ExitStack()
    request.addfinalizer(stack.close)
    host = stack.enter_context(ssh_host(far))
    place = f"/home/hand/{folder.name}"
    far.shell(f"install -d -o hand {place}; rm -rf /tmp/nightshift-*")
    loop = stack.enter_context(loop_on_a_thread())
    undo = FarUndo(lambda: SshConnection(loop, address_of(far)), never)
    timer = FarRollbackTimer({NAME: undo}, folder / "rollback")
    stack.callback(timer.close)
    return Scene(timer, host, place, time.sleep)


def fake_scene(_request: pytest.FixtureRequest) -> Scene:
    host, clock = FakeHost({"files": {"/srv/keep": "x"}}), FakeClock()
    return Scene(FakeRollbackTimer(clock, FakeHosts({NAME: host})), host, "/srv", clock.advance)


@pytest.fixture(params=[fake_scene, local_scene, namespace_scene, ssh_scene], ids=["fake", "local", "namespace", "ssh"])
def scene(request: pytest.FixtureRequest) -> Scene:
    made: Scene = request.param(request)
    return made


def test_what_is_disarmed_in_time_does_not_happen(scene: Scene) -> None:
    scene.timer.arm(NAME, "r1", (scene.step(1),), 1.0)
    assert scene.timer.disarm(NAME, "r1")
    scene.wait(1.5)
    assert not scene.is_made(1)
    assert scene.timer.fired(NAME) == ()


def test_what_nobody_disarms_happens_by_itself_and_is_told_until_it_is_forgotten(scene: Scene) -> None:
    scene.timer.arm(NAME, "r1", (scene.step(2), scene.step(1)), 0.6)
    assert not scene.timer.has_fired(NAME, "r1", 0.1)
    assert scene.timer.has_fired(NAME, "r1", 20.0)
    assert (scene.is_made(1), scene.is_made(2)) == (True, True)
    (fired,) = scene.timer.fired(NAME)
    assert (fired.run, fired.back, fired.left) == ("r1", (2, 1), ())
    assert not scene.timer.disarm(NAME, "r1")
    scene.timer.forget(NAME, "r1")
    scene.timer.forget(NAME, "r1")
    assert scene.timer.fired(NAME) == ()


def test_armed_again_it_has_the_new_steps_and_the_time_begins_anew(scene: Scene) -> None:
    scene.timer.arm(NAME, "r1", (scene.step(1),), 1.0)
    scene.timer.arm(NAME, "r1", (scene.step(2), scene.step(1)), 60.0)
    assert not scene.timer.has_fired(NAME, "r1", 1.5)
    assert scene.timer.disarm(NAME, "r1")


def test_a_step_that_cannot_be_done_keeps_no_other_from_being_done(scene: Scene) -> None:
    scene.timer.arm(NAME, "r1", (BackStep(3, ("/no/such/program",)), scene.step(1)), 0.1)
    assert scene.timer.has_fired(NAME, "r1", 20.0)
    (fired,) = scene.timer.fired(NAME)
    assert scene.is_made(1)
    assert (fired.back, fired.left) == ((1,), (3,))


def test_the_runs_of_one_host_do_not_touch_each_other(scene: Scene) -> None:
    scene.timer.arm(NAME, "r1", (scene.step(1),), 60.0)
    scene.timer.arm(NAME, "r2", (scene.step(2),), 0.2)
    assert scene.timer.has_fired(NAME, "r2", 20.0)
    assert (scene.is_made(1), scene.is_made(2)) == (False, True)
    assert scene.timer.disarm(NAME, "r1")


def test_what_was_never_armed_is_unknown(scene: Scene) -> None:
    with pytest.raises(UnknownError):
        scene.timer.has_fired(NAME, "r9", 0.0)
    with pytest.raises(UnknownError):
        scene.timer.disarm(NAME, "r9")
    with pytest.raises(UnknownError):
        scene.timer.arm("no-such-host", "r1", (scene.step(1),), 1.0)


def test_after_it_has_begun_nothing_more_is_armed_under_it(scene: Scene) -> None:
    scene.timer.arm(NAME, "r1", (scene.step(1),), 0.1)
    assert scene.timer.has_fired(NAME, "r1", 20.0)
    with pytest.raises(UnavailableError):
        scene.timer.arm(NAME, "r1", (scene.step(2),), 60.0)
