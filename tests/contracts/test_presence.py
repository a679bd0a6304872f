"""Contract of port Presence: this machine and a patient, each with a terminal that really is held by somebody; and the fake."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.host.kept_child import KeptChildren
from adapters.host.namespace import Holder
from adapters.probe import utmp
from adapters.probe.logins import Logins
from adapters.probe.raw_system import CannotTell
from adapters.probe.served import MODULE
from adapters.probe.surroundings import ServedPresence
from core.errors import UnknownError
from core.people_ports import Presence
from core.scene import Login
from tests.fakes.presence import FakePresence
from tests.patient_kit import running_patient

SHELL = "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); print('on', flush=True); sys.stdin.read()"


@contextmanager
def somebody(enter: tuple[str, ...] = (), program: str = "") -> Iterator[str]:
    """A session of its own on a terminal of its own, as a login makes one; yields the terminal's name out here."""
    ours, theirs = os.openpty()
    name = os.ttyname(theirs).removeprefix("/dev/")
    rename = f"open('/proc/self/comm', 'w').write({program!r}); " if program else ""
    argv = [*enter, sys.executable, "-P", "-c", rename + SHELL]
    child = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    try:
        assert os.read(ours, 2) == b"on"
        yield name
    finally:
        os.close(ours)
        child.send_signal(signal.SIGKILL)
        child.wait()


@contextmanager
def local(_request: pytest.FixtureRequest) -> Iterator[tuple[Presence, Callable[[], object]]]:
    children = KeptChildren(lambda: (), MODULE)
    yield ServedPresence({"web-1": children.ask}), lambda: somebody()
    children.close()


@contextmanager
def in_namespaces(request: pytest.FixtureRequest) -> Iterator[tuple[Presence, Callable[[], object]]]:
    holder = request.getfixturevalue("holder")
    children = KeptChildren(holder, MODULE)
    yield ServedPresence({"web-1": children.ask}), lambda: somebody(holder())
    children.close()


@contextmanager
def fake(_request: pytest.FixtureRequest) -> Iterator[tuple[Presence, Callable[[], object]]]:
    presence = FakePresence(("web-1",))

    @contextmanager
    def logged_in() -> Iterator[str]:
        presence.set("web-1", Login("li", "pts/7", idle=0.0))
        yield "pts/7"
        presence.set("web-1")

    yield presence, logged_in


@pytest.fixture(scope="module")
def holder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holder]:
    with running_patient(tmp_path_factory.mktemp("patient")) as patient:
        yield Holder(*patient.holder)


@pytest.fixture(params=[local, in_namespaces, fake], ids=lambda make: make.__name__)
def place(request: pytest.FixtureRequest) -> Iterator[tuple[Presence, Callable[[], object]]]:
    with request.param(request) as made:
        yield made


def seen(presence: Presence) -> dict[str, Login]:
    return {login.terminal: login for login in presence.logins("web-1")}


def test_who_logs_in_is_there_and_who_leaves_is_not(place: tuple[Presence, Callable[[], object]]) -> None:
    presence, logged_in = place
    before = set(seen(presence))
    with logged_in():  # type: ignore[attr-defined] # a context manager, each its own
        (terminal,) = set(seen(presence)) - before
        login = seen(presence)[terminal]
        assert login.user
        assert login.idle is None or login.idle < 60
    deadline = time.monotonic() + 5
    while set(seen(presence)) != before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert set(seen(presence)) == before


def test_of_a_host_without_eyes_nobody_can_tell(place: tuple[Presence, Callable[[], object]]) -> None:
    with pytest.raises(UnknownError, match="web-1"):
        place[0].logins("cam-1")


# ---- what this machine says, in detail --------------------------------------------------------------------------------------------


def test_a_prompt_that_waits_for_a_name_is_nobody() -> None:
    with somebody(program="agetty") as terminal:
        assert terminal not in {row[1] for row in Logins().read()}


@pytest.mark.parametrize(("uid", "is_seen"), [(0, False), (1001, True)])
def test_who_calls_their_shell_like_a_prompt_is_seen_all_the_same(tmp_path: Path, uid: int, *, is_seen: bool) -> None:
    for pid, stat in ((1, "1 (init) S 0 1 1 0 -1"), (50, "50 (agetty) S 1 50 50 34816 -1")):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(stat, encoding="ascii")
        (tmp_path / str(pid) / "status").write_text(f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n", encoding="ascii")
    found = Logins(tmp_path, places=()).read()
    assert [row[1] for row in found] == ["pts/0"] * is_seen


def test_our_own_terminal_is_not_somebody_else_s() -> None:
    """The looker, and all it descends from: here a child of the session that it looks from."""
    code = "from adapters.probe.logins import Logins; print([row[1] for row in Logins().read()], flush=True)"
    ours, theirs = os.openpty()
    name = os.ttyname(theirs).removeprefix("/dev/")
    start = (
        "import fcntl, os, subprocess, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
        f"subprocess.run([sys.executable, '-c', {code!r}], stdout=2, check=True)"
    )
    root = Path(__file__).parents[2]
    looked = subprocess.run(
        [sys.executable, "-c", start], stdin=theirs, stderr=subprocess.PIPE, cwd=root, timeout=30, check=True
    )
    os.close(ours)
    os.close(theirs)
    assert f"'{name}'" not in looked.stderr.decode()
    assert looked.stderr.startswith(b"[")


def test_where_other_people_s_processes_are_hidden_nobody_can_tell(tmp_path: Path) -> None:
    (tmp_path / str(os.getpid())).mkdir()
    with pytest.raises(CannotTell, match="hidepid"):
        Logins(proc=tmp_path).read()


def test_utmp_adds_where_somebody_came_from_and_who_holds_no_terminal(tmp_path: Path) -> None:
    with somebody() as terminal:
        file = tmp_path / "utmp"
        file.write_bytes(
            record(7, os.getpid(), terminal, "li", "203.0.113.7", 1_700_000_000)
            + record(7, os.getpid(), ":0", "bo", "", 0)
            + record(7, 4_194_303, "pts/250", "gone", "", 0)
            + record(6, os.getpid(), "tty9", "LOGIN", "", 0)
        )
        found = {row[1]: Login(*row) for row in Logins(places=(tmp_path / "none", file)).read()}
    assert found[terminal].origin == "203.0.113.7"
    assert found[terminal].since is not None
    assert found[":0"].user == "bo"
    assert not {"pts/250", "tty9"} & set(found)


def record(kind: int, pid: int, line: str, user: str, host: str, at: int, form: struct.Struct = utmp._SHORT) -> bytes:
    return form.pack(kind, pid, line.encode(), b"", user.encode(), host.encode(), 0, 0, 0, at, 0, b"", b"")
