"""Services that die, hang on to a lock or are in one another's way, each under a real init script, repaired in a whole night."""

from __future__ import annotations

import pytest

from tests.faults.ward import Ward
from tests.skills.patient import Patient, eventually

DOWN = "tcp.failed:127.0.0.1:8080"
CANARIES = ("/srv/orders.db", "/etc/app.conf", "/srv/log/auth.log.1")


@pytest.fixture
def shop(ward: Ward) -> Ward:
    """A shop that runs, and canaries beside it."""
    ward.patient.install_shop()
    ward.plant(*CANARIES, "/srv/shop.py")
    ward.shell("/etc/init.d/shop start")
    assert eventually(lambda: ":8080" in ward.shell("ss -Hltn"))
    return ward


@pytest.mark.proves("restart_service", fault="a service was killed and left its pid file")
def test_a_killed_service_is_restarted(shop: Ward) -> None:
    shop.shell("kill -9 $(cat /run/shop.pid)")
    shop.heals(
        "process.down:shop", by="restart_service", only=("service.restart shop",), restart=lambda: restarted(shop)
    )


@pytest.mark.proves("start_service", fault="a service that is watched was stopped in order")
def test_a_stopped_service_is_started(shop: Ward) -> None:
    shop.shell("/etc/init.d/shop stop")
    shop.heals("process.down:shop", by="start_service", only=("service.start shop",), restart=lambda: restarted(shop))


@pytest.mark.proves("remove_stale_lock", fault="the lock of a dead process keeps a service from starting")
def test_a_stale_lock_goes(ward: Ward) -> None:
    ward.patient.install_shop()
    ward.plant(*CANARIES)
    ward.patient.write("/var/log/shop.log", "cannot obtain lock /run/lock/shop\n")
    ward.patient.write("/run/lock/shop", "99999\n")
    ward.heals(
        "process.down:shop",
        by="remove_stale_lock",
        only=("fs.delete /run/lock/shop", "service.start shop"),
        restart=lambda: restarted(ward),
    )


@pytest.mark.proves("restart_zombie_parent", fault="a service does not collect its children")
def test_zombies_go_with_their_parent(ward: Ward) -> None:
    ward.patient.install_shop()
    ward.plant(*CANARIES)
    ward.patient.write(
        "/srv/shop.py", "import os, time\n[os.fork() or os._exit(0) for _ in range(6)]\ntime.sleep(600)\n"
    )
    ward.shell("/etc/init.d/shop start")
    assert eventually(lambda: ward.value("process.zombies") >= 6)
    ward.patient.write("/srv/shop.py", "import time; time.sleep(600)")
    ward.heals("process.zombies", by="restart_zombie_parent", over=3, only=("service.restart shop",))


@pytest.mark.proves("resolve_port_conflict", fault="a stranger listens on the service's port")
def test_a_stranger_on_the_port_is_asked_to_end(ward: Ward) -> None:
    ward.patient.install_shop()
    ward.plant(*CANARIES)
    stranger = "import http.server as h; h.HTTPServer(('127.0.0.1', 8080), h.BaseHTTPRequestHandler).serve_forever()"
    pid = ward.patient.start(stranger)
    assert eventually(lambda: ":8080" in ward.shell("ss -Hltn"))
    ward.shell("/etc/init.d/shop start")
    assert eventually(lambda: "Address already in use" in ward.shell("cat /var/log/shop.log"))
    ward.patient.write("/var/log/shop.log", "OSError: [Errno 98] Address already in use: ('127.0.0.1', 8080)\n")
    ward.heals("process.down:shop", by="resolve_port_conflict", restart=lambda: restarted(ward))
    assert ward.shell(f"ls /proc | grep -x {pid} || true") == ""


def restarted(ward: Ward) -> None:
    """As an operator does it."""
    ward.shell("/etc/init.d/shop restart")
    assert eventually(lambda: listens(ward.patient))


def listens(patient: Patient) -> bool:
    return ":8080" in patient.shell("ss -Hltn")
