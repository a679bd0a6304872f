"""Which engine is used: what is named, else the first that is fit, and none where none is; and how the sidecar serves."""

from __future__ import annotations

import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.sandbox import sidecar_server
from adapters.sandbox.bubblewrap import BubblewrapSandbox
from adapters.sandbox.engine import Choice, ChosenSandbox
from adapters.sandbox.sidecar import SidecarSandbox
from adapters.sandbox.sidecar_server import SidecarServer
from core.errors import InvalidError, UnavailableError
from core.guest import GuestResult, GuestRun
from core.ports import Sandbox
from tests.docker_daemon import Daemon
from tests.hostile.outside import descendants
from tests.sandboxes import image_in, sidecar

HONEST = "from core.skill import Outcome\ndef run(host):\n    return Outcome(True, 'ran')\n"
LOOPS = "def run(host):\n    while True: pass\n"
NO_DOCKER = "unix:///nonexistent/docker.sock"
NEEDS_BWRAP = pytest.mark.needs("bwrap")


def play(sandbox: Sandbox, source: str = HONEST, timeout: float = 10.0) -> GuestResult:
    return sandbox.run(GuestRun("story", source, {}, timeout), lambda *_: 1.0)


@pytest.fixture
def without_bubblewrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@NEEDS_BWRAP
def test_bubblewrap_is_taken_where_it_is_fit_and_docker_is_not_even_asked() -> None:
    sandbox = ChosenSandbox(Choice(docker=NO_DOCKER), warm=1)
    assert play(sandbox).summary == "ran"
    assert sandbox.self_test() == ()
    assert sandbox.backend.startswith("bwrap")
    assert sandbox.others() == (
        "docker: the docker sandbox finds no docker at /nonexistent/docker.sock: start it, or set [sandbox] docker",
    )
    sandbox.close()


@pytest.mark.usefixtures("without_bubblewrap")
def test_docker_is_taken_where_bubblewrap_is_not_fit(docker_daemon: Daemon, request: pytest.FixtureRequest) -> None:
    with pytest.MonkeyPatch.context() as whole:
        whole.setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        image = image_in(docker_daemon)
    sandbox = ChosenSandbox(Choice(docker=docker_daemon.url, image=image), warm=1)
    request.addfinalizer(sandbox.close)
    assert play(sandbox).summary == "ran"
    assert sandbox.backend.startswith("docker ")
    assert sandbox.backend.endswith(
        "not bubblewrap: the sandbox needs bwrap: install the package bubblewrap of your distribution"
    )


@pytest.mark.usefixtures("without_bubblewrap")
def test_where_no_engine_is_fit_nothing_runs_and_both_reasons_are_said() -> None:
    sandbox = ChosenSandbox(Choice(docker=NO_DOCKER), warm=1)
    with pytest.raises(UnavailableError) as refused:
        play(sandbox)
    assert "bubblewrap: the sandbox needs bwrap" in str(refused.value)
    assert "docker: the docker sandbox finds no docker" in str(refused.value)
    sandbox.close()


@NEEDS_BWRAP
def test_an_engine_that_is_named_is_the_only_one_that_is_tried() -> None:
    sandbox = ChosenSandbox(Choice(engine="docker", docker=NO_DOCKER), warm=1)
    with pytest.raises(UnavailableError, match="finds no docker"):
        play(sandbox)
    assert sandbox.others() == ("bubblewrap: there",)
    sandbox.close()


def test_who_names_a_runtime_never_gets_less_than_that() -> None:
    assert Choice(runtime="runsc").candidates == ("docker",)


@pytest.fixture
def engine() -> Iterator[BubblewrapSandbox]:
    made = BubblewrapSandbox(warm=1)
    yield made
    made.close()


@pytest.fixture
def path(engine: BubblewrapSandbox) -> Iterator[str]:
    with sidecar(engine) as socket_path:
        yield socket_path


