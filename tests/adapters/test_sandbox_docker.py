"""What is docker's own: orphans and the reaper, missing daemons and images, floods that nobody takes, what a container is made with."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker as docker_py
import pytest

from adapters.sandbox import docker_guest, seccomp
from adapters.sandbox.docker import DockerSandbox
from adapters.sandbox.owner import LABEL, is_gone, owner
from core.errors import UnavailableError
from core.guest import GuestResult, GuestRun
from core.world import Json
from tests.docker_daemon import Daemon
from tests.hostile.outside import descendants
from tests.sandboxes import image_in

ROOT = Path(__file__).parents[2]
HONEST = """
from core.skill import Host, Outcome
def run(host: Host) -> Outcome:
    return Outcome(True, host.read("/x"))
"""
LOOPS = HONEST.replace("return", "host.read('/x')\n    while True: pass\n    return")
FLOODS = "import os\ndef run(host):\n    while True: os.write(2, b'x' * 65536)\n"

BOT = """
import sys
from adapters.sandbox.docker import DockerSandbox
from core.guest import GuestRun

def answer(method, args):
    print("in a run", flush=True)

sandbox = DockerSandbox(1, sys.argv[1], sys.argv[2])
sandbox.run(GuestRun("loops", sys.stdin.read(), {}, 60.0), answer)
"""


def echo(_method: str, args: dict[str, Json]) -> Json:
    return args["path"]


def play(sandbox: DockerSandbox, source: str = HONEST, timeout: float = 10.0) -> GuestResult:
    return sandbox.run(GuestRun("story", source, {}, timeout), echo)


def containers(daemon: Daemon) -> list[str]:
    return daemon.docker("ps", "-aq", "--no-trunc").split()


def until(claim: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not claim() and time.monotonic() < end:
        time.sleep(0.05)
    return claim()


@pytest.fixture(scope="module")
def image(docker_daemon: Daemon) -> str:
    return image_in(docker_daemon)


@pytest.fixture
def sandbox(docker_daemon: Daemon, image: str) -> Iterator[DockerSandbox]:
    made = DockerSandbox(1, docker_daemon.url, image)
    yield made
    made.close()


def test_a_container_has_nothing_and_may_nothing(sandbox: DockerSandbox, docker_daemon: Daemon) -> None:
    play(sandbox)
    assert until(lambda: any("true" in _state(docker_daemon, one) for one in containers(docker_daemon)))
    running = next(one for one in containers(docker_daemon) if "true" in _state(docker_daemon, one))
    (made,) = json.loads(docker_daemon.docker("inspect", running))
    limits = made["HostConfig"]
    assert (limits["NetworkMode"], limits["IpcMode"], limits["ReadonlyRootfs"]) == ("none", "none", True)
    assert (limits["CapDrop"], limits["CapAdd"], limits["SecurityOpt"]) == (["ALL"], None, ["no-new-privileges"])
    assert (limits["Memory"], limits["MemorySwap"], limits["PidsLimit"]) == (128 << 20, 128 << 20, 48)
    assert (limits["NanoCpus"], limits["OomScoreAdj"]) == (1_000_000_000, 500)
    assert (limits["LogConfig"]["Type"], limits["Binds"], limits.get("Tmpfs")) == ("none", None, None)
    assert (limits["Privileged"], limits["PidMode"], made["Mounts"]) == (False, "", [])
    assert {one["Name"]: one["Hard"] for one in limits["Ulimits"]} == {
        "nofile": 64,
        "fsize": 0,
        "core": 0,
        "memlock": 0,
        "msgqueue": 0,
    }
    assert made["Config"]["User"] in ("60001:60001", "60002:60002")
    assert made["Config"]["Entrypoint"][:3] == ["/usr/bin/timeout", "-s", "KILL"]
    assert made["Config"]["Labels"][LABEL] == owner()


def _state(daemon: Daemon, container: str) -> str:
    done = subprocess.run(
        ["docker", "-H", daemon.url, "inspect", "-f", "{{.State.Running}}", container],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_a_guest_of_a_killed_parent_is_removed_by_the_next_one(docker_daemon: Daemon, image: str) -> None:
    argv = [sys.executable, "-c", BOT, docker_daemon.url, image]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as bot:
        assert bot.stdin is not None
        assert bot.stdout is not None
        bot.stdin.write(LOOPS)
        bot.stdin.close()
        assert bot.stdout.readline().strip() == "in a run"
        before = containers(docker_daemon)
        bot.send_signal(signal.SIGKILL)
        bot.wait()
    assert before
    next_one = DockerSandbox(0, docker_daemon.url, image)
    next_one.reap()
    next_one.close()
    assert until(lambda: not set(before) & set(containers(docker_daemon)))


def test_the_reaper_leaves_those_of_the_living_and_of_other_machines(
    sandbox: DockerSandbox, docker_daemon: Daemon, image: str
) -> None:
    place, _, rest = owner().partition(":")
    elsewhere = f"00000000-0000-0000-0000-000000000000:{rest}"
    other_ids = f"{place}:1:4242:1"
    argv = ["create", "--network", "none", "--entrypoint", "/usr/bin/timeout"]
    kept = [docker_daemon.docker(*argv, "--label", f"{LABEL}={label}", image) for label in (elsewhere, other_ids, "x")]
    assert play(sandbox).ok
    assert until(lambda: sandbox.reap() == 0)
    assert set(kept) <= set(containers(docker_daemon))
    docker_daemon.docker("rm", *kept)


@pytest.mark.parametrize(("label", "gone"), [("", False), (":::", False), ("a:1:x:2", False), (None, False)])
def test_an_owner_that_cannot_be_read_is_not_gone(label: str | None, gone: bool) -> None:
    assert is_gone(owner() if label is None else label) is gone


def test_an_owner_is_gone_when_another_process_has_its_number() -> None:
    assert is_gone(f"{owner()}1")


def test_docker_does_not_hang_on_a_guest_that_floods_while_nobody_listens(
    sandbox: DockerSandbox, docker_daemon: Daemon
) -> None:
    began = time.monotonic()
    assert play(sandbox, FLOODS).status == "protocol"
    assert time.monotonic() - began < 5
    assert play(sandbox).ok
    sandbox.close()
    assert until(lambda: not containers(docker_daemon))


def test_memory_over_the_limit_is_called_so(sandbox: DockerSandbox) -> None:
    hoards = "def run(host):\n    import mmap\n    m = mmap.mmap(-1, 150 << 20)\n    m.write(b'x' * (150 << 20))\n"
    result = play(sandbox, hoards)
    assert (result.status, result.error) == ("memory", "the run used more memory than a skill may")


def test_a_guest_is_gone_when_its_run_returns(sandbox: DockerSandbox, docker_daemon: Daemon) -> None:
    before = descendants(docker_daemon.pid)
    assert play(sandbox, LOOPS, 0.5).status == "timeout"
    sandbox.close()
    assert until(lambda: len(descendants(docker_daemon.pid)) <= len(before))


def test_the_end_of_its_life_comes_from_within_where_nobody_ends_it(docker_daemon: Daemon, image: str) -> None:
    client = docker_py.APIClient(docker_daemon.url)
    form = docker_guest.Form(image, "", seccomp.filters())
    container = client.create_container(**form.body(client, 7, lifetime=1))["Id"]
    client.start(container)
    began = time.monotonic()
    assert client.wait(container)["StatusCode"] == 137
    assert time.monotonic() - began < 5
    client.remove_container(container)
    client.close()


def test_without_its_image_one_sentence_says_what_to_do(docker_daemon: Daemon) -> None:
    sandbox = DockerSandbox(1, docker_daemon.url, "nightshift-sandbox:none")
    said = "the docker sandbox has no image nightshift-sandbox:none: build it with python3 deploy/sandbox/build.py"
    assert sandbox.self_test() == (said,)
    sandbox.close()


def test_a_runtime_that_docker_does_not_know_is_a_reason(docker_daemon: Daemon, image: str) -> None:
    sandbox = DockerSandbox(1, docker_daemon.url, image, runtime="runsc")
    (reason,) = sandbox.self_test()
    assert reason.startswith("docker refuses to start a guest: ")
    assert "runsc" in reason
    sandbox.close()


def test_another_image_that_is_no_sandbox_gives_no_guest(docker_daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "nothing").write_text("")
    tar = subprocess.run(["tar", "-C", str(tmp_path), "-c", "nothing"], capture_output=True, check=True).stdout
    docker_daemon.docker("import", "-", "nothing:1", stdin=tar)
    sandbox = DockerSandbox(0, docker_daemon.url, "nothing:1")
    with pytest.raises(UnavailableError, match="docker refuses to start a guest"):
        play(sandbox)
    sandbox.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("unix:///nonexistent/docker.sock", "finds no docker at /nonexistent/docker.sock: start it"),
        ("unix:///etc/passwd", "finds no docker at /etc/passwd: start it"),
        ("tcp://127.0.0.1:2375", "needs a unix socket, not 'tcp://127.0.0.1:2375'"),
    ],
)
def test_without_docker_nothing_runs_and_one_sentence_says_why(url: str, said: str) -> None:
    began = time.monotonic()
    sandbox = DockerSandbox(1, url)
    with pytest.raises(UnavailableError, match=said):
        play(sandbox)
    assert len(sandbox.self_test()) == 1
    assert time.monotonic() - began < 2
    sandbox.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not")
def test_who_may_not_open_the_socket_is_told(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        os.seteuid(65534)
        try:
            with pytest.raises(UnavailableError, match=r"may not open .*docker\.sock: run as a member of its group"):
                docker_guest.connected(f"unix://{path}")
        finally:
            os.seteuid(0)
