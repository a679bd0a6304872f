"""Containers that fall ill or die, on a real daemon whose socket stands in the ward where docker's own would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.alert import Signal
from core.ports import Probe, Sandbox
from core.world import Measurement
from tests.container_kit import container
from tests.docker_daemon import Daemon
from tests.faults.ward import Ward, ward_of
from tests.skills.patient import Patient, eventually

pytestmark = [pytest.mark.root, pytest.mark.needs("docker")]

CHECKED = (
    "--health-cmd=/bb/test ! -e /srv/wedged",
    "--health-interval=1s",
    "--health-retries=1",
    "--health-timeout=2s",
)
WORK = ("/bb/sh", "-c", "rm -f /srv/wedged; trap 'exit 0' TERM; while :; do sleep 0.1; done")
CRASHES_WHEN_TOLD = ("/bb/sh", "-c", "trap 'exit 7' USR1; trap 'exit 0' TERM; while :; do sleep 0.1; done")


class PatientProbe:
    """A ward's clock runs faster than any health check: what starts up is looked at again until it has said how it is."""

    def __init__(self, eyes: Probe) -> None:
        self._eyes = eyes

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        seen: list[Measurement] = []

        def is_decided() -> bool:
            seen.append(self._eyes.measure(host, signal))
            return "starting" not in seen[-1].detail

        eventually(is_decided)
        return seen[-1]


@pytest.fixture
def docked(docker_daemon: Daemon, sandbox: Sandbox) -> Iterator[Ward]:
    """A ward in which /run/docker.sock is the daemon's."""
    patient = Patient()
    try:
        patient.shell(f"mount --bind {docker_daemon.place} /media")
        patient.furnish()
        patient.shell("touch /run/docker.sock && mount --bind /media/docker.sock /run/docker.sock")
        patient.shell("ln -sfn /run /var/run 2>/dev/null || true")
        with ward_of(patient, sandbox) as made:
            yield replace(made, probe=PatientProbe(made.probe))
    finally:
        patient.close()


def in_container(daemon: Daemon, name: str, script: str) -> str:
    return daemon.docker("exec", name, "/bb/sh", "-ec", script)


@pytest.mark.proves("restart_unhealthy_container", fault="a container runs but its own health check fails")
def test_an_unhealthy_container_is_restarted_and_its_neighbours_are_not(docked: Ward, docker_daemon: Daemon) -> None:
    with (
        container(docker_daemon, "shop", *WORK, options=CHECKED),
        container(docker_daemon, "neighbour"),
    ):
        begun = docker_daemon.docker("inspect", "--format={{.State.StartedAt}}", "neighbour")
        in_container(docker_daemon, "shop", "echo canary > /srv/orders; touch /srv/wedged")
        docked.heals("container.down:shop", by="restart_unhealthy_container", only=("service.restart shop",))
        assert in_container(docker_daemon, "shop", "cat /srv/orders") == "canary"
        assert docker_daemon.docker("inspect", "--format={{.State.StartedAt}}", "neighbour") == begun


@pytest.mark.proves("start_dead_container", fault="a container ended with an error, and nothing starts it again")
def test_a_container_that_crashed_is_started_with_all_that_it_held(docked: Ward, docker_daemon: Daemon) -> None:
    with container(docker_daemon, "shop", *CRASHES_WHEN_TOLD):
        in_container(docker_daemon, "shop", "echo canary > /srv/orders")
        docker_daemon.docker("kill", "--signal=USR1", "shop")
        docked.heals(
            "container.down:shop",
            by="start_dead_container",
            only=("service.start shop",),
            restart=lambda: docker_daemon.docker("restart", "shop"),
        )
        assert in_container(docker_daemon, "shop", "cat /srv/orders") == "canary"


def test_a_container_that_somebody_stopped_stays_down(docked: Ward, docker_daemon: Daemon) -> None:
    with container(docker_daemon, "shop", *CRASHES_WHEN_TOLD):
        docker_daemon.docker("stop", "shop")
        docked.leaves_alone("container.down:shop")
        assert docker_daemon.docker("inspect", "--format={{.State.Status}}", "shop") == "exited"


def test_a_container_that_crashes_at_once_each_time_is_left_to_people(docked: Ward, docker_daemon: Daemon) -> None:
    with container(docker_daemon, "shop", "/bb/false", options=("--restart=always",)):
        docked.leaves_alone("container.down:shop")
