"""Contract of port Pager: the fake, and apprise against a real service that takes pages, refuses them, hangs, or is not there."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from adapters.pager_apprise import Address, ApprisePager
from core.errors import UnknownError
from core.people_ports import Pager
from tests.fakes.clock import FakeClock
from tests.fakes.pager import FakePager
from tests.service import Service, service

SECRET = "tk-9f8e7d6c5b4a"


@dataclass
class Case:
    """A pager that can wake li alone; `breaks` makes the service behind it answer 500."""

    pager: Pager
    breaks: Callable[[], None]
    arrived: Callable[[], int]


@pytest.fixture
def web() -> Iterator[Service]:
    with service() as server:
        yield server


@pytest.fixture(params=["fake", "apprise"])
def case(request: pytest.FixtureRequest, web: Service) -> Case:
    fake = FakePager(FakeClock(), "li")
    real = apprise_to(web)

    def break_both() -> None:
        fake.broken["li"] = "HTTP 500"
        web.status = 500

    arrived = {"fake": lambda: len(fake.sent), "apprise": lambda: len(web.asked)}[request.param]
    kinds: dict[str, Pager] = {"fake": fake, "apprise": real}
    return Case(kinds[request.param], break_both, arrived)


def apprise_to(web: Service, bound: float = 10.0) -> ApprisePager:
    return ApprisePager({"li": [Address("LI_PAGER", f"json://{web.place}/{SECRET}")]}, FakeClock(), bound)


def test_a_page_that_is_taken_has_a_receipt(case: Case) -> None:
    receipt = case.pager.page("li", "web-1: disk / 97 % - look", "")
    assert receipt.ok
    assert case.arrived() == 1


def test_a_service_that_fails_is_a_receipt_and_no_error(case: Case) -> None:
    case.breaks()
    receipt = case.pager.page("li", "web-1: disk / 97 % - look", "")
    assert (receipt.ok, "HTTP 500" in receipt.detail) == (False, True)


def test_who_has_no_pager_cannot_be_woken(case: Case) -> None:
    assert (case.pager.reaches("li"), case.pager.reaches("bo")) == (True, False)
    with pytest.raises(UnknownError):
        case.pager.page("bo", "web-1", "")


def test_a_service_that_hangs_is_waited_for_no_longer_than_the_bound(web: Service) -> None:
    web.status = 0
    began = time.monotonic()
    receipt = apprise_to(web, 0.5).page("li", "web-1", "")
    assert (receipt.ok, receipt.detail) == (False, "no answer within 0.5 s")
    assert time.monotonic() - began < 3


def test_a_service_that_is_not_there(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        pager = ApprisePager({"li": [Address("LI_PAGER", f"json://127.0.0.1:1/{SECRET}")]}, FakeClock())
        receipt = pager.page("li", "web-1", "")
    assert (receipt.ok, receipt.detail) == (False, "LI_PAGER: cannot be reached")
    assert SECRET not in receipt.detail + repr(pager) + caplog.text


def test_one_of_two_ways_is_enough_however_the_other_fails(web: Service) -> None:
    addresses = [Address("DEAD", "json://127.0.0.1:1/x"), Address("ALIVE", f"json://{web.place}/x")]
    receipt = ApprisePager({"li": addresses}, FakeClock()).page("li", "web-1", "")
    assert (receipt.ok, receipt.detail) == (True, "taken by ALIVE")


def test_the_line_and_the_link_arrive(web: Service) -> None:
    apprise_to(web).page("li", "web-1: 磁盘 97 %", "https://night.example/")
    ((path, body),) = web.asked
    assert path == f"/{SECRET}"
    assert "https://night.example/" in body


@pytest.mark.parametrize(
    "address", [f"nonsense://{SECRET}", f"dbus://[::1{SECRET}", f"windows://[::1{SECRET}", "", "\0"]
)
def test_an_address_that_is_none_is_a_mistake_that_names_its_setting(
    caplog: pytest.LogCaptureFixture, address: str
) -> None:
    pager = ApprisePager({"li": [Address("LI_PAGER", address)]}, FakeClock())
    assert pager.mistakes == ["LI_PAGER of li is no address that apprise knows"]
    assert not pager.reaches("li")
    assert SECRET not in caplog.text
