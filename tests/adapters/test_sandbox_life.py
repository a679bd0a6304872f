"""How guests live and die: warm ones, several at once, killed parents, closed sandboxes, machines where none can start."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.sandbox.bubblewrap import BubblewrapSandbox
from adapters.sandbox.bubblewrap_guest import BubblewrapGuest
from adapters.sandbox.cgroup import Cgroups
from core.errors import UnavailableError
from core.guest import GuestResult, GuestRun
from core.world import Json
from tests.hostile.outside import descendants, is_alive

ROOT = Path(__file__).parents[2]
IS_ROOT = os.geteuid() == 0
USER = 54321

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
AS_ROOT = pytest.mark.skipif(not IS_ROOT, reason="only root has users and groups to give to guests")

HONEST = """
from core.skill import Host, Outcome
def run(host: Host, word: str = "x") -> Outcome:
    return Outcome(True, host.read(word))
"""
LOOPS = HONEST.replace("return", "host.read(word)\n    while True: pass\n    return")

BOT = """
import sys
from adapters.sandbox.bubblewrap import BubblewrapSandbox
from core.ports import GuestRun

def answer(method, args):
    print("in a run", flush=True)

sandbox = BubblewrapSandbox()
print("made", flush=True)
sandbox.run(GuestRun("loops", sys.stdin.read(), {}, 60.0), answer)
"""


@pytest.fixture
def sandbox() -> Iterator[BubblewrapSandbox]:
    made = BubblewrapSandbox()
    yield made
    made.close()


def echo(_method: str, args: dict[str, Json]) -> Json:
    return args["path"]


def play(sandbox: BubblewrapSandbox, source: str = HONEST, timeout: float = 10.0) -> GuestResult:
    return sandbox.run(GuestRun("story", source, {}, timeout), echo)


def idle(sandbox: BubblewrapSandbox) -> list[BubblewrapGuest]:
    return [guest for guest in sandbox.guests._idle if isinstance(guest, BubblewrapGuest)]


def until(claim: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not claim() and time.monotonic() < end:
        time.sleep(0.01)
    return claim()


def test_many_runs_at_once_keep_apart(sandbox: BubblewrapSandbox) -> None:
    results: dict[str, str] = {}

    def one(word: str) -> None:
        results[word] = sandbox.run(GuestRun("story", HONEST, {"word": word}, 20.0), echo).summary

    threads = [threading.Thread(target=one, args=(f"word {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {word: word for word in results}
    assert len(results) == 8


def test_close_ends_guests_at_work_and_leaves_nothing() -> None:
    before = descendants(os.getpid())
    sandbox = BubblewrapSandbox()
    in_run = threading.Event()
    results: list[GuestResult] = []

    def answer(_method: str, _args: dict[str, Json]) -> Json:
        in_run.set()
        return "x"

    thread = threading.Thread(target=lambda: results.append(sandbox.run(GuestRun("l", LOOPS, {}, 60.0), answer)))
    thread.start()
    assert in_run.wait(20)
    sandbox.close()
    thread.join(10)
    assert [result.status for result in results] == ["died"]
    assert descendants(os.getpid()) <= before


@pytest.mark.parametrize("milliseconds", range(0, 50, 5))
def test_close_at_any_moment_of_a_start_leaves_nothing(milliseconds: int) -> None:
    before = descendants(os.getpid())
    sandbox = BubblewrapSandbox(warm=3)
    time.sleep(0.1 + milliseconds / 1000)
    sandbox.close()
    assert descendants(os.getpid()) <= before


@pytest.mark.parametrize(
    ("moment", "milliseconds"),
    [("in a run", 0), ("in a run", 50), *(("made", number) for number in (0, 55, 65, 75, 85, 95, 105))],
)
def test_kill_9_of_the_parent_leaves_no_guest(moment: str, milliseconds: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BOT], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as bot:
        assert bot.stdin is not None
        assert bot.stdout is not None
        bot.stdin.write(LOOPS)
        bot.stdin.close()
        assert any(line.strip() == moment for line in bot.stdout)
        time.sleep(milliseconds / 1000)
        bot.send_signal(signal.SIGSTOP)
        guests = descendants(bot.pid)
        bot.kill()
        bot.wait()
    assert until(lambda: not any(map(is_alive, guests)))


def test_idle_guests_cost_no_cpu(sandbox: BubblewrapSandbox) -> None:
    play(sandbox)
    time.sleep(0.5)
    before = time.process_time()
    time.sleep(0.5)
    assert time.process_time() - before < 0.01


def test_a_warm_guest_that_was_killed_is_not_used(sandbox: BubblewrapSandbox) -> None:
    play(sandbox)
    assert until(lambda: len(sandbox.guests._idle) == 2)
    time.sleep(0.3)
    for guest in idle(sandbox):
        os.kill(guest.started.process.pid, signal.SIGKILL)
    time.sleep(0.1)
    assert play(sandbox).ok


def test_time_that_an_answer_takes_counts(sandbox: BubblewrapSandbox) -> None:
    def slow(_method: str, _args: dict[str, Json]) -> Json:
        time.sleep(0.5)
        return "late"

    result = sandbox.run(GuestRun("story", HONEST, {}, 0.2), slow)
    assert (result.status, result.error) == ("timeout", "it took longer than 0.2 s")


@pytest.mark.parametrize(("size", "summary"), [(3 << 20, "3145728"), (9 << 20, "failed")])
def test_answers_may_be_large_up_to_a_limit(sandbox: BubblewrapSandbox, size: int, summary: str) -> None:
    source = """
