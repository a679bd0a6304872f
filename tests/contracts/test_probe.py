"""Contract of the port Probe: this machine, a patient, several behind one name, and the fake."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.clock_system import SystemClock
from adapters.host.local import LocalHost
from adapters.probe.directory import ProbeDirectory
from adapters.probe.far import FarProbe
from adapters.probe.host_ground import HandsProbe
from adapters.probe.local import LocalProbe
from adapters.probe.served import ServedProbe
from core.alert import Signal
from core.errors import UnavailableError, UnknownError
from core.ports import Probe
from tests.fakes.probe import FakeProbe
from tests.far_program_kit import over_there
from tests.patient_kit import probe_of, running_patient

MEMORY = Signal("memory", "used_percent")
NOWHERE = Signal("disk", "used_percent", "/no/such/mount")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedProbe]:
    with running_patient(tmp_path_factory.mktemp("patient")) as patient, probe_of(patient) as probe:
        yield probe


def local(_request: pytest.FixtureRequest) -> Probe:
    return LocalProbe(SystemClock())


def in_namespaces(request: pytest.FixtureRequest) -> Probe:
    probe: ServedProbe = request.getfixturevalue("served")
    return probe


@pytest.fixture(scope="module")
def far_away() -> Iterator[FarProbe]:
    with over_there() as ask:
        yield FarProbe(ask, SystemClock())


def far(request: pytest.FixtureRequest) -> Probe:
    probe: FarProbe = request.getfixturevalue("far_away")
    return probe


def by_hands(request: pytest.FixtureRequest) -> Probe:
    host = LocalHost(())
    request.addfinalizer(host.close)
    return HandsProbe(host, SystemClock())


def by_host(_request: pytest.FixtureRequest) -> Probe:
    return ProbeDirectory({"web-1": LocalProbe(SystemClock())})


def fake(_request: pytest.FixtureRequest) -> Probe:
    probe = FakeProbe(SystemClock())
    probe.set("web-1", str(MEMORY), 40.0)
    probe.set("web-1", str(NOWHERE), UnavailableError("no such file or directory"))
    return probe


@pytest.fixture(params=[local, in_namespaces, far, by_hands, by_host, fake], ids=lambda make: make.__name__)
def probe(request: pytest.FixtureRequest) -> Probe:
    made: Probe = request.param(request)
    return made


def test_a_measurement_says_of_what_where_and_when(probe: Probe) -> None:
    before = SystemClock().now()
    measured = probe.measure("web-1", MEMORY)
    assert (measured.host, measured.signal) == ("web-1", MEMORY)
    assert 0 < measured.value <= 100
    assert before <= measured.at <= SystemClock().now()
    assert "\n" not in measured.detail


def test_what_nobody_can_measure_is_unknown(probe: Probe) -> None:
    with pytest.raises(UnknownError):
        probe.measure("web-1", Signal("mood", "percent"))


def test_what_cannot_be_measured_now_is_said_with_its_reason(probe: Probe) -> None:
    with pytest.raises(UnavailableError, match=r"(?i)no such file"):
        probe.measure("web-1", NOWHERE)
