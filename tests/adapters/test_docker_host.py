"""A listed container as a host: named exactly, followed honestly when it is replaced, and gone in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.host.docker import Container, hand_on, look_at
from adapters.host.docker_exec import DockerLink, Frames
from adapters.host.ssh import SshHost
from core.errors import InvalidError, UnavailableError
from core.skill import HostError
from tests.container_kit import busybox_image, container, lent_python
from tests.docker_daemon import Daemon
from tests.skills.patient import eventually


def nobody_waits(_pid: int, _start: int) -> None:
    """Nothing is noted."""


def test_who_looks_is_nobody_and_the_hand_is_the_containers_own_user(docker_daemon: Daemon) -> None:
    with container(docker_daemon, "who", options=("--user=1234:5",)):
        listed = Container("who", docker_daemon.url)
        assert look_at(listed).run(("/bin/id", "-u"), 5, nobody_waits).out == "65534\n"
        with hand_on(listed)() as hand:
            assert hand.run(("/bin/id", "-u"), 5, nobody_waits).out == "1234\n"
        with hand_on(Container("who", docker_daemon.url, hand_user="0"))() as hand:
            assert hand.run(("/bin/id", "-u"), 5, nobody_waits).out == "0\n"


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (("pause", "fate"), "is paused"),
        (("kill", "fate"), "is exited"),
        (("rename", "fate", "fate-2"), "No such container"),
    ],
)
def test_a_container_that_is_not_there_is_one_sentence(
    docker_daemon: Daemon, break_it: tuple[str, ...], said: str
) -> None:
    with container(docker_daemon, "fate"):
        host = look_at(Container("fate", docker_daemon.url))
        assert host.read("/etc", 0).info.kind == "dir"
        docker_daemon.docker(*break_it)
        with pytest.raises(UnavailableError, match=said):
            host.read("/etc", 0)
        with pytest.raises(UnavailableError, match=said), hand_on(Container("fate", docker_daemon.url))():
            pass
        docker_daemon.docker("rm", "-f", break_it[-1])
        docker_daemon.docker("run", "-d", "--name=fate", busybox_image(docker_daemon), "/bb/sleep", "9")


def test_a_container_that_a_deploy_replaced_is_told_once_and_is_the_host_from_then_on(docker_daemon: Daemon) -> None:
    listed = Container("deployed", docker_daemon.url)
    with container(docker_daemon, "deployed"):
        host = look_at(listed)
        assert host.read("/etc", 0).info.kind == "dir"
        hand = hand_on(listed)
        with hand() as kept:
            docker_daemon.docker("rm", "-f", "deployed")
            docker_daemon.docker(
                "run", "-d", "--name=deployed", "--network=none", busybox_image(docker_daemon), "/bb/sleep", "99"
            )
            with pytest.raises(UnavailableError, match=r"was replaced: it was [0-9a-f]{12} and is [0-9a-f]{12} now"):
                kept.read("/etc", 0)
        with pytest.raises(UnavailableError, match="was replaced"):
            host.read("/etc", 0)
        assert host.read("/etc", 0).info.kind == "dir"


def test_the_beginning_of_an_id_or_another_spelling_is_no_name(docker_daemon: Daemon) -> None:
    with container(docker_daemon, "spelled"):
        whole = docker_daemon.docker("inspect", "--format={{.Id}}", "spelled")
        assert DockerLink(whole, docker_daemon.url).find().id == whole
        for name in (whole[:12], "spell", "spelled/../spelled", "../images/json", "Spelled"):
            with pytest.raises(UnavailableError):
                DockerLink(name, docker_daemon.url).find()


def test_no_daemon_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="the container web cannot be reached: no daemon at"):
        look_at(Container("web", f"unix://{tmp_path}/none.sock")).processes()


@pytest.mark.parametrize("url", ["tcp://10.0.0.1:2375", "http://x", "unix://relative", ""])
def test_only_a_socket_of_this_machine_is_a_daemon(url: str) -> None:
    with pytest.raises(InvalidError, match="is no daemon we reach"):
        DockerLink("web", url)


def test_an_image_without_a_shell_is_refused_clearly(docker_daemon: Daemon) -> None:
    with container(docker_daemon, "bare"):
        docker_daemon.docker("exec", "bare", "/bb/rm", "/usr/bin/env", "/usr/bin/stat")
        with pytest.raises((UnavailableError, HostError)) as caught:
            look_at(Container("bare", docker_daemon.url)).read("/etc/hostname", 10)
        assert "env" in str(caught.value) or "stat" in str(caught.value)


def test_frames_in_any_pieces_are_the_same_streams() -> None:
    said = [(1, b"out"), (2, b"err"), (1, b""), (1, b"!")]
    data = b"".join(bytes([stream, 0, 0, 0]) + len(text).to_bytes(4, "big") + text for stream, text in said)
    for size in (1, 3, 8, 100):
        frames = Frames()
        for at in range(0, len(data), size):
            frames.feed(data[at : at + size])
        assert (frames.out.getvalue(), frames.err.getvalue()) == (b"out!", b"err")


# ---- with Python in it -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def with_python(docker_daemon: Daemon) -> Iterator[SshHost]:
    with container(docker_daemon, "snake", options=lent_python()):
        host = look_at(Container("snake", docker_daemon.url))
        yield host
        host.close()


def helpers(daemon: Daemon) -> list[str]:
    """Pids of kept helpers, as the container sees them."""
    script = "for p in /proc/[0-9]*; do read c < $p/comm; case $c in python3*) echo ${p#/proc/};; esac; done"
    return daemon.docker("exec", "snake", "/bb/sh", "-c", script).split()


def test_one_helper_is_kept_for_many_questions_and_ends_with_us(docker_daemon: Daemon, with_python: SshHost) -> None:
    for _ in range(5):
        assert with_python.read("/etc", 0).info.kind == "dir"
    kept = helpers(docker_daemon)
    assert len(kept) == 1
    with_python.close()
    assert eventually(lambda: helpers(docker_daemon) == [])


def test_a_helper_that_dies_is_one_failure_and_then_another_helper(docker_daemon: Daemon, with_python: SshHost) -> None:
    assert with_python.read("/etc", 0).info.kind == "dir"
    docker_daemon.docker("exec", "snake", "/bb/kill", "-KILL", *helpers(docker_daemon))
    assert eventually(lambda: helpers(docker_daemon) == [])
    assert with_python.read("/etc", 0).info.kind == "dir"


def test_a_container_that_goes_while_a_command_runs_leaves_one_sentence(
    docker_daemon: Daemon, with_python: SshHost
) -> None:
    def gone(_pid: int, _start: int) -> None:
        docker_daemon.docker("kill", "snake")

    with pytest.raises(UnavailableError, match="snake"):
        with_python.run(("/bin/sleep", "30"), 20, gone)


def test_a_paused_container_is_told_at_once_although_a_helper_waits_in_it(
    docker_daemon: Daemon, with_python: SshHost
) -> None:
    assert with_python.read("/etc", 0).info.kind == "dir"
    docker_daemon.docker("pause", "snake")
    try:
        with pytest.raises(UnavailableError, match="snake is paused; start it"):
            with_python.read("/etc", 0)
    finally:
        docker_daemon.docker("unpause", "snake")
    assert with_python.read("/etc", 0).info.kind == "dir"


def test_a_replaced_container_is_told_although_a_helper_was_kept(docker_daemon: Daemon, with_python: SshHost) -> None:
    assert with_python.read("/etc", 0).info.kind == "dir"
    docker_daemon.docker("rm", "-f", "snake")
    image = busybox_image(docker_daemon)
    docker_daemon.docker("run", "-d", "--name=snake", "--network=none", *lent_python(), image, "/bb/sleep", "99")
    with pytest.raises(UnavailableError, match="was replaced"):
        with_python.read("/etc", 0)
    assert with_python.read("/etc", 0).info.kind == "dir"


def test_a_command_that_runs_too_long_is_ended_in_the_container(with_python: SshHost) -> None:
    result = with_python.run(("/bin/sh", "-c", "sleep 77 & sleep 77"), 1, nobody_waits)
    assert result.timed_out
    assert [one for one in with_python.processes() if one.argv == ("sleep", "77") and one.state != "Z"] == []
