"""A real cron with a table that it cannot read, a file that it passes over, and jobs that pile up."""

from __future__ import annotations

import shutil

import pytest

from adapters.sandbox.bubblewrap import BubblewrapSandbox
from tests.faults.ward import Ward
from tests.skills.hands import Hands
from tests.skills.patient import eventually

pytestmark = pytest.mark.skipif(not shutil.which("cron"), reason="needs Debian's package cron")


@pytest.fixture
def hands(ward: Ward, sandbox: BubblewrapSandbox) -> Hands:
    return Hands(ward.patient.host, sandbox)


def test_a_wrong_line_and_a_file_that_is_passed_over_are_found(ward: Ward, hands: Hands) -> None:
    ward.patient.write("/etc/cron.d/shop", "*/5 * * * root /srv/shop/job\n0 3 * * * root /srv/shop/night\n")
    ward.patient.write("/etc/cron.d/shop.sh", "0 4 * * * root /srv/shop/other\n")
    ward.patient.write("/etc/crontab", "SHELL=/bin/sh\n17 * * * * root cd / && true\n")
    ward.shell("mkdir -p /var/spool/cron/crontabs; cron")
    assert eventually(lambda: bool(hands.look("look_at_cron")["cron_is_running"]))
    facts = hands.look("look_at_cron")
    assert (facts["cron_jobs"], facts["cron_first_mistake"], facts["cron_ignored_files"]) == (
        2,
        "/etc/cron.d/shop:1",
        1,
    )


def test_jobs_that_pile_up_are_found_by_their_parent(ward: Ward, hands: Hands) -> None:
    job = "import os, time\nos.path.exists('/proc/self/comm') and open('/proc/self/comm', 'w').write('cron')\n"
    ward.patient.start(
        f"{job}import subprocess\n[subprocess.Popen(['/bin/sleep', '60']) for _ in range(3)]\ntime.sleep(60)"
    )
    assert eventually(lambda: hands.look("find_overlapping_jobs").get("job_copies") == 3)
    assert hands.look("find_overlapping_jobs")["job_overlaps"] is True
