"""Disks that fill, each cured by the one skill that fits, with canaries beside it."""

from __future__ import annotations

import time

import pytest

from tests.faults.ward import Ward
from tests.skills.patient import eventually

HOLDER = """
import sys, time
log = open("/srv/app.log", "w")
log.write("x" * 50_000_000); log.flush()
os.unlink("/srv/app.log")
time.sleep(600)
"""


@pytest.mark.proves("free_rotated_logs", fault="rotated logs fill a file system")
def test_rotated_logs_are_freed_but_not_the_live_one_nor_evidence(ward: Ward) -> None:
    ward.plant("/srv/orders.db", "/srv/log/app.log", "/srv/log/auth.log.1")
    ward.shell("cd /srv/log && for f in app.log.1 app.log.2; do head -c 26000000 /dev/zero > $f; done")
    ward.heals(
        "disk.used_percent:/srv",
        by="free_rotated_logs",
        over=70,
        only=("fs.delete /srv/log/app.log.1", "fs.delete /srv/log/app.log.2"),
    )


@pytest.mark.proves("truncate_deleted_open_file", fault="a deleted log is still held open and fills the disk")
def test_a_deleted_log_that_is_held_is_emptied_and_its_process_goes_on(ward: Ward) -> None:
    ward.plant("/srv/orders.db", "/srv/log/auth.log.1")
    pid = ward.patient.start(HOLDER)
    assert eventually(lambda: ward.patient.used("/srv") > 49_000_000)
    ward.heals("disk.used_percent:/srv", by="truncate_deleted_open_file", over=70)
    assert ward.shell(f"ls -d /proc/{pid}").strip() == f"/proc/{pid}"


@pytest.mark.proves("clear_inode_hog", fault="old session files use up the inodes")
def test_inodes_come_free_where_temporary_files_used_them_up(ward: Ward) -> None:
    ward.shell("mkdir /srv/small && mount -t tmpfs -o nr_inodes=128,size=1m t /srv/small && mkdir /srv/small/sessions")
    ward.shell("cd /srv/small/sessions && touch $(seq 1 105) && echo keep > ../order && cp -p ../order fresh")
    old = time.strftime("%Y%m%d%H%M", time.localtime(time.time() - 90_000))
    ward.shell(f"cd /srv/small/sessions && touch -t {old} $(seq 1 105)")
    ward.plant("/srv/small/order", "/srv/small/sessions/fresh", "/srv/orders.db")
    ward.heals("disk.inodes_percent:/srv/small", by="clear_inode_hog", over=70)
