"""Services that die, hang on to a lock or are in one another's way, each under a real init script, repaired in a whole night."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

import pytest

from core.alert import Signal
from core.incident import Ending
from core.ports import Probe
from core.world import Measurement
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


@pytest.mark.proves("restart_named_service", fault="a service that runs is to be begun anew")
def test_a_service_is_restarted_because_somebody_asks(shop: Ward) -> None:
    before = shop.shell("cat /run/shop.pid")
    report = shop.asked("restart_named_service", service="shop")
    assert (report.ending, [one.text.partition(" (")[0] for one in report.actions]) == (
        Ending.UNPROVEN,
        ["service.restart shop"],
    )
    assert eventually(lambda: ":8080" in shop.shell("ss -Hltn"))
    assert shop.shell("cat /run/shop.pid") != before


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


LEAK = """
import os, time
held = [open("/srv/orders.db") for _ in range(230 * os.path.exists("/srv/wild"))]
time.sleep(600)
"""


@pytest.mark.proves("restart_leaking_service", fault="a service keeps every file open that it ever opened")
def test_a_service_that_runs_out_of_files_is_restarted(ward: Ward) -> None:
    ward.patient.install_shop()
    ward.shell("sed -i 's/start) /start) ulimit -n 256; /' /etc/init.d/shop")
    ward.patient.write("/srv/shop.py", LEAK)
    ward.plant(*CANARIES, "/srv/shop.py")
    ward.shell("touch /srv/wild && /etc/init.d/shop start && sleep 0.5; rm /srv/wild")
    ward.heals("fd.used_percent:shop", by="restart_leaking_service", over=80, only=("service.restart shop",))


SMALL = """
import os, re, time
def rss(pid):
    try: return int(re.search(r"VmRSS:\\s+(\\d+)", open(f"/proc/{pid}/status").read())[1])
    except (OSError, TypeError): return 0
shown = os.open("/run/meminfo", os.O_WRONLY | os.O_CREAT)
while True:
    left = 600_000 - sum(map(rss, filter(str.isdigit, os.listdir("/proc"))))
    os.pwrite(shown, f"MemTotal: {600_000:>12} kB\\nMemAvailable: {left:>12} kB\\n".encode(), 0)
    print("shown", flush=True)
    time.sleep(0.1)
"""
"""A host of 600 MB, as lxcfs shows it to a container: what its processes really hold, out of what it may have."""


@pytest.mark.proves("restart_memory_hog", fault="a service holds most of the memory of a small host")
def test_the_service_that_holds_the_memory_is_restarted(ward: Ward) -> None:
    ward.patient.start(SMALL)
    assert eventually(lambda: "MemAvailable" in ward.shell("cat /run/meminfo 2>/dev/null || true"))
    ward.shell("mount --bind /run/meminfo /proc/meminfo")
    ward.patient.install_shop()
    ward.patient.write(
        "/srv/shop.py",
        "import os, time\nheld = os.path.exists('/srv/wild') and b'x' * 400_000_000\ntime.sleep(600)\n",
    )
    ward.plant(*CANARIES, "/srv/shop.py")
    ward.shell("touch /srv/wild && /etc/init.d/shop start")
    assert eventually(lambda: ward.value("memory.used_percent") > 60)
    ward.shell("rm /srv/wild")
    ward.heals("memory.used_percent", by="restart_memory_hog", over=60, only=("service.restart shop",))


def test_a_live_lock_is_left_alone(shop: Ward) -> None:
    """A control: what the log says of the lock is true, and its owner lives."""
    shop.shell("kill -9 $(cat /run/shop.pid); rm /run/shop.pid")
    pid = shop.patient.start("import time; time.sleep(600)")
    shop.patient.write("/var/log/shop.log", "cannot obtain lock /run/lock/shop\n")
    shop.patient.write("/run/lock/shop", f"{pid}\n")
    shop.plant("/run/lock/shop")
    card = shop.card("process.down:shop")
    assert card.proposal is None or card.proposal.skill != "remove_stale_lock"
    assert shop.shell("cat /run/lock/shop").strip() == str(pid)


def test_a_service_that_is_well_is_left_alone(shop: Ward) -> None:
    """A control: nothing is wrong, nobody is told, nothing is done."""
    assert shop.leaves_alone("process.down:shop") == ()


def test_a_service_that_comes_back_by_itself_is_left_alone(shop: Ward) -> None:
    """A control: before anybody has answered, the fault is gone; the question goes with it, and nothing was done."""
    shop.shell("kill -9 $(cat /run/shop.pid)")
    assert shop.card("process.down:shop").proposal is not None
    restarted(shop)
    pid = shop.shell("cat /run/shop.pid")
    shop.leaves_alone("process.down:shop")
    assert shop.shell("cat /run/shop.pid") == pid


@dataclass(frozen=True)
class Patiently:
    """What was stopped is looked at until it has stayed away for longer than it ever did: the probe's own clock is a real one."""

    eyes: Probe
    patient: Patient

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        state = self.patient.shell("cat /etc/service/shop/supervise/stat")
        eventually(lambda: not state.startswith("down") or self.eyes.measure(host, signal).value == 0, 20)
        return self.eyes.measure(host, signal)


@pytest.mark.slow
@pytest.mark.proves("stop_crash_loop", fault="a wrong password in its settings, and runit starts it again and again")
def test_a_crash_loop_is_stopped_and_stays_stopped(ward: Ward) -> None:
    ward.patient.write("/etc/shop.env", "DB_PASSWORD=wrong\n")
    ward.patient.write("/srv/shop", "import sys, time; time.sleep(1.2); sys.exit('login failed for shop')")
    ward.patient.write("/etc/service/shop/run", f"#!/bin/sh\nexec {sys.executable} /srv/shop 2>>/var/log/shop.log\n")
    ward.shell("chmod 755 /etc/service/shop/run; setsid runsvdir -P /etc/service </dev/null >/dev/null 2>&1 &")
    ward.plant(*CANARIES, "/etc/shop.env")
    assert eventually(lambda: "run" in ward.shell("cat /etc/service/shop/supervise/stat 2>/dev/null || true"))
    patient = replace(ward, probe=Patiently(ward.probe, ward.patient))
    patient.heals("process.restarts:shop", by="stop_crash_loop", over=3, only=("service.stop shop",))
    assert ward.shell("sv status /etc/service/shop").startswith("down:")


def restarted(ward: Ward) -> None:
    """As an operator does it."""
    ward.shell("/etc/init.d/shop restart")
    assert eventually(lambda: listens(ward.patient))


def listens(patient: Patient) -> bool:
    return ":8080" in patient.shell("ss -Hltn")
