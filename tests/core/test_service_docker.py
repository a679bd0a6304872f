"""Service control of docker containers: a real daemon obeys, and recorded lines are read."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import replace

import pytest

from adapters.host.local import LocalHost
from core.ports import Host
from core.service_control import ServiceControl, Supervised, service_lines
from core.service_output import parse_docker
from core.skill import HostError, ServiceState
from tests.container_kit import container
from tests.core.test_service_control import order, wait_for
from tests.docker_daemon import Daemon
from tests.fakes.host import FakeHost

TRUSTED = frozenset({0})


@pytest.fixture
def here() -> Iterator[LocalHost]:
    host = LocalHost(())
    yield host
    host.close()


def control_of(host: Host, daemon: Daemon) -> ServiceControl:
    return ServiceControl(host, TRUSTED, str(daemon.place / "docker.sock"))


def test_a_container_is_stopped_started_and_restarted_by_its_name(docker_daemon: Daemon, here: LocalHost) -> None:
    control = control_of(here, docker_daemon)
    with container(docker_daemon, "shop-d", "/bb/sh", "-c", "trap 'exit 7' TERM; while :; do /bb/sleep 0.1; done"):
        first = control.status("shop-d")
        assert (first.supervisor, first.is_running, first.restarts) == ("docker", True, 0)
        assert first.pid in {process.pid for process in here.processes()}
        assert order(here, control, "stop", "shop-d") == 0
        stopped = control.status("shop-d")
        assert (stopped.is_running, stopped.pid, stopped.detail) == (False, 0, "exited, exit code 7")
        assert order(here, control, "start", "shop-d") == 0
        assert order(here, control, "restart", "shop-d") == 0
        last = control.status("shop-d")
        assert (last.is_running, last.pid not in {0, first.pid}, 0 <= last.since < 30) == (True, True, True)
    assert control.status("shop-d").supervisor == "none"


def test_a_container_that_crashes_again_and_again_is_counted_and_not_running(
    docker_daemon: Daemon, here: LocalHost
) -> None:
    control = control_of(here, docker_daemon)
    with container(docker_daemon, "crash-d", "/bb/false", options=("--restart=always",)):
        state = wait_for(control, "crash-d", lambda one: one.restarts >= 3 and not one.is_running)
    assert (state.is_running, state.restarts >= 3) == (False, True)
    assert "restarting, exit code 1" in state.detail


def test_a_health_check_is_progress_until_it_is_decided(docker_daemon: Daemon, here: LocalHost) -> None:
    control = control_of(here, docker_daemon)
    check = ("--health-cmd=/bb/test -e /srv/ok", "--health-interval=4s", "--health-retries=1")
    with container(docker_daemon, "health-d", options=check):
        assert control.status("health-d").detail == "running, health: starting"
        state = wait_for(control, "health-d", lambda one: "unhealthy" in one.detail)
    assert (state.is_running, state.detail) == (True, "running, health: unhealthy")


def test_the_beginning_of_an_id_is_no_name(docker_daemon: Daemon, here: LocalHost) -> None:
    control = control_of(here, docker_daemon)
    with container(docker_daemon, "named-d"):
        begins = docker_daemon.docker("inspect", "--format={{.Id}}", "named-d")[:12]
        assert control.status(begins).supervisor == "none"


@pytest.mark.needs("docker")
def test_a_daemon_that_is_gone_is_not_a_container_that_is_down(here: LocalHost, docker_daemon: Daemon) -> None:
    dead = docker_daemon.place / "dead.sock"
    os.mknod(dead, 0o140600)  # a socket that nobody listens on
    control = ServiceControl(here, TRUSTED, str(dead))
    with pytest.raises(HostError, match="docker does not answer, so nothing is known of shop"):
        control.status("shop")


LINE = "/web|running|812|2026-01-01T00:00:00.123456789Z|2|false|0|healthy|\n"
AT = 1767225700.0
"""A hundred seconds after that container started."""


def test_docker_is_read() -> None:
    assert parse_docker("web", LINE, AT) == ServiceState(
        "web", "docker", True, 812, 2, 100.0, "running, health: healthy"
    )


def test_restarts_of_long_ago_are_no_loop() -> None:
    state = parse_docker("web", LINE, AT + 3600)
    assert state is not None
    assert (state.restarts, state.since) == (0, 3700.0)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "/web|exited|0|2026-01-01T00:00:00Z|0|true|137||\n",
            (False, 0, "exited, exit code 137, killed for want of memory"),
        ),
        ("/web|paused|812|2026-01-01T00:00:00Z|0|false|0||\n", (False, 0, "paused, exit code 0")),
        ("/web|created|0|0001-01-01T00:00:00Z|0|false|0||no such file | x\n", (False, 0, "created, exit code 0, no such file | x")),
    ],
)  # fmt: skip
def test_what_does_not_run_says_why(line: str, expected: tuple[bool, int, str]) -> None:
    state = parse_docker("web", line, AT)
    assert state is not None
    assert (state.is_running, state.restarts, state.detail) == expected


@pytest.mark.parametrize(
    "out", ["", "\n", "/web2|running|1|x|0|false|0||\n", "/web|running\n", "web|running|1|x|0|false|0||\n"]
)
def test_another_container_or_none_is_not_ours(out: str) -> None:
    assert parse_docker("web", out, AT) is None


BOOT = {"/proc/uptime": "1000.00 900.00\n", "/proc/stat": "cpu 1 2\nbtime 1767224000\n"}
HERE = {**BOOT, "/run/docker.sock": {"kind": "other"}, "/usr/bin/docker": ""}
INSPECT = service_lines(Supervised("docker", "web", "/usr/bin/docker", "unix:///run/docker.sock"), ("status",))[0]


def on(files: dict[str, object], answer: object) -> ServiceControl:
    return ServiceControl(FakeHost({"files": files, "exec": {shlex.join(INSPECT): answer}}), TRUSTED)


def test_the_orders_of_a_container_never_enter_or_create_one() -> None:
    control = on({**HERE}, LINE)
    assert control.status("web").supervisor == "docker"
    to = ("/usr/bin/docker", "-H", "unix:///run/docker.sock")
    assert control.lines("web", ("start", "stop", "restart", "reload")) == (
        (*to, "start", "--", "web"),
        (*to, "stop", "--", "web"),
        (*to, "restart", "--", "web"),
        (*to, "kill", "--signal=HUP", "--", "web"),
    )


def test_whoever_may_not_ask_docker_does_not_say_down() -> None:
    denied = {"status": 1, "out": "", "err": "permission denied while trying to connect to the Docker daemon socket\n"}
    with pytest.raises(HostError, match="denied: not allowed to ask docker, so nothing is known of web"):
        on({**HERE}, denied).status("web")


def test_a_socket_of_a_stranger_is_not_listened_to() -> None:
    control = on({**HERE, "/run/docker.sock": {"kind": "other", "uid": 1000}}, LINE)
    assert control.status("web").supervisor == "none"


def test_lines_are_the_same_that_a_run_uses() -> None:
    found = Supervised("runit", "web", "/usr/bin/sv", "/etc/service/web")
    assert service_lines(found, ("status", "restart")) == (
        ("/usr/bin/sv", "status", "/etc/service/web"),
        ("/usr/bin/sv", "-w", "8", "restart", "/etc/service/web"),
    )
    assert service_lines(replace(found, supervisor="none"), ("restart",)) == ()
