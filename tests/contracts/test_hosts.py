"""Contract of the port Hosts."""

from __future__ import annotations

import pytest

from adapters.host.directory import HostDirectory
from core.alert import LOCALHOST
from core.errors import UnknownError
from core.ports import Hosts
from tests.fakes.host import FakeHost
from tests.fakes.hosts import FakeHosts

MACHINES = {LOCALHOST: FakeHost(), "db-1": FakeHost(), "web-1": FakeHost()}


@pytest.fixture(params=[HostDirectory, FakeHosts], ids=["directory", "fake"])
def hosts(request: pytest.FixtureRequest) -> Hosts:
    made: Hosts = request.param(MACHINES)
    return made


def test_this_machine_comes_first(hosts: Hosts) -> None:
    assert hosts.names() == (LOCALHOST, "db-1", "web-1")


def test_a_host_is_opened_by_its_name(hosts: Hosts) -> None:
    assert hosts.open("web-1") is MACHINES["web-1"]


def test_a_name_nobody_has_is_unknown(hosts: Hosts) -> None:
    with pytest.raises(UnknownError, match="web-9"):
        hosts.open("web-9")
