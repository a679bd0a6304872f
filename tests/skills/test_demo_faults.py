"""The demo's own faults on the demo's own patient: each has one clear winner, and the winner repairs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.host.namespace import NamespaceHost
from adapters.patient import layout
from adapters.patient.patient import Patient
from adapters.sandbox.bubblewrap import BubblewrapSandbox
from core.diagnosis import CLEAR_LEAD
from tests.skills.hands import Hands


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Patient, Path]]:
    folder = tmp_path_factory.mktemp("demo")
    with Patient(folder) as patient:
        yield patient, folder


@pytest.fixture
def inside(demo: tuple[Patient, Path], sandbox: BubblewrapSandbox) -> Iterator[Hands]:
    demo[0].reset()
    host = NamespaceHost(*demo[0].holder)
    yield Hands(host, sandbox)
    host.close()


def test_the_crashed_shop_is_restarted(demo: tuple[Patient, Path], inside: Hands) -> None:
    demo[0].crash()
    facts = inside.look_at("process.down", service=layout.SERVICE)
    assert inside.would("process.down", facts) == ["restart_service"]
    assert inside.repair("restart_service", facts).ok
    assert inside.look("look_at_service", service=layout.SERVICE)["service_cause"] == "none"


def test_the_full_disk_is_first_the_deleted_log_then_the_rotated_ones(
    demo: tuple[Patient, Path], inside: Hands
) -> None:
    demo[0].fill_disk()
    facts = inside.look("find_open_files", mount=layout.MOUNT) | inside.look("find_what_grows", mount=layout.MOUNT)
    best, *others = inside.ranked("disk.used_percent", facts)
    assert best[0] == "truncate_deleted_open_file"
    assert all(best[1] - share >= CLEAR_LEAD for _, share in others)
    before = facts["used_bytes"]
    assert inside.repair("truncate_deleted_open_file", facts).ok
    after = inside.look("find_open_files", mount=layout.MOUNT) | inside.look("find_what_grows", mount=layout.MOUNT)
    assert isinstance(before, int)
    assert isinstance(after["used_bytes"], int)
    assert after["used_bytes"] < before / 2


def test_the_lost_route_is_set_back(demo: tuple[Patient, Path], inside: Hands) -> None:
    demo[0].cut_network()
    facts = inside.look_at("route.missing")
    assert inside.would("route.missing", facts) == ["restore_default_route"]
    assert facts["stated_gateway"] == layout.GATEWAY
    assert inside.repair("restore_default_route", facts).ok
    assert inside.look("look_at_network")["broken_layer"] == "none here"


def test_the_dead_resolver_is_put_behind_the_stated_one(demo: tuple[Patient, Path], inside: Hands) -> None:
    demo[0].break_resolver()
    facts = inside.look_at("dns.failed")
    assert inside.would("dns.failed", facts) == ["replace_dead_resolver"]
    assert inside.repair("replace_dead_resolver", facts).ok
    assert inside.look("find_dead_resolver")["resolver_is_dead"] is False