@NEEDS_BWRAP
def test_a_sidecar_s_guest_dies_with_the_connection() -> None:
    before = descendants(os.getpid())
    engine = BubblewrapSandbox(warm=0)
    with sidecar(engine) as path:
        sandbox = SidecarSandbox(path)
        assert play(sandbox, LOOPS, 0.5).status == "timeout"
        assert descendants(os.getpid()) <= before
        sandbox.close()
    engine.close()


@NEEDS_BWRAP
def test_what_fails_beside_a_sidecar_is_told_as_by_an_engine_of_its_own(path: str) -> None:
    sandbox = SidecarSandbox(path)
    hoards = "def run(host):\n    import mmap\n    m = mmap.mmap(-1, 150 << 20)\n    m.write(b'x' * (150 << 20))\n"
    assert play(sandbox, hoards).status in ("memory", "died")
    assert play(sandbox, "import os\ndef run(host): os._exit(0)").status == "died"
    assert "boom" in play(sandbox, "def run(host): raise ValueError('boom')").stderr
    assert play(sandbox, "import os\ndef run(host):\n    while True: os.write(2, b'x' * 65536)").status == "protocol"
    assert play(sandbox).summary == "ran"
    sandbox.close()


@NEEDS_BWRAP
def test_a_sidecar_gives_so_many_guests_and_no_more(path: str) -> None:
    lines = [socket.socket(socket.AF_UNIX) for _ in range(sidecar_server.MOST)]
    for line in lines:
        line.connect(path)
    end = time.monotonic() + 20
    for line in lines:
        line.settimeout(end - time.monotonic())
        assert b'{"op":"ready"}' in line.recv(100)
    sandbox = SidecarSandbox(path)
    with pytest.raises(UnavailableError, match=f"the sandbox's sidecar has {sidecar_server.MOST} guests at work"):
        play(sandbox)
    for line in lines:
        line.close()
    sandbox.close()


@NEEDS_BWRAP
def test_only_its_owner_and_its_group_may_open_a_sidecar_s_socket(path: str) -> None:
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o660


@NEEDS_BWRAP
def test_two_sidecars_never_share_a_socket_and_a_dead_one_s_is_taken_over(
    engine: BubblewrapSandbox, path: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidError, match="another sandboxd listens"):
        SidecarServer(engine.guests, path)
    left = tmp_path / "left.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(left))
    server = SidecarServer(engine.guests, str(left))
    thread = threading.Thread(target=server.serve)
    thread.start()
    sandbox = SidecarSandbox(str(left))
    assert play(sandbox).ok
    sandbox.close()
    server.close()
    thread.join(5)
    assert not left.exists()


def test_without_a_sidecar_one_sentence_says_what_to_start() -> None:
    sandbox = SidecarSandbox("/nonexistent/sandbox.sock")
    assert sandbox.self_test() == (
        "no sandbox answers at /nonexistent/sandbox.sock: start nightshift sandboxd there (No such file or directory)",
    )
    sandbox.close()


@pytest.mark.parametrize(
    "said", [b"", b"garbage that is no part", b"\3\0\0\0\0\0\0\5hello", b"\1\0\0\0\0\0\0\4\0\0\0\2{}"]
)
def test_something_else_behind_the_socket_is_an_error_and_no_guest(tmp_path: Path, said: bytes) -> None:
    path = tmp_path / "else.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        sandbox = SidecarSandbox(str(path))

        def answer() -> None:
            line, _ = listener.accept()
            with line:
                line.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(UnavailableError, match="sidecar"):
            play(sandbox)
        thread.join()
        sandbox.close()


@NEEDS_BWRAP
def test_the_profile_names_what_a_run_stands_on(engine: BubblewrapSandbox) -> None:
    play(engine)
    before = engine.profile
    assert len(before) == 64
    assert engine.profile == before
    profile = engine._launcher.profile
    assert profile is not None
    engine._launcher.profile = replace(profile, filters=replace(profile.filters, stage2=b"another"))
    assert engine.profile not in ("", before)
