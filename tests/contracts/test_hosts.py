"""Contract of the port Hosts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from adapters.host.directory import HostDirectory
from core.alert import LOCALHOST
from core.errors import UnknownError
from core.ports import Host, Hosts
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


def test_the_hand_of_a_host_reaches_the_same_machine(hosts: Hosts) -> None:
    with hosts.hand("web-1") as hand:
        assert hand is MACHINES["web-1"]


def test_nobody_has_a_hand_on_a_machine_that_is_unknown(hosts: Hosts) -> None:
    with pytest.raises(UnknownError, match="web-9"), hosts.hand("web-9"):
        pytest.fail("it was entered")


def test_root_is_trusted_everywhere(hosts: Hosts) -> None:
    assert 0 in hosts.trusted("db-1")


def test_another_identity_is_entered_for_a_change_alone_and_our_user_ids_mean_nobody_over_there() -> None:
    far, hand = FakeHost(), FakeHost()
    held: list[str] = []

    @contextmanager
    def connected() -> Iterator[Host]:
        held.append("hand")
        yield hand
        held.clear()

    hosts = HostDirectory({LOCALHOST: FakeHost(), "web-1": far}, {"web-1": connected}, frozenset({0, 1000}))
    assert hosts.open("web-1") is far
    with hosts.hand("web-1") as entered:
        assert (entered, held) == (hand, ["hand"])
    assert held == []
    assert (hosts.trusted(LOCALHOST), hosts.trusted("web-1")) == (frozenset({0, 1000}), frozenset({0}))
