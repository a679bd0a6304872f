"""Whole nights with a team's own script: proposed for its signal, approved, run, verified; refused the moment its content is another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from adapters.sandbox.bubblewrap import BubblewrapSandbox
from core.action import Action
from core.capability import Risk
from core.incident import Ending
from tests.faults.ward import NAME, Ward, ward_of
from tests.skills.patient import Patient

SIGNAL = "http.failed:http://127.0.0.1:8080/health"
ROLLBACK, FORWARD = "/usr/local/sbin/rollback.sh", "/usr/local/sbin/forward.sh"
SERVER = """
import functools, http.server as h
h.HTTPServer(("127.0.0.1", 8080), functools.partial(h.SimpleHTTPRequestHandler, directory="/srv/www")).serve_forever()
"""


@pytest.fixture
def ward() -> Iterator[Ward]:
    patient, sandbox = Patient(), BubblewrapSandbox(warm=1)
    try:
        patient.furnish()
        with ward_of(patient, sandbox) as made:
            made.shell("mount -t tmpfs -o size=4m,mode=755 t /usr/local/sbin && mkdir /srv/www && chmod 755 /srv/www")
            patient.write(ROLLBACK, '#!/bin/bash\nset -e\necho "$1" > /srv/www/health\necho rolled back\n')
            patient.write(FORWARD, "#!/bin/bash\nrm /srv/www/health\n")
            made.shell(f"chmod 755 {ROLLBACK} {FORWARD}")
            patient.start(SERVER)
            made.actions = (action(made),)
            yield made
    finally:
        patient.close()
        sandbox.close()


def action(ward: Ward, risk: Risk = Risk.MEDIUM) -> Action:
    files = tuple((path, ward.shell(f"sha256sum < {path}").split()[0]) for path in (FORWARD, ROLLBACK))
    return Action("rollback-api", (ROLLBACK, "api"), risk, ("http.failed",), (FORWARD,), hosts=(NAME,), files=files)


def test_it_is_proposed_approved_run_and_verified(ward: Ward) -> None:
    ward.plant("/srv/orders.db", ROLLBACK)
    ward.heals(SIGNAL, by="rollback_api", only=(f"exec {ROLLBACK} api",))
    assert ward.shell("cat /srv/www/health") == "api\n"


def test_its_card_says_what_is_stated_and_how_it_is_taken_back(ward: Ward) -> None:
    asked = ward.card(SIGNAL).proposal
    assert asked is not None
    assert asked.risk is Risk.MEDIUM
    assert [(str(one), one.is_reversible) for one in asked.plan] == [(f"exec {ROLLBACK} api", True)]
    assert asked.plan[0].content == ward.actions[0].content


def test_another_content_between_the_card_and_the_run_is_refused(ward: Ward) -> None:
    ward.card(SIGNAL)
    ward.shell(f"echo 'touch /srv/owned' >> {ROLLBACK}")
    report = ward.goes_on(SIGNAL)
    assert report.ending is not Ending.FIXED
    assert ward.shell("ls /srv").split() == ["www"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (f"chmod 777 {ROLLBACK}", "can be changed by others"),
        (f"mv {ROLLBACK} /usr/local/sbin/x && ln -s /usr/local/sbin/x {ROLLBACK}", "a link"),
        (f"rm {ROLLBACK}", "is not there"),
        ("chmod 777 /usr/local/sbin", "can be changed by others"),
        (f"truncate -s 2M {ROLLBACK}", "is larger"),
        (f"echo >> {ROLLBACK}", "is not what was adopted"),
    ],
)
def test_what_is_not_as_adopted_does_not_run(ward: Ward, change: str, why: str) -> None:
    ward.shell(change)
    report = ward.goes_on(SIGNAL)
    assert report.ending is not Ending.FIXED
    assert why in str(report) + str(ward.store.audit.tail(50))
    assert ward.shell("ls /srv/www") == ""


def test_what_made_it_worse_is_taken_back_by_its_own_undo(ward: Ward) -> None:
    ward.patient.write(ROLLBACK, "#!/bin/bash\ntouch /srv/www/half\n")
    ward.patient.write(FORWARD, "#!/bin/bash\nrm /srv/www/half\n")
    ward.actions = (action(ward),)
    report = ward.goes_on(SIGNAL)
    assert report.ending is not Ending.FIXED
    assert ward.shell("ls /srv/www") == ""


def test_elsewhere_it_is_not_even_proposed(ward: Ward) -> None:
    ward.actions = (replace(ward.actions[0], hosts=("another",)),)
    assert ward.leaves_alone(SIGNAL)
