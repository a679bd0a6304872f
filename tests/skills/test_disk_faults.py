"""Real disk faults on a real, small file system: found by the looker, cured by the one cure that fits, without collateral."""

from __future__ import annotations

import time

from tests.skills.hands import Hands
from tests.skills.patient import Patient, eventually

HOLDER = """
import sys, time
log = open("/srv/app.log", "w")
log.write("x" * 20_000_000); log.flush()
os.unlink("/srv/app.log")
time.sleep(60)
"""
CANARY = "dd if=/dev/urandom of=/srv/orders.db bs=1k count=64 2>/dev/null; sha256sum /srv/orders.db"


def test_a_deleted_log_that_is_held_is_emptied_and_its_process_goes_on(patient: Patient, hands: Hands) -> None:
    canary = patient.shell(CANARY)
    pid = patient.start(HOLDER)
    assert eventually(lambda: patient.used("/srv") > 19_000_000)
    facts = hands.look("find_what_grows", mount="/srv") | hands.look("find_open_files", mount="/srv")
    assert hands.would("disk.used_percent", facts) == ["truncate_deleted_open_file"]
    assert facts["deleted_open_pid"] == pid
    done = hands.repair("truncate_deleted_open_file", facts)
    assert done.ok
    assert done.effects == (f"fs.truncate /proc/{pid}/fd/{facts['deleted_open_fd']}",)
    assert patient.used("/srv") < 1_000_000
    assert patient.shell(f"ls -d /proc/{pid}").strip() == f"/proc/{pid}"
    assert patient.shell("sha256sum /srv/orders.db") == canary


def test_rotated_logs_are_freed_but_not_the_live_one_nor_evidence(patient: Patient, hands: Hands) -> None:
    canary = patient.shell(CANARY)
    patient.shell(
        "cd /srv && mkdir log && cd log && for f in app.log.1 app.log.2 auth.log.1; do head -c 9000000 /dev/zero > $f; done"
    )
    patient.shell("echo live > /srv/log/app.log")
    facts = hands.look("find_what_grows", mount="/srv") | hands.look("find_open_files", mount="/srv")
    assert hands.would("disk.used_percent", facts) == ["free_rotated_logs"]
    done = hands.repair("free_rotated_logs", facts)
    assert sorted(done.effects) == ["fs.delete /srv/log/app.log.1", "fs.delete /srv/log/app.log.2"]
    assert patient.shell("ls /srv/log").split() == ["app.log", "auth.log.1"]
    assert patient.shell("sha256sum /srv/orders.db") == canary


def test_a_rotated_log_that_is_still_written_is_not_deleted(patient: Patient, hands: Hands) -> None:
    patient.shell("mkdir /srv/log && head -c 9000000 /dev/zero > /srv/log/app.log.1")
    patient.start("import time; log = open('/srv/log/app.log.1', 'a'); time.sleep(60)")
    assert eventually(lambda: hands.look("find_open_files", mount="/srv")["rotated_open_files"] == 1)
    facts = hands.look("find_what_grows", mount="/srv") | hands.look("find_open_files", mount="/srv")
    assert hands.would("disk.used_percent", facts) == []
    refused = hands.repair("free_rotated_logs", facts)
    assert not refused.ok
    assert refused.effects == ()


def test_inodes_come_free_where_temporary_files_used_them_up(patient: Patient, hands: Hands) -> None:
    patient.shell(
        "mkdir /srv/small && mount -t tmpfs -o nr_inodes=128,size=1m t /srv/small && mkdir /srv/small/sessions"
    )
    patient.shell("cd /srv/small/sessions && touch $(seq 1 90) && echo keep > ../order && cp -p ../order fresh")
    old = time.strftime("%Y%m%d%H%M", time.localtime(time.time() - 90_000))
    patient.shell(f"cd /srv/small/sessions && touch -t {old} $(seq 1 90)")
    facts = hands.look("find_inode_hogs", mount="/srv/small")
    assert hands.would("disk.inodes_percent", facts) == ["clear_inode_hog"]
    done = hands.repair("clear_inode_hog", facts)
    assert len(done.effects) == 90
    assert patient.shell("ls /srv/small/sessions").split() == ["fresh"]
    assert patient.shell("cat /srv/small/order") == "keep\n"


def test_a_read_only_mount_is_handed_over_with_advice(patient: Patient, hands: Hands) -> None:
    patient.shell("mount -o remount,bind,ro /srv")
    facts = hands.look("escalate_read_only_mount", mount="/srv")
    assert facts["mount_is_read_only"] is True
    assert facts["mount_is_meant_read_only"] is False
    assert hands.would("disk.used_percent", facts) == []


def test_the_root_of_the_patient_can_be_walked(hands: Hands) -> None:
    facts = hands.look("find_what_grows", mount="/")
    assert facts["mount"] == "/"
    assert isinstance(facts["used_bytes"], int)
