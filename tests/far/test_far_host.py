"""The far host itself: a stranger's machine with OpenSSH's own client at its door."""

from __future__ import annotations

import subprocess

import pytest

from tests.far.far_host import FarHost, far_host

pytestmark = [pytest.mark.root, pytest.mark.needs("sshd", "sudo", "ssh")]


def ssh(far: FarHost, user: str, *words: str) -> subprocess.CompletedProcess[str]:
    key = {"look": far.look_key, "hand": far.hand_key}[user]
    options = [
        "-F",
        "none",
        "-o",
        f"UserKnownHostsFile={far.known_hosts}",
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        "BatchMode=yes",
    ]
    return subprocess.run(
        ["ssh", *options, "-i", str(key), "-p", str(far.port), f"{user}@127.0.0.1", *words],
        capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.parametrize("net", [False, True], ids=["loopback", "own network"])
def test_both_users_enter_and_only_the_hand_may_do_what_sudo_says(net: bool) -> None:
    with far_host(net=net) as far:
        assert ssh(far, "look", "id").stdout.startswith("uid=2001(look)")
        assert "adm" in ssh(far, "look", "id").stdout
        assert ssh(far, "hand", "sudo", "-n", "/usr/bin/id", "-u").returncode != 0
        far.sudoers("hand ALL=(root) NOPASSWD: /usr/bin/id -u")
        assert ssh(far, "hand", "sudo", "-n", "/usr/bin/id", "-u").stdout.strip() == "0"
        assert ssh(far, "hand", "sudo", "-n", "/usr/bin/id").returncode != 0
        assert ssh(far, "look", "sudo", "-n", "/usr/bin/id", "-u").returncode != 0


def test_the_way_there_stays_when_the_default_route_goes() -> None:
    with far_host(net=True) as far:
        far.shell("ip route del default")
        assert ssh(far, "look", "ip", "route").stdout.startswith("10.77.0.0/24")


def test_a_changed_host_key_is_seen_and_sshd_comes_and_goes() -> None:
    with far_host() as far:
        far.stop()
        assert ssh(far, "look", "id").returncode == 255
        far.change_host_key()
        assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in ssh(far, "look", "id").stderr
        far.trust()
        assert ssh(far, "look", "id").returncode == 0


def test_a_host_without_python_has_none() -> None:
    with far_host(python=False) as far:
        assert ssh(far, "look", "python3", "-V").returncode == 126
