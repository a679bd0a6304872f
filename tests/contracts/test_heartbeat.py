"""Contract of port Heartbeat: the fake, and HTTP against a real service that answers, refuses, hangs, drips, or is not there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from adapters.heartbeat_http import HttpHeartbeat
from core.errors import InvalidError, UnavailableError
from core.people_ports import Heartbeat
from tests.fakes.clock import FakeClock
from tests.fakes.heartbeat import FakeHeartbeat
from tests.service import Service, service

SECRET = "5c2d7c1e-ping"


@dataclass
class Case:
    """Somebody who waits for us, and how to make them deaf."""

    heartbeat: Heartbeat
    breaks: Callable[[], None]
    heard: Callable[[], int]


@pytest.fixture
def web() -> Iterator[Service]:
    with service() as server:
        yield server


@pytest.fixture(params=["fake", "http"])
def case(request: pytest.FixtureRequest, web: Service) -> Case:
    fake = FakeHeartbeat(FakeClock())

    def break_both() -> None:
        fake.is_down = True
        web.status = 500

    heard = {"fake": lambda: len(fake.beats), "http": lambda: len(web.asked)}[request.param]
    real = HttpHeartbeat(f"http://{web.place}/{SECRET}")
    kinds: dict[str, Heartbeat] = {"fake": fake, "http": real}
    return Case(kinds[request.param], break_both, heard)


def test_a_beat_is_heard(case: Case) -> None:
    case.heartbeat.beat()
    assert case.heard() == 1


def test_who_does_not_take_it_is_unavailable(case: Case) -> None:
    case.breaks()
    with pytest.raises(UnavailableError):
        case.heartbeat.beat()


@pytest.mark.parametrize("status", [0, -1], ids=["silent", "dripping"])
def test_a_url_that_hangs_is_waited_for_no_longer_than_the_bound(web: Service, status: int) -> None:
    web.status = status
    began = time.monotonic()
    with pytest.raises(UnavailableError, match="no answer within") as caught:
        HttpHeartbeat(f"http://{web.place}/{SECRET}", 0.5).beat()
    assert time.monotonic() - began < 3
    assert SECRET not in str(caught.value)


def test_a_machine_that_is_not_there() -> None:
    with pytest.raises(UnavailableError, match="cannot be reached") as caught:
        HttpHeartbeat(f"http://127.0.0.1:1/{SECRET}").beat()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("url", ["", "ping.example", "ftp://ping.example/x", "http://", "http://ping.example:99999/x"])
def test_what_is_no_url_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(InvalidError):
        HttpHeartbeat(url)
