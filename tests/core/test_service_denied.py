"""Whoever may not ask a supervisor says so: silence taken for "down" would start a repair. Real supervisord and runit, an ordinary user."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from adapters.host.plain import PlainHost
from core.service_control import ServiceControl
from core.skill import HostError
from tests.core.test_service_control import SUPERVISORD, ended, runit_ended
from tests.fakes.host import FakeHost

NOBODY = 65534
pytestmark = pytest.mark.root


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody reaches; pytest's own is for its user alone."""
    made = Path("/run") / f"nightshift-test-{os.getpid()}"
    made.mkdir(mode=0o755)
    yield made
    subprocess.run(["rm", "-rf", str(made)], check=True)


def unprivileged() -> PlainHost:
    """This machine as nobody sees it."""

    def exec_(argv: Sequence[str], stdin: bytes, seconds: float) -> tuple[int, bytes, bytes]:
        words = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *argv]
        done = subprocess.run(words, input=stdin, capture_output=True, timeout=seconds, check=False, cwd="/")
        return done.returncode, done.stdout, done.stderr

    return PlainHost(exec_)


@pytest.mark.needs("supervisord", "supervisorctl", "setpriv")
def test_supervisord_does_not_talk_to_everybody(place: Path) -> None:
    config = place / "s.conf"
    config.write_text(SUPERVISORD.format(folder=place), encoding="ascii")
    config.chmod(0o644)
    argv = ["/usr/bin/supervisord", "-n", "-c", str(config)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=place) as process:
        try:
            control = ServiceControl(unprivileged(), frozenset({0}))
            assert (
                wait_for_denied(control, "shop-s")
                == "denied: not allowed to ask supervisord, so nothing is known of shop-s"
            )
        finally:
            ended(process, signal.SIGTERM)


@pytest.mark.needs("runsvdir", "sv", "setpriv")
def test_runit_does_not_talk_to_everybody(place: Path) -> None:
    run = place / "shop-r" / "run"
    run.parent.mkdir()
    run.write_text("#!/bin/sh\nexec sleep 600\n", encoding="ascii")
    run.chmod(0o755)
    quiet = subprocess.DEVNULL
    with subprocess.Popen(["/usr/bin/runsvdir", "-P", str(place)], stdout=quiet, stderr=quiet) as process:
        try:
            control = ServiceControl(unprivileged(), frozenset({0}))
            assert (
                wait_for_denied(control, "shop-r") == "denied: not allowed to ask runit, so nothing is known of shop-r"
            )
        finally:
            runit_ended(process, run.parent)


def wait_for_denied(control: ServiceControl, name: str) -> str:
    """The refusal, once the supervisor is up; until then nobody knows the service."""
    for _ in range(60):
        try:
            control.status(name)
        except HostError as error:
            if "does not answer" not in str(error):
                return str(error)
        threading.Event().wait(0.2)
    return "never refused"


BOOT = {"/proc/uptime": "1000.00 900.00\n", "/proc/stat": "cpu 1 2\nbtime 1767224000\n"}
SCRIPT = {"kind": "file", "text": "#!/bin/sh\n", "mode": 0o755}
PID_FILE: dict[str, object] = {**BOOT, "/run/shop.pid": "42\n", "/etc/init.d/shop": SCRIPT}


def test_hidden_processes_are_not_dead_ones() -> None:
    mounts = "proc /proc proc rw,nosuid,hidepid=2 0 0\n"
    control = ServiceControl(FakeHost({"files": {**PID_FILE, "/proc/mounts": mounts}}), frozenset({0}))
    with pytest.raises(HostError, match="hides other users' processes"):
        control.status("shop")


def test_a_pid_file_of_a_service_never_names_another_users_process() -> None:
    files = {**PID_FILE, "/run/shop.pid": {"kind": "file", "text": "42\n", "uid": 1000}}
    host = FakeHost({"files": files, "processes": [{"pid": 42, "name": "sshd", "started": 50_000, "uid": 0}]})
    with pytest.raises(HostError, match=r"of user 1000 names pid 42, which is another user's \(sshd\)"):
        ServiceControl(host, frozenset({0})).status("shop")
