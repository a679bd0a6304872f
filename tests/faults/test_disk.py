"""Disks that fill, each cured by the one skill that fits, with canaries beside it."""

from __future__ import annotations

import time

import pytest

from core.alert import Signal
from core.check import Check
from tests.faults.ward import NAME, Ward
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


@pytest.mark.proves("clean_package_cache", fault="downloaded packages fill the file system of the package cache")
def test_downloaded_packages_go_and_what_else_lies_there_stays(ward: Ward) -> None:
    ward.shell("mount -t tmpfs -o size=64m t /var/cache && mkdir -p /var/cache/apt/archives/partial /var/cache/man")
    ward.plant("/var/cache/apt/archives/lock", "/var/cache/apt/archives/partial/next.deb", "/var/cache/man/index.db")
    ward.shell("cd /var/cache/apt/archives && for n in a b; do head -c 25000000 /dev/zero > ${n}_1.0_amd64.deb; done")
    ward.heals(
        "disk.used_percent:/var/cache",
        by="clean_package_cache",
        over=70,
        only=tuple(f"fs.delete /var/cache/apt/archives/{name}_1.0_amd64.deb" for name in "ab"),
    )


WRITER = """
import os, signal, time
def begin(*_):
    global log
    log = open("/srv/log/shop.log", "a")
begin(); signal.signal(signal.SIGHUP, begin)
if os.path.exists("/srv/wild"): log.write("x" * 50_000_000)
while True: print("order taken", file=log, flush=True); time.sleep(0.2)
"""


@pytest.fixture
def writing(ward: Ward) -> Ward:
    """A shop under its init script that writes a log into a directory of its own."""
    ward.patient.install_shop()
    ward.patient.write("/srv/shop.py", WRITER)
    ward.plant("/srv/orders.db", "/srv/log/auth.log.1", "/etc/app.conf", "/srv/shop.py")
    return ward


@pytest.mark.proves("calm_log_runaway", fault="a service fills the disk with its log")
def test_a_runaway_log_is_emptied_where_it_is_and_its_writer_restarted(writing: Ward) -> None:
    writing.shell("touch /srv/wild && /etc/init.d/shop start")
    assert eventually(lambda: writing.patient.used("/srv") > 49_000_000)
    inode = writing.shell("rm /srv/wild; stat -c %i /srv/log/shop.log")
    writing.heals(
        "disk.used_percent:/srv",
        by="calm_log_runaway",
        over=70,
        only=("fs.truncate /srv/log/shop.log", "service.restart shop"),
        restart=lambda: writing.shell("/etc/init.d/shop restart"),
    )
    assert writing.shell("stat -c %i /srv/log/shop.log") == inode
    assert "order taken" in writing.shell("tail -n 1 /srv/log/shop.log")


@pytest.mark.proves("reopen_rotated_log", fault="a log was rotated, and its service goes on writing to the old file")
def test_a_missed_rotation_is_made_up_for_before_anything_is_freed(writing: Ward) -> None:
    writing.shell("touch /srv/wild && /etc/init.d/shop start")
    assert eventually(lambda: writing.patient.used("/srv") > 49_000_000)
    writing.shell("rm /srv/wild; mv /srv/log/shop.log /srv/log/shop.log.1")
    pid = writing.shell("cat /run/shop.pid")
    report = writing.goes_on("disk.used_percent:/srv", over=70)
    assert [tried.partition(":")[0] for tried in report.tried] == ["reopen_rotated_log", "free_rotated_logs"]
    assert [action.text.partition(" (")[0] for action in report.actions] == [
        "service.reload shop",
        "fs.delete /srv/log/shop.log.1",
    ]
    writing.stays_quiet(Check(Signal.parse("disk.used_percent:/srv"), NAME, over=70))
    assert writing.shell("cat /run/shop.pid") == pid
    assert eventually(lambda: "order taken" in writing.shell("tail -n 1 /srv/log/shop.log"))


@pytest.mark.proves("restart_space_holder", fault="a service holds a deleted upload, which is no log")
def test_what_may_not_be_emptied_comes_free_by_a_restart(ward: Ward) -> None:
    ward.patient.install_shop()
    ward.patient.write(
        "/srv/shop.py",
        "import os, time\nheld = open('/srv/upload', 'w')\n"
        "held.write('x' * 50_000_000 * os.path.exists('/srv/wild'))\nheld.flush()\nos.unlink('/srv/upload')\ntime.sleep(600)\n",
    )
    ward.plant("/srv/orders.db", "/srv/log/app.log", "/srv/shop.py")
    ward.shell("touch /srv/wild && /etc/init.d/shop start")
    assert eventually(lambda: ward.patient.used("/srv") > 49_000_000)
    ward.shell("rm /srv/wild")
    ward.heals(
        "disk.used_percent:/srv",
        by="restart_space_holder",
        over=70,
        only=("service.restart shop",),
        restart=lambda: ward.shell("/etc/init.d/shop restart"),
    )


def test_a_read_only_file_system_is_left_to_people_and_is_not_remounted(ward: Ward) -> None:
    """A control: after an input or output error nothing but a check of the file system makes it safe to write again."""
    ward.plant("/srv/orders.db")
    ward.shell("head -c 50000000 /dev/zero > /srv/films && mount -o remount,bind,ro /srv")
    told = ward.leaves_alone("disk.used_percent:/srv", over=70)
    assert [str(incident.signal) for incident in told] == ["disk.used_percent:/srv"]
    assert " ro" in ward.shell("grep ' /srv ' /proc/mounts")
