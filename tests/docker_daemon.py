"""A real dockerd for tests: its own socket, data, pid file and no network, below /tmp; one for all workers of a test run."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

PATIENCE = 30.0
NO_NETWORK = ("--iptables=false", "--ip6tables=false", "--ip-forward=false", "--bridge=none")


@dataclass(frozen=True, slots=True)
class Daemon:
    """One that answers. Its folder goes when the last worker is done."""

    place: Path

    @property
    def url(self) -> str:
        """For docker-py and for `docker -H`."""
        return f"unix://{self.place}/docker.sock"

    @property
    def pid(self) -> int:
        """Of dockerd itself."""
        return int((self.place / "pid").read_text())

    @contextmanager
    def turn(self, what: str) -> Iterator[None]:
        """One worker after another."""
        with (self.place / f"{what}.turn").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield

    def stop(self) -> None:
        """It and what runs in it end."""
        _stop(self)

    def docker(self, *argv: str, stdin: bytes = b"") -> str:
        """What docker's own command line says; the test fails where it does."""
        done = subprocess.run(
            ["docker", "-H", self.url, *argv],
            input=stdin,
            env={"PATH": os.environ["PATH"], "DOCKER_CONFIG": str(self.place)},
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()


def missing() -> str:
    """Why no dockerd can be started here; empty where it can."""
    if os.geteuid():
        return "dockerd needs root"
    gone = [program for program in ("dockerd", "containerd", "runc") if shutil.which(program) is None]
    return f"needs {', '.join(gone)}: install docker.io" if gone else ""


@contextmanager
def running() -> Iterator[Daemon]:
    """The daemon of this test run: whoever comes first starts it, whoever leaves last stops it."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    place = Path(tempfile.gettempdir(), f"ns-dockerd-{run[:12]}")
    _clear_up()
    place.mkdir(mode=0o700, exist_ok=True)
    daemon = Daemon(place)
    with (place / "users").open("w") as held:
        with daemon.turn("life"):
            fcntl.flock(held, fcntl.LOCK_SH)
            if not (place / "pid").exists():
                _start(daemon)
        try:
            yield daemon
        finally:
            with daemon.turn("life"):
                if _is_last(held.fileno()):
                    _stop(daemon)
                    shutil.rmtree(place, ignore_errors=True)


@contextmanager
def own_daemon() -> Iterator[Daemon]:
    """One more, for a test that stops it; skipped with the reason where none can run."""
    if reason := missing():
        pytest.skip(reason)
    place = Path(tempfile.mkdtemp(prefix="ns-dockerd-"))
    daemon = Daemon(place)
    try:
        _start(daemon)
        yield daemon
    finally:
        _stop(daemon)
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def docker_daemon() -> Iterator[Daemon]:
    """A real one; skipped with the reason where none can run."""
    if reason := missing():
        pytest.skip(reason)
    with running() as daemon:
        yield daemon


def _clear_up() -> None:
    """Stops what test runs left that were killed: a daemon that runs, and that nobody holds."""
    for users in Path(tempfile.gettempdir()).glob("ns-dockerd-*/users"):
        daemon = Daemon(users.parent)
        with suppress(OSError), users.open("r+") as held, daemon.turn("life"):
            if (daemon.place / "pid").exists() and _is_last(held.fileno()):
                _stop(daemon)
                shutil.rmtree(daemon.place, ignore_errors=True)


def _start(daemon: Daemon) -> None:
    place = daemon.place
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                "dockerd",
                *(f"--{name}={place / folder}" for name, folder in (("data-root", "data"), ("exec-root", "exec"))),
                f"--pidfile={place / 'pid'}",
                f"--host={daemon.url}",
                *NO_NETWORK,
            ],
            env={"PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    end = time.monotonic() + PATIENCE
    while not _answers(daemon):
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            process.wait()
            said = (place / "log").read_text().splitlines()[-3:]
            (place / "pid").unlink(missing_ok=True)
            pytest.skip(f"dockerd does not start here: {' / '.join(said)}")
        time.sleep(0.05)
    process.returncode = 0  # it is stopped by its pid, maybe by another worker, and nobody is to wait for it here


def _answers(daemon: Daemon) -> bool:
    argv = ["docker", "-H", daemon.url, "version", "--format", "{{.Server.Version}}"]
    return subprocess.run(argv, capture_output=True, timeout=PATIENCE, check=False).returncode == 0


def _is_last(held: int) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stop(daemon: Daemon) -> None:
    try:
        handle = os.pidfd_open(daemon.pid)
    except (OSError, ValueError):
        return
    try:
        for sent, patience in ((signal.SIGTERM, PATIENCE), (signal.SIGKILL, 5.0)):
            signal.pidfd_send_signal(handle, sent)
            end = time.monotonic() + patience
            while time.monotonic() < end:
                if _is_gone(daemon.place / "pid", handle):
                    return
                time.sleep(0.05)
    finally:
        os.close(handle)


def _is_gone(pid_file: Path, handle: int) -> bool:
    """A child of ours stays a zombie until it is waited for, so the file that dockerd removes is asked too."""
    try:
        signal.pidfd_send_signal(handle, 0)
    except ProcessLookupError:
        return True
    return not pid_file.exists()
