"""Real process faults under a real init script: the cause is told apart, the right thing is restarted, a live lock is left alone."""

from __future__ import annotations

import pytest

from tests.skills.hands import Hands
from tests.skills.patient import Patient, eventually

ANSWERS = (
    "python3 -c \"import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8080/', timeout=2).status)\""
)


def answers(patient: Patient) -> bool:
    return patient.shell(f"{ANSWERS} 2>/dev/null || true").strip() == "200"


@pytest.fixture
def shop(patient: Patient) -> Patient:
    patient.install_shop()
    patient.shell("/etc/init.d/shop start")
    assert eventually(lambda: answers(patient))
    return patient


def test_a_killed_service_is_restarted_by_its_init_script(shop: Patient, hands: Hands) -> None:
    before = hands.look_at("process.down", service="shop")
    assert before["service_cause"] == "none"
    shop.shell("kill -9 $(cat /run/shop.pid)")
    assert eventually(lambda: not answers(shop))
    facts = hands.look_at("process.down", service="shop")
    assert hands.would("process.down", facts) == ["restart_service"]
    assert hands.repair("restart_service", facts).effects == ("service.restart shop",)
    assert eventually(lambda: answers(shop))


def test_a_service_that_was_stopped_in_order_is_started(shop: Patient, hands: Hands) -> None:
    shop.shell("/etc/init.d/shop stop")
    facts = hands.look_at("process.down", service="shop")
    assert hands.would("process.down", facts) == ["start_service"]
    assert hands.repair("start_service", facts).effects == ("service.start shop",)
    assert eventually(lambda: answers(shop))


def test_a_stale_lock_goes_and_a_live_one_stays(patient: Patient, hands: Hands) -> None:
    patient.install_shop()
    patient.write("/var/log/shop.log", "cannot obtain lock /run/lock/shop\n")
    patient.write("/run/lock/shop", "99999\n")
    facts = hands.look_at("process.down", service="shop")
    assert hands.would("process.down", facts) == ["remove_stale_lock"]
    pid = patient.start("import time; time.sleep(60)")
    patient.write("/run/lock/shop", f"{pid}\n")
    refused = hands.repair("remove_stale_lock", facts)
    assert not refused.ok
    assert refused.effects == ()
    patient.write("/run/lock/shop", "99999\n")
    assert hands.repair("remove_stale_lock", facts).effects == ("fs.delete /run/lock/shop", "service.start shop")
    assert eventually(lambda: answers(patient))


def test_a_stranger_on_the_port_is_asked_to_end(patient: Patient, hands: Hands) -> None:
    patient.install_shop()
    pid = patient.start(
        "import http.server as h; h.HTTPServer(('127.0.0.1', 8080), h.BaseHTTPRequestHandler).serve_forever()"
    )
    assert eventually(lambda: ":8080" in patient.shell("ss -Hltn"))
    patient.shell("/etc/init.d/shop start")
    assert eventually(lambda: "Address already in use" in patient.shell("cat /var/log/shop.log"))
    patient.write("/var/log/shop.log", "OSError: [Errno 98] Address already in use: ('127.0.0.1', 8080)\n")
    facts = hands.look_at("process.down", service="shop")
    assert facts["port_holder_pid"] == pid
    assert hands.would("process.down", facts) == ["resolve_port_conflict"]
    done = hands.repair("resolve_port_conflict", facts)
    assert done.effects[1] == "service.start shop"
    assert eventually(lambda: answers(patient))


def test_zombies_go_with_their_parent(patient: Patient, hands: Hands) -> None:
    patient.install_shop()
    zombies = "import os, time\n[os.fork() or os._exit(0) for _ in range(6)]\ntime.sleep(60)\n"
    patient.write("/srv/shop.py", zombies)
    patient.shell("/etc/init.d/shop start")
    assert eventually(lambda: hands.look("look_at_zombies")["zombies"] == 6)
    facts = hands.look("look_at_zombies")
    assert hands.would("process.zombies", facts) == ["restart_zombie_parent"]
    patient.write("/srv/shop.py", "import time; time.sleep(60)")
    assert hands.repair("restart_zombie_parent", facts).effects == ("service.restart shop",)
    assert eventually(lambda: hands.look("look_at_zombies")["zombies"] == 0)


def test_memory_is_told_with_its_biggest_user(hands: Hands) -> None:
    facts = hands.look("look_at_memory")
    assert facts["memory_total_bytes"] != 0
    assert isinstance(facts["memory_hog_share"], float)


def test_a_crash_loop_is_stopped_and_not_restarted_again(shop: Patient, hands: Hands) -> None:
    facts = hands.look_at("process.restarts", service="shop")
    assert hands.would("process.restarts", facts) == ["stop_crash_loop"]
    assert hands.repair("stop_crash_loop", facts | {"service_last_log": "KeyError: DB_PASSWORD"}).effects == (
        "service.stop shop",
    )
    assert eventually(lambda: not answers(shop))
