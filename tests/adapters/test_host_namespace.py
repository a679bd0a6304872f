"""A host in the namespaces of a holder: its pids, its end, and who it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.host.namespace import NamespaceHost
from adapters.patient.patient import Patient
from core.errors import NeverError, UnavailableError
from core.host_change import FileWrite, ProcessSignal
from core.skill import HostError
from tests.patient_kit import host_of, running_patient

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    with running_patient(tmp_path_factory.mktemp("patient")) as made:
        yield made


@pytest.fixture
def host(patient: Patient) -> Iterator[NamespaceHost]:
    with host_of(patient, ROOT) as made:
        yield made


def ns_pids(pid: int) -> list[str]:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(line.split()[1:] for line in status.splitlines() if line.startswith("NSpid"))


def test_the_pid_that_is_noted_is_the_one_on_our_side(host: NamespaceHost) -> None:
    seen: list[list[str]] = []

    def note(pid: int, start: int) -> None:
        assert int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19]) == start
        seen.append(ns_pids(pid))

    inner = host.run(("/bin/sh", "-c", "echo $$"), 10, note).out.strip()
    (pids,) = seen
    assert pids[-1] == inner
    assert pids[0] != inner


def test_the_timeout_ends_the_group_in_there_too(host: NamespaceHost) -> None:
    before = {process.pid for process in host.processes()}
    result = host.run(("/bin/sh", "-c", "sleep 77 & sleep 77"), 0.5, lambda _pid, _start: None)
    assert result.timed_out
    time.sleep(0.3)
    assert [p.argv for p in host.processes() if p.pid not in before and "77" in p.argv] == []


def test_it_sees_only_its_own_processes_and_network(host: NamespaceHost, patient: Patient) -> None:
    processes = host.processes()
    assert {process.name for process in processes} >= {"shop"}
    assert max(process.pid for process in processes) < 1000
    links = host.run(("/bin/cat", "/proc/net/dev"), 10, lambda _pid, _start: None).out
    assert sorted(line.split(":")[0].strip() for line in links.splitlines()[2:]) == ["eth0", "lo"]
    assert patient.holder[0] not in {process.pid for process in processes}


def test_nightshifts_own_is_recognised_from_in_there(host: NamespaceHost) -> None:
    with pytest.raises(NeverError):
        host.read(str(ROOT / "core" / "ports.py"), 10)


def test_its_first_process_is_never_signalled(host: NamespaceHost) -> None:
    first = next(process for process in host.processes() if process.pid == 1)
    with pytest.raises(NeverError):
        host.change(ProcessSignal(first.pid, first.started, "KILL"))


def test_this_machine_cannot_be_written_from_in_there(host: NamespaceHost, tmp_path: Path) -> None:
    for path in ("/opt/x", "/var/lib/x", "/sys/x"):
        with pytest.raises((HostError, NeverError)):
            host.change(FileWrite(path, b"x"))
    with pytest.raises(HostError):
        host.change(FileWrite(str(tmp_path / "x"), b"x"))
    assert list(tmp_path.iterdir()) == []


def test_a_later_process_with_the_holders_pid_is_not_entered(patient: Patient) -> None:
    pid, start = patient.holder
    with pytest.raises(UnavailableError):
        NamespaceHost(pid, start + 1).processes()


def test_a_holder_that_is_gone_is_said_so_and_nothing_waits(tmp_path: Path) -> None:
    with running_patient(tmp_path) as patient, host_of(patient) as host:
        host.processes()
        patient.stop()
        with pytest.raises(UnavailableError):
            host.processes()
        with pytest.raises(UnavailableError):
            host.run(("/bin/true",), 5, lambda _pid, _start: None)
