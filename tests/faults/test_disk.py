"""Disks that fill, each cured by the one skill that fits, with canaries beside it."""

from __future__ import annotations

import pytest

from tests.faults.ward import Ward


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