from core.skill import HostError, Outcome
def run(host):
    try:
        return Outcome(True, str(len(host.read("/x"))))
    except HostError as error:
        return Outcome(True, error.code)
"""
    assert sandbox.run(GuestRun("story", source, {}, 20.0), lambda *_: "x" * size).summary == summary


def test_what_a_skill_prints_is_kept(sandbox: BubblewrapSandbox) -> None:
    source = (
        "from core.skill import Outcome\ndef run(host):\n    print('to a person \\x1b[2J')\n    return Outcome(1, 's')"
    )
    assert play(sandbox, source).stderr == "to a person \ufffd[2J\n"


def test_a_traceback_shows_the_line_of_the_skill(sandbox: BubblewrapSandbox) -> None:
    result = play(sandbox, "def run(host):\n    raise ValueError('boom')  # here")
    assert "raise ValueError('boom')  # here" in result.stderr


@AS_ROOT
def test_every_guest_of_root_is_somebody_else(sandbox: BubblewrapSandbox) -> None:
    play(sandbox)
    assert until(lambda: len(sandbox.guests._idle) == 2)
    time.sleep(0.3)
    users = [os.stat(f"/proc/{guest.started.process.pid}").st_uid for guest in idle(sandbox)]  # noqa: PTH116
    assert len(set(users)) == 2
    assert min(users) >= 200_001


@AS_ROOT
def test_groups_of_dead_owners_are_cleaned_at_the_start(tmp_path: Path) -> None:
    for name in ("memory", "pids", "cpu"):
        (tmp_path / name / "nightshift-999999999-1-1").mkdir(parents=True)
        (tmp_path / name / "nightshift-1-999999999999-1").mkdir()
        (tmp_path / name / "somebody-else").mkdir()
    groups = Cgroups(tmp_path)
    group = groups.make()
    assert group is not None
    Cgroups(tmp_path).clean()
    left = {path.name for path in (tmp_path / "memory").iterdir()}
    assert left == {"somebody-else", group.directories[0].name}


@AS_ROOT
def test_the_limits_of_a_group_are_written(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("memory pids cpu")
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory pids")
    groups = Cgroups(tmp_path)
    (directory,) = groups.make().directories  # type: ignore[union-attr]
    written = {path.name: path.read_text() for path in directory.iterdir()}
    assert groups.version == 2
    assert written["memory.max"] == str(128 << 20)
    assert written["pids.max"] == "48"
    assert written["cpu.max"] == "100000 100000"


@AS_ROOT
def test_without_a_group_the_backend_says_so(tmp_path: Path) -> None:
    sandbox = BubblewrapSandbox(warm=0)
    sandbox._launcher.cgroups = Cgroups(tmp_path)
    assert play(sandbox).ok
    assert sandbox.backend == "bwrap (no cgroup)"
    assert sandbox.self_test() == ()
    sandbox.close()


def test_without_the_system_s_python_it_runs_on_ours() -> None:
    sandbox = BubblewrapSandbox(warm=0, python="/nonexistent/python3")
    source = "import sys\nfrom core.skill import Outcome\ndef run(host): return Outcome(True, sys.version)"
    assert play(sandbox, source).summary == sys.version
    assert sandbox.self_test() == ()
    sandbox.close()


def test_without_bubblewrap_nothing_runs_and_one_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    sandbox = BubblewrapSandbox()
    sentence = "the sandbox needs bwrap: install the package bubblewrap of your distribution"
    with pytest.raises(UnavailableError, match=sentence):
        play(sandbox)
    assert sandbox.self_test() == (sentence,)
    sandbox.close()


@pytest.mark.parametrize(
    "said",
    [
        "bwrap: No permissions to create new namespace, likely because the kernel does not allow "
        "non-privileged user namespaces. See <https://deb.li/bubblewrap> or <file:///usr/share/doc/bubblewrap/README.Debian.gz>.",
        "bwrap: setting up uid map: Permission denied",
        "bwrap: Creating new namespace failed: Operation not permitted",
        "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted",
    ],
)
def test_what_bubblewrap_says_where_it_is_blocked_becomes_one_sentence(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bwrap"
    program.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    for path in (program, tmp_path, *tmp_path.parents[:2]):
        path.chmod(path.stat().st_mode | stat.S_IXOTH | stat.S_IROTH | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    sandbox = BubblewrapSandbox(warm=1)
    with pytest.raises(UnavailableError, match="allow user namespaces for bubblewrap"):
        play(sandbox)
    sandbox.close()


def test_where_user_namespaces_are_forbidden_nothing_runs(tmp_path: Path) -> None:
    program = """
        from adapters.sandbox.bubblewrap import BubblewrapSandbox
        sandbox = BubblewrapSandbox()
        print(*sandbox.self_test())
        sandbox.close()
    """
    shutil.copytree(ROOT / "core", tmp_path / "core")
    shutil.copytree(ROOT / "adapters" / "sandbox", tmp_path / "adapters" / "sandbox")
    for path in (
        tmp_path,
        *tmp_path.rglob("*"),
        *(one for one in tmp_path.parents if one.name.startswith(("pytest-", "popen-"))),
    ):
        path.chmod(0o755)
    user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"] * IS_ROOT
    forbid = [
        "unshare",
        "--user",
        "--map-root-user",
        "sh",
        "-c",
        'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"',
    ]
    done = subprocess.run(
        [*user, *forbid, "sh", "/usr/bin/python3", "-c", textwrap.dedent(program)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.startswith("the sandbox cannot start (bwrap: "), done.stderr
    assert "allow user namespaces for bubblewrap" in done.stdout
