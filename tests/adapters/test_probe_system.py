"""What a machine says of itself, and that a call which hangs is not made twice."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.clock_system import SystemClock
from adapters.probe.local import LocalProbe
from adapters.probe.mounts import real_mounts
from adapters.probe.raw_system import CannotTell, bounded
from adapters.probe.sweep import Sweep
from adapters.probe.system import Reading
from core.alert import Signal
from core.check import Check
from core.errors import UnavailableError
from core.world import Measurement
from tests.skills.patient import eventually

NAME = "nightshift-probe-test"


@pytest.fixture
def probe() -> LocalProbe:
    return LocalProbe(SystemClock())


def read(probe: LocalProbe, text: str) -> Reading:
    return probe.read(Signal.parse(text))


def read_fresh(probe: LocalProbe, text: str) -> Reading:
    time.sleep(1.1)  # the process table is a second old at most
    return read(probe, text)


@contextmanager
def service(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A script run by its first line, as services are."""
    script = folder / NAME
    script.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    script.chmod(0o755)
    process = subprocess.Popen([script])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_disk_and_inodes_are_counted_as_df_counts_them(probe: LocalProbe) -> None:
    for signal, option in (("disk.used_percent:/", "--output=pcent"), ("disk.inodes_percent:/", "--output=ipcent")):
        said = subprocess.run(["df", option, "/"], capture_output=True, text=True, check=True).stdout.split()[-1]
        assert abs(read(probe, signal).value - float(said.rstrip("%"))) < 2


@pytest.mark.parametrize("signal", ["memory.used_percent", "load.per_core", "fd.used_percent", "process.zombies"])
def test_the_machine_as_a_whole_has_numbers(probe: LocalProbe, signal: str) -> None:
    assert 0 <= read(probe, signal).value < 1000
    assert read(probe, signal).detail


@pytest.mark.parametrize(
    "signal", ["disk.used_percent:/no", "disk.inodes_percent:/proc", "fd.used_percent:nobody", "process.down"]
)
def test_what_has_no_number_says_why(probe: LocalProbe, signal: str) -> None:
    with pytest.raises(UnavailableError):
        read(probe, signal)


def test_a_process_is_up_by_name_and_down_as_soon_as_it_is_dead_though_not_yet_buried(
    probe: LocalProbe, tmp_path: Path
) -> None:
    assert read(probe, f"process.down:{NAME}").value == 1
    with service(tmp_path) as process:
        assert read_fresh(probe, f"process.down:{NAME}").value == 0
        assert read(probe, f"fd.used_percent:{NAME}").value > 0
        process.kill()
        assert read_fresh(probe, f"process.down:{NAME}").value == 1
        assert read(probe, "process.zombies").value >= 1
        assert f"process {os.getpid()}" in read(probe, "process.zombies").detail


def test_what_has_just_been_started_is_not_called_absent(probe: LocalProbe, tmp_path: Path) -> None:
    assert read(probe, f"process.down:{NAME}").value == 1
    with service(tmp_path):
        assert eventually(lambda: read(probe, f"process.down:{NAME}").value == 0, 0.5)


def test_an_editor_of_its_script_is_not_the_service(probe: LocalProbe, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("")
    with subprocess.Popen(["tail", "-f", tmp_path / NAME], stdout=subprocess.DEVNULL) as editor:
        time.sleep(0.1)
        assert read_fresh(probe, f"process.down:{NAME}").value == 1
        editor.kill()


def test_a_pid_file_counts_only_for_the_process_that_could_have_written_it(probe: LocalProbe, tmp_path: Path) -> None:
    pid_file = tmp_path / "x.pid"
    with service(tmp_path) as process:
        pid_file.write_text(f"{process.pid}\n")
        assert read_fresh(probe, f"process.down:{pid_file}").value == 0
        os.utime(pid_file, (1_000_000, 1_000_000))
        assert read_fresh(probe, f"process.down:{pid_file}").value == 1


def test_restarts_are_counted_by_seeing_another_process(probe: LocalProbe, tmp_path: Path) -> None:
    counts = []
    for _ in range(3):
        with service(tmp_path):
            counts.append(read_fresh(probe, f"process.restarts:{NAME}").value)
        read_fresh(probe, f"process.restarts:{NAME}")
    assert counts == [0, 1, 2]


def test_a_call_that_hangs_is_given_up_and_not_made_again_while_it_hangs() -> None:
    gate, calls = threading.Event(), []

    def hang() -> int:
        calls.append(1)
        gate.wait(10)
        return 5

    for _ in range(3):
        with pytest.raises(CannotTell):
            bounded("nfs", 0.05, hang)
    assert len(calls) == 1
    gate.set()
    time.sleep(0.1)
    assert bounded("nfs", 1, hang) == 5


class SlowProbe:
    """Hangs on one signal."""

    def __init__(self) -> None:
        self.gate = threading.Event()

    def measure(self, host: str, signal: Signal) -> Measurement:
        self.gate.wait({"slow": 10.0}.get(signal.kind, 0))
        return Measurement(host, signal, 1.0, SystemClock().now())


def test_a_slow_check_delays_no_other_and_is_not_piled_up() -> None:
    probe = SlowProbe()
    sweep = Sweep(probe, workers=2)
    checks = [Check(Signal("slow", "x"), "web-1"), *(Check(Signal("fast", f"x{n}"), "web-1") for n in range(20))]
    for _ in range(3):
        began = time.monotonic()
        results = sweep.measure(checks, 0.3)
        assert time.monotonic() - began < 2
        assert isinstance(results["web-1|slow.x"], UnavailableError)
        assert all(isinstance(results[check.key], Measurement) for check in checks[1:])
    probe.gate.set()
    sweep.close()


def test_real_mounts_are_file_systems_that_can_be_measured(probe: LocalProbe) -> None:
    mounts = real_mounts()
    assert all(0 <= read(probe, f"disk.used_percent:{mount.path}").value <= 100 for mount in mounts)
    assert len({mount.path for mount in mounts}) == len(mounts)
