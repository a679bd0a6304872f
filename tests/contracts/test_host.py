"""Contract of the port Host: this machine, a patient in namespaces, hosts and containers with and without Python, and the fake."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.host.docker import Container, hand_on
from adapters.host.local import LocalHost
from adapters.host.namespace import NamespaceHost
from adapters.host.plain import PlainHost
from core.errors import NeverError, NightshiftError
from core.host_change import FileDelete, FileMove, FileTruncate, FileWrite, ProcessSignal
from core.ports import Host
from core.skill import HostError
from tests.container_kit import container, lent_python
from tests.docker_daemon import Daemon
from tests.fakes.host import FakeHost
from tests.far.far_host import far_host
from tests.far.lines import ssh_host
from tests.patient_kit import host_of, running_patient

FILES = {"a.txt": "hello", "app.log.1": "rotated log line\n", "z.txt": "last"}


@dataclass
class Scene:
    """A host and a folder on it that holds FILES."""

    host: Host
    folder: str


@pytest.fixture(scope="module")
def patient_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NamespaceHost]:
    with running_patient(tmp_path_factory.mktemp("patient")) as patient, host_of(patient) as host:
        yield host


@pytest.fixture(scope="module")
def busybox_host(docker_daemon: Daemon) -> Iterator[Host]:
    name = container(docker_daemon, "contract-busybox")
    with name, hand_on(Container("contract-busybox", docker_daemon.url))() as host:
        yield host


@pytest.fixture(scope="module")
def python_container_host(docker_daemon: Daemon) -> Iterator[Host]:
    command = ("/bb/sh", "-c", "sleep 100000 & exec sleep 100000")
    name = container(docker_daemon, "contract-python", *command, options=lent_python())
    with name, hand_on(Container("contract-python", docker_daemon.url))() as host:
        yield host


@pytest.fixture(scope="module")
def ssh_hand() -> Iterator[Host]:
    with far_host() as far, ssh_host(far) as host:
        yield host


@pytest.fixture(scope="module")
def ssh_hand_without_python() -> Iterator[Host]:
    with far_host(python=False) as far, ssh_host(far) as host:
        yield host


def local_scene(request: pytest.FixtureRequest) -> Scene:
    folder: Path = request.getfixturevalue("tmp_path")
    host = LocalHost(())
    request.addfinalizer(host.close)
    return Scene(host, str(folder))


def namespace_scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(request.getfixturevalue("patient_host"), "/srv/shop/log")


def plain_scene(request: pytest.FixtureRequest) -> Scene:
    if os.geteuid():
        pytest.skip(
            "needs root: in a user namespace / is nobody's, and without python3 a host trusts only root's folders"
        )
    enter = request.getfixturevalue("patient_host").enter

    def exec_(argv: Sequence[str], stdin: bytes, seconds: float) -> tuple[int, bytes, bytes]:
        done = subprocess.run([*enter(), *argv], input=stdin, capture_output=True, timeout=seconds, check=False)
        return done.returncode, done.stdout, done.stderr

    return Scene(PlainHost(exec_), "/srv/shop/log")


def busybox_scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(request.getfixturevalue("busybox_host"), "/srv/log")


def python_container_scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(request.getfixturevalue("python_container_host"), "/srv/log")


def ssh_scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(request.getfixturevalue("ssh_hand"), "/home/hand")


def ssh_plain_scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(request.getfixturevalue("ssh_hand_without_python"), "/home/hand")


def fake_scene(_request: pytest.FixtureRequest) -> Scene:
    world = {
        "files": {"/srv/log/keep": "x"},
        "exec": {"/bin/echo hi": "hi\n"},
        "processes": [{"pid": 7, "name": "shop"}],
    }
    return Scene(FakeHost(world), "/srv/log")


SCENES = {
    "local": local_scene,
    "namespace": namespace_scene,
    "plain": plain_scene,
    "docker": busybox_scene,
    "docker-python": python_container_scene,
    "ssh": ssh_scene,
    "ssh-plain": ssh_plain_scene,
    "fake": fake_scene,
}


@pytest.fixture(params=[*SCENES.values()], ids=[*SCENES])
def scene(request: pytest.FixtureRequest) -> Scene:
    made: Scene = request.param(request)
    for name, text in FILES.items():
        made.host.change(FileWrite(f"{made.folder}/{name}", text.encode()))
    return made


def names(scene: Scene) -> set[str]:
    return {info.path.rpartition("/")[2] for info in scene.host.list(scene.folder, 1000)}


def test_a_file_is_read_with_its_info_and_its_hash(scene: Scene) -> None:
    content = scene.host.read(f"{scene.folder}/a.txt", 1000)
    assert (content.data, content.sha256) == (b"hello", hashlib.sha256(b"hello").hexdigest())
    assert (content.info.path, content.info.kind, content.info.size) == (f"{scene.folder}/a.txt", "file", 5)


def test_never_more_is_read_than_asked_for(scene: Scene) -> None:
    assert scene.host.read(f"{scene.folder}/a.txt", 2).data == b"he"


def test_zero_bytes_give_the_info_of_any_entry(scene: Scene) -> None:
    content = scene.host.read(scene.folder, 0)
    assert (content.info.kind, content.data) == ("dir", b"")


def test_entries_come_sorted_and_never_more_than_asked_for(scene: Scene) -> None:
    paths = [info.path for info in scene.host.list(scene.folder, 1000)]
    assert paths == sorted(paths)
    assert [info.path for info in scene.host.list(scene.folder, 1)] == paths[:1]


@pytest.mark.parametrize("what", [FileDelete("{}/no"), FileTruncate("{}/no"), FileMove("{}/no", "{}/other")])
def test_what_is_not_there_is_missing(scene: Scene, what: FileDelete | FileTruncate | FileMove) -> None:
    path = what.path.format(scene.folder)
    change = FileMove(path, f"{scene.folder}/other") if isinstance(what, FileMove) else type(what)(path)
    with pytest.raises(HostError) as caught:
        scene.host.change(change)
    assert caught.value.code == "missing"


def test_reading_what_is_not_there_is_missing(scene: Scene) -> None:
    with pytest.raises(HostError) as caught:
        scene.host.read(f"{scene.folder}/no", 10)
    assert caught.value.code == "missing"


def test_a_file_that_is_made_again_has_the_owner_and_the_mode_it_had(scene: Scene) -> None:
    path = f"{scene.folder}/a.txt"
    old = scene.host.read(path, 0).info
    scene.host.change(FileDelete(path))
    scene.host.change(FileWrite(path, b"again", 0o640, old.uid, old.gid))
    new = scene.host.read(path, 0).info
    assert old.gid >= 0
    assert (new.uid, new.gid, new.mode) == (old.uid, old.gid, 0o640)


@pytest.mark.parametrize("place", ["local", "docker", "docker-python"])
@pytest.mark.root
def test_a_root_hand_gives_a_file_back_to_whom_it_belonged(request: pytest.FixtureRequest, place: str) -> None:
    scene = SCENES[place](request)
    path = f"{scene.folder}/theirs.txt"
    scene.host.change(FileWrite(path, b"theirs", 0o600, 1234, 1235))
    info = scene.host.read(path, 0).info
    scene.host.change(FileDelete(path))
    assert (info.uid, info.gid, info.mode) == (1234, 1235, 0o600)


def test_a_write_hands_back_what_was_there_before(scene: Scene) -> None:
    changed = scene.host.change(FileWrite(f"{scene.folder}/a.txt", b"new"))
    assert (changed.bytes, changed.before) == (3, b"hello")
    assert changed.after_sha256 == hashlib.sha256(b"new").hexdigest()
    assert scene.host.read(f"{scene.folder}/a.txt", 10).data == b"new"


def test_a_deletion_frees_the_bytes_and_hands_them_back(scene: Scene) -> None:
    changed = scene.host.change(FileDelete(f"{scene.folder}/app.log.1"))
    assert (changed.bytes, changed.before) == (17, b"rotated log line\n")
    assert "app.log.1" not in names(scene)


def test_a_move_takes_the_content_along(scene: Scene) -> None:
    scene.host.change(FileMove(f"{scene.folder}/a.txt", f"{scene.folder}/moved.txt"))
    assert scene.host.read(f"{scene.folder}/moved.txt", 10).data == b"hello"
    assert "a.txt" not in names(scene)
    scene.host.change(FileDelete(f"{scene.folder}/moved.txt"))


def test_a_move_never_goes_over_another_file(scene: Scene) -> None:
    with pytest.raises(HostError) as caught:
        scene.host.change(FileMove(f"{scene.folder}/a.txt", f"{scene.folder}/z.txt"))
    assert caught.value.code == "exists"
    assert scene.host.read(f"{scene.folder}/z.txt", 10).data == b"last"
    assert scene.host.read(f"{scene.folder}/a.txt", 10).data == b"hello"


def test_truncating_empties_a_file_in_place(scene: Scene) -> None:
    changed = scene.host.change(FileTruncate(f"{scene.folder}/a.txt"))
    assert (changed.bytes, changed.before) == (5, b"hello")
    assert scene.host.read(f"{scene.folder}/a.txt", 0).info.size == 0


def test_secrets_are_never_read(scene: Scene) -> None:
    with pytest.raises(NeverError):
        scene.host.read("/etc/shadow", 10)


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc/cron.d/x", "/root/.ssh/authorized_keys"])
def test_what_decides_who_may_enter_is_never_changed(scene: Scene, path: str) -> None:
    for change in (FileWrite(path, b"x"), FileDelete(path), FileTruncate(path)):
        with pytest.raises(NeverError):
            scene.host.change(change)


@pytest.mark.parametrize(
    "path", ["relative", "", "/srv/../etc/passwd", "/srv//log", "/srv/./log", "/srv/log/", "/a\0b"]
)
def test_a_path_in_any_other_spelling_is_refused(scene: Scene, path: str) -> None:
    with pytest.raises((NightshiftError, HostError)):
        scene.host.change(FileDelete(path))
    with pytest.raises((NightshiftError, HostError)):
        scene.host.read(path, 10)


def test_a_command_is_announced_before_it_has_run(scene: Scene) -> None:
    announced: list[tuple[int, int]] = []
    result = scene.host.run(("/bin/echo", "hi"), 10, lambda pid, start: announced.append((pid, start)))
    assert (result.status, result.out, result.timed_out) == (0, "hi\n", False)
    assert len(announced) == 1
    assert min(announced[0]) > 0


def test_processes_are_named_by_pid_and_start(scene: Scene) -> None:
    processes = scene.host.processes()
    assert processes
    assert len({process.pid for process in processes}) == len(processes)


def test_a_signal_never_reaches_a_later_process_with_the_same_pid(scene: Scene) -> None:
    ours = {"adapters.host.serve", "-I"}
    process = next(one for one in scene.host.processes() if one.pid > 1 and one.argv and not ours & {*one.argv})
    with pytest.raises(HostError) as caught:
        scene.host.change(ProcessSignal(process.pid, process.started + 1, "TERM"))
    assert caught.value.code == "changed"
