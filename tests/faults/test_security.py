"""Security lookers on a real host: what they find is there, what they were not shown is not, and nothing they look at changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.sandbox.bubblewrap import BubblewrapSandbox
from tests.faults.ward import Ward
from tests.skills.hands import Hands
from tests.skills.patient import eventually

NC = "import http.server as h; print(1, flush=True); h.HTTPServer(('0.0.0.0', 4444), h.BaseHTTPRequestHandler).serve_forever()"


@pytest.fixture
def hands(ward: Ward, sandbox: BubblewrapSandbox) -> Hands:
    return Hands(ward.patient.host, sandbox)


def test_a_guessed_password_is_found_and_the_evidence_stays(ward: Ward, hands: Hands) -> None:
    failed = "Nov 22 03:00:0{n} h sshd[9]: Failed password for root from 198.51.100.7 port {n} ssh2\n"
    got_in = "Nov 22 03:01:00 h sshd[9]: Accepted password for root from 198.51.100.7 port 9 ssh2\n"
    ward.patient.write("/var/log/auth.log", "".join(failed.format(n=n) for n in range(1, 8)) + got_in)
    before = ward.shell("stat -c '%s %Y %a' /var/log/auth.log; sha256sum /var/log/auth.log")
    facts = hands.look("find_failed_logins")
    assert (facts["failed_logins"], facts["guessed_login"]) == (7, "root from 198.51.100.7")
    assert ward.shell("stat -c '%s %Y %a' /var/log/auth.log; sha256sum /var/log/auth.log") == before


@pytest.mark.root  # else /root is another's
def test_a_list_of_keys_is_told_by_its_outside(ward: Ward, hands: Hands) -> None:
    ward.shell("mount -t tmpfs t /home && mkdir -p /home/li/.ssh")
    ward.shell("echo ssh-ed25519 AAAA > /home/li/.ssh/authorized_keys; chmod 664 /home/li/.ssh/authorized_keys")
    facts = hands.look("look_at_login_keys")
    assert (facts["loose_key_lists"], facts["newest_key_list"]) == (1, "/home/li/.ssh/authorized_keys")
    assert "AAAA" not in str(facts)


@pytest.mark.skipif(not Path("/usr/bin/dpkg").exists(), reason="needs dpkg")
def test_a_program_that_was_replaced_is_found_by_its_package(ward: Ward, hands: Hands) -> None:
    stanza = (
        "Package: tool\nStatus: install ok installed\nArchitecture: all\nVersion: 1\nMaintainer: x\nDescription: x\n"
    )
    ward.shell("mkdir -p /var/lib/dpkg/info /var/lib/dpkg/updates /srv/bin; echo real > /srv/bin/tool")
    ward.patient.write("/var/lib/dpkg/status", stanza)
    ward.shell(
        "cd /; md5sum srv/bin/tool > /var/lib/dpkg/info/tool.md5sums; printf '/.\\n/srv/bin/tool\\n' > /var/lib/dpkg/info/tool.list"
    )
    assert hands.look("find_changed_system_files", package="tool")["changed_programs"] == 0
    ward.shell("echo false > /srv/bin/tool")
    assert hands.look("find_changed_system_files", package="tool")["first_changed_program"] == "/srv/bin/tool"


def test_a_program_that_runs_as_root_is_found(ward: Ward, hands: Hands) -> None:
    ward.shell("mount -t tmpfs t /opt && cp /bin/true /opt/.x && chmod 4755 /opt/.x")
    assert hands.look("find_new_suid_files")["unusual_suid_files"] != 0


def test_a_port_is_open_with_the_program_behind_it(ward: Ward, hands: Hands) -> None:
    ward.patient.start(NC)
    assert eventually(lambda: "4444" in ward.shell("ss -Hltn"))
    assert hands.look("find_new_listeners")["listeners"] == 1
