"""Commands: announced first, in their own group, drained, ended at the timeout and with whoever asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.host.local import LocalHost
from core.errors import NeverError, StoppedError, UnavailableError
from core.host_change import ProcessSignal
from core.skill import HostError
from core.world import CommandResult

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def host() -> Iterator[LocalHost]:
    made = LocalHost(())
    yield made
    made.close()


def run(host: LocalHost, *argv: str, timeout: float = 10) -> CommandResult:
    return host.run(argv, timeout, lambda _pid, _start: None)


def shell(host: LocalHost, script: str, timeout: float = 10) -> CommandResult:
    return run(host, "/bin/sh", "-c", script, timeout=timeout)


def eventually(is_so: Callable[[], bool], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_status_and_both_streams_come_back(host: LocalHost) -> None:
    assert shell(host, "echo out; echo err >&2; exit 3") == CommandResult(3, "out\n", "err\n")


def test_death_by_signal_is_a_negative_status(host: LocalHost) -> None:
    assert shell(host, "kill -TERM $$").status == -signal.SIGTERM


def test_the_environment_is_fixed_and_carries_nothing_of_ours(host: LocalHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTSHIFT_ALERT_TOKEN", "secret")
    result = shell(host, "env; pwd; umask; ls -l /proc/self/fd")
    assert "secret" not in result.out
    assert "PYTHONPATH" not in result.out
    lines = result.out.splitlines()
    assert "/" in lines
    assert "0022" in lines
    assert "socket:" not in result.out


def test_arguments_reach_the_program_untouched(host: LocalHost) -> None:
    words = ("a b", "$(id)", "", "*", "ünï", "-n", "q\"'")
    assert run(host, "/usr/bin/printf", "%s|", *words).out == "".join(f"{word}|" for word in words)


@pytest.mark.parametrize(("argv", "code"), [((), "denied"), (("ls",), "denied"), (("/bin/echo", "a\0b"), "denied")])
def test_what_can_be_read_in_two_ways_is_not_run(host: LocalHost, argv: tuple[str, ...], code: str) -> None:
    with pytest.raises(HostError) as caught:
        run(host, *argv)
    assert caught.value.code == code


def test_what_cannot_be_executed_says_why(host: LocalHost, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no program")
    for program, code in ((text, "denied"), (tmp_path / "no", "missing")):
        with pytest.raises(HostError) as caught:
            run(host, str(program))
        assert caught.value.code == code


def test_a_flood_on_both_streams_blocks_nobody_and_is_capped(host: LocalHost) -> None:
    result = shell(host, "head -c 20000000 /dev/zero & head -c 20000000 /dev/zero >&2; wait; exit 5", timeout=30)
    assert (result.status, len(result.out), len(result.err)) == (5, 65536, 65536)


def test_the_whole_group_is_killed_at_the_timeout(host: LocalHost, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    began = time.monotonic()
    result = shell(
        host, f"sleep 60 & echo $! > {pids}; (trap '' TERM INT HUP; sleep 60) & echo $! >> {pids}; wait", 0.5
    )
    assert result.timed_out
    assert time.monotonic() - began < 5
    assert all(eventually(lambda pid=pid: not is_running(int(pid))) for pid in pids.read_text().split())  # type: ignore[misc]


def test_a_daemon_that_keeps_the_streams_open_does_not_hold_us_up(host: LocalHost, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    began = time.monotonic()
    result = shell(host, f"setsid sleep 30 & echo $! > {pid}; echo started")
    assert (result.status, result.out) == (0, "started\n")
    assert time.monotonic() - began < 5
    os.kill(int(pid.read_text()), signal.SIGKILL)


def test_the_first_instruction_waits_until_the_start_was_noted(host: LocalHost, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    seen: list[bool] = []

    def note(pid: int, start: int) -> None:
        time.sleep(0.2)
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19])
        seen.append(ticks == start and not mark.exists())

    host.run(("/usr/bin/touch", str(mark)), 10, note)
    assert seen == [True]
    assert mark.exists()


def test_a_start_that_could_not_be_noted_never_happens(host: LocalHost, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    pids: list[int] = []

    def refuse(pid: int, _start: int) -> None:
        pids.append(pid)
        raise StoppedError("all", "li")

    with pytest.raises(StoppedError):
        host.run(("/usr/bin/touch", str(mark)), 10, refuse)
    assert eventually(lambda: not is_running(pids[0]))
    assert not mark.exists()


OWNER = """
import sys, time
from adapters.host.local import LocalHost
def note(pid, start):
    print(pid, flush=True)
    {gate}
LocalHost(()).run(("/bin/sh", "-c", "sleep 60 & echo $! > {child}; wait"), 60, note)
"""


@pytest.mark.parametrize("gate", ["pass", "time.sleep(60)"], ids=["running", "at the gate"])
def test_whoever_kills_us_ends_the_command_and_its_children(tmp_path: Path, gate: str) -> None:
    child = tmp_path / "child"
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER.format(child=child, gate=gate)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    eventually(child.exists, 1)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert eventually(lambda: not is_running(pid))
    grandchildren = child.read_text().split() if child.exists() else []
    assert all(eventually(lambda one=one: not is_running(int(one))) for one in grandchildren)  # type: ignore[misc]


def test_several_commands_run_side_by_side(host: LocalHost) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda number: shell(host, f"sleep 1; echo {number}").out, range(4)))
    assert results == ["0\n", "1\n", "2\n", "3\n"]
    assert time.monotonic() - began < 3.5


def test_a_helper_that_was_killed_while_it_waited_is_replaced(host: LocalHost) -> None:
    host.processes()
    helper = next(p for p in host.processes() if p.parent == os.getpid() and "adapters.host.serve" in p.argv)
    os.kill(helper.pid, signal.SIGKILL)
    assert eventually(lambda: not is_running(helper.pid))
    assert run(host, "/bin/echo", "again").out == "again\n"


def test_a_helper_that_dies_in_the_middle_is_an_outcome_nobody_knows(host: LocalHost) -> None:
    def kill_helper(pid: int, _start: int) -> None:
        os.kill(int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1]), signal.SIGKILL)

    with pytest.raises(UnavailableError):
        host.run(("/bin/sleep", "60"), 5, kill_helper)


def test_a_signal_reaches_exactly_the_process_that_was_meant(host: LocalHost) -> None:
    child = subprocess.Popen(["/bin/sleep", "60"])
    process = next(one for one in host.processes() if one.pid == child.pid)
    host.change(ProcessSignal(process.pid, process.started, "TERM"))
    assert child.wait(5) == -signal.SIGTERM
    with pytest.raises(HostError) as caught:
        host.change(ProcessSignal(process.pid, process.started, "TERM"))
    assert caught.value.code == "changed"


def test_the_first_process_and_our_own_are_never_signalled(host: LocalHost) -> None:
    ours = next(one for one in host.processes() if one.pid == os.getpid())
    first = next(one for one in host.processes() if one.pid == 1)
    for process in (ours, first):
        with pytest.raises(NeverError):
            host.change(ProcessSignal(process.pid, process.started, "HUP"))
