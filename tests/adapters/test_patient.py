"""The patient really breaks, really heals, and leaves this machine as it was: routes, firewall, mounts, processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from adapters.host.namespace import NamespaceHost
from adapters.patient import layout
from adapters.patient.patient import Patient
from adapters.probe.served import ServedProbe
from core.alert import Signal
from core.errors import UnavailableError
from core.host_change import FileTruncate
from tests.patient_kit import host_of, probe_of, running_patient

ROOT = Path(__file__).resolve().parents[2]
DOWN = f"process.down:{layout.SERVICE}"
DISK = f"disk.used_percent:{layout.MOUNT}"
ROUTE = "route.missing:default"
PAGE = f"http.failed:{layout.URL}"
FAR = f"http.failed:{layout.PAYMENTS_URL}"
DNS = f"dns.failed:{layout.PAYMENTS_NAME}"


class Ward:
    """A patient with hands and eyes."""

    def __init__(self, patient: Patient, host: NamespaceHost, probe: ServedProbe) -> None:
        self.patient, self.host, self._probe = patient, host, probe

    def value(self, signal_name: str) -> float:
        asked = Signal.parse(signal_name)
        time.sleep({"process": 1.1}.get(asked.kind, 0))  # the process table of a probe is a second old at most
        return self._probe.measure(layout.NAME, asked).value

    def run(self, *argv: str) -> int:
        return self.host.run(argv, 20, lambda _pid, _start: None).status


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with ExitStack() as stack:
        patient = stack.enter_context(running_patient(tmp_path_factory.mktemp("patient")))
        yield Ward(patient, stack.enter_context(host_of(patient)), stack.enter_context(probe_of(patient)))


@pytest.fixture
def ward(made: Ward) -> Ward:
    made.patient.reset()
    return made


def test_a_fresh_patient_is_well(ward: Ward) -> None:
    assert ward.value(DISK) < 10
    assert [ward.value(signal_name) for signal_name in (DOWN, ROUTE, PAGE, FAR, DNS)] == [0, 0, 0, 0, 0]


def test_a_crash_lasts_until_the_init_script_starts_it_again(ward: Ward) -> None:
    ward.patient.crash()
    assert (ward.value(DOWN), ward.value(PAGE)) == (1, 1)
    assert ward.run(layout.INIT_SCRIPT, "restart") == 0
    assert (ward.value(DOWN), ward.value(PAGE)) == (0, 0)


def test_a_full_disk_is_a_deleted_log_that_is_still_held(ward: Ward) -> None:
    ward.patient.fill_disk()
    assert ward.value(DISK) > 92
    tables = [f"/proc/{process.pid}/fd" for process in ward.host.processes() if process.name == layout.SERVICE]
    held = [info for table in tables for info in ward.host.list(table, 100) if info.links == 0]
    (log,) = [info for info in held if info.target == f"{layout.ACCESS_LOG} (deleted)"]
    ward.host.change(FileTruncate(log.path))
    assert ward.value(DISK) < 40
    assert (ward.value(DOWN), ward.value(PAGE)) == (0, 0)


def test_a_cut_network_lacks_its_route_and_nothing_else(ward: Ward) -> None:
    ward.patient.cut_network()
    assert (ward.value(ROUTE), ward.value(FAR), ward.value(PAGE)) == (1, 1, 0)
    assert ward.run("/sbin/ip", "route", "add", "default", "via", layout.GATEWAY, "dev", layout.DEVICE) == 0
    assert (ward.value(ROUTE), ward.value(FAR)) == (0, 0)


def test_a_dead_resolver_breaks_names_and_nothing_else(ward: Ward) -> None:
    ward.patient.break_resolver()
    assert (ward.value(DNS), ward.value(ROUTE), ward.value(FAR)) == (1, 0, 0)


def test_it_can_be_broken_in_every_way_at_once_and_reset(ward: Ward) -> None:
    ward.patient.fill_disk()
    ward.patient.crash()
    ward.patient.break_resolver()
    ward.patient.cut_network()
    ward.patient.reset()
    assert ward.value(DISK) < 10
    assert [ward.value(signal_name) for signal_name in (DOWN, ROUTE, PAGE, FAR, DNS)] == [0, 0, 0, 0, 0]


# ---- what it leaves --------------------------------------------------------------------------------------------------


def of_this_machine(marker: str) -> dict[str, object]:
    """What must not change outside: text as the kernel gives it, and processes that carry the marker in their words."""
    firewall = ("iptables-save", "ip6tables-save", "nft list ruleset")
    commands = (
        "ip route show table all",
        "ip -6 route",
        "ip rule",
        "ip -br link",
        "ip -br addr",
        "ip netns",
    )
    said = {words: _said(words) for words in (*commands, *firewall)}
    loops = [
        line for line in _said("losetup -a").splitlines() if marker in line
    ]  # other tests may have theirs just now
    return {
        **said,
        "losetup -a": loops,
        "mounts": Path("/proc/self/mountinfo").read_text(),
        "processes": processes_with(marker),
    }


def _said(words: str) -> str:
    program, *rest = words.split()
    found = shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin")
    if found is None:
        return "not installed"
    text = subprocess.run([found, *rest], capture_output=True, text=True, check=False).stdout
    return "\n".join(line for line in text.splitlines() if not line.startswith("#"))


def processes_with(marker: str) -> list[str]:
    found = []
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if marker.encode() in words:
            found.append(folder.name)
    return [pid for pid in found if int(pid) != os.getpid()]


def eventually_equal(before: dict[str, object], marker: str) -> None:
    deadline = time.monotonic() + 5
    while of_this_machine(marker) != before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert of_this_machine(marker) == before


def test_nothing_outside_changes_while_it_lives_and_nothing_stays_after(tmp_path: Path) -> None:
    marker = str(tmp_path)
    before = of_this_machine(marker)
    with running_patient(tmp_path) as patient:
        for act in (patient.crash, patient.fill_disk, patient.cut_network, patient.break_resolver, patient.reset):
            act()
        during = of_this_machine(marker)
        same = set(before) - {"processes", "losetup -a"}
        assert {key: during[key] for key in same} == {key: before[key] for key in same}
    eventually_equal(before, marker)
    assert [entry.name for entry in (tmp_path / "demo").iterdir()] == ["patient.log"]


OWNER = """
import signal, sys, time
from pathlib import Path
from adapters.patient.patient import Patient
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever starts tests in the background has it ignored
with Patient(Path(sys.argv[1])) as patient:
    print(*patient.holder, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_it_ends_with_its_owner_and_the_next_start_clears_up(tmp_path: Path, number: signal.Signals) -> None:
    with running_patient(tmp_path / "can"):
        pass
    folder = tmp_path / "demo"
    before = of_this_machine(str(folder))
    words = [sys.executable, "-c", OWNER, str(folder)]
    owner = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert owner.stdout is not None
    holder = int(owner.stdout.readline().split()[0])
    assert Path(f"/proc/{holder}").exists()
    owner.send_signal(number)
    owner.wait(30)
    owner.stdout.close()
    eventually_equal(before, str(folder))
    assert not Path(f"/proc/{holder}").exists()
    with Patient(folder):
        pass
    assert [entry.name for entry in folder.iterdir()] == ["patient.log"]


def test_a_record_that_names_a_later_process_harms_nobody(tmp_path: Path) -> None:
    bystander = subprocess.Popen(["/bin/sleep", "60"])
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "patient.json").write_text(json.dumps({"holder": [bystander.pid, 1]}))
    with running_patient(tmp_path):
        assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_where_it_cannot_be_made_the_reason_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.patient.patient._PATH", "/nowhere")
    with pytest.raises(UnavailableError, match="install the package"):
        Patient(tmp_path / "demo").start()
