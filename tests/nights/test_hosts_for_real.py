"""A host over SSH as a person adds it: real sshd, real sudo, the lines that are printed, and what becomes of it when one is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bench.up_child import free_port
from tests.bot.machine import Machine
from tests.far.far_host import SSHD, FarHost, far_host
from tests.skills.patient import eventually
from tests.source_tree import ROOT

pytestmark = [pytest.mark.root, pytest.mark.needs("sshd", "sudo", "visudo", "ssh-keygen")]

SHOP = """#!/bin/sh
PID=/run/shop.pid
case "$1" in
start) start-stop-daemon --start --background --make-pidfile --pidfile $PID --startas /bin/sleep -- 1000 ;;
stop) start-stop-daemon --stop --oknodo --remove-pidfile --pidfile $PID ;;
restart) "$0" stop && "$0" start ;;
*) exit 2 ;;
esac
"""
RESTART = ("run", "restart_service", "--host", "web-1", "service=shop")


@dataclass
class Added:
    """A machine of ours, a far host with a shop, and what is typed."""

    machine: Machine
    far: FarHost

    def type(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.machine.type(*words)

    @property
    def fingerprint(self) -> str:
        return self.far.shell("ssh-keygen -lf /etc/ssh/host_key.pub").split()[1]

    def add(self) -> dict[str, list[str]]:
        """Adds it with the key that it has, and returns what is printed."""
        run = self.type("hosts", "add", "web-1", "--fingerprint", self.fingerprint, "--json")
        assert run.returncode == 0, run.stderr
        printed: dict[str, list[str]] = json.loads(run.stdout)
        return printed

    def set_up(self) -> None:
        """Everything that is printed is done over there."""
        printed = self.add()
        self.far.shell("\n".join((*printed["accounts"], *printed["rules"])))

    def crash(self) -> None:
        self.far.shell("kill -9 $(cat /run/shop.pid)")

    @property
    def is_running(self) -> bool:
        return "/bin/sleep 1000" in self.far.commands()

    def audited(self, kind: str) -> list[dict[str, object]]:
        rows = self.machine.data("audit", "tail", "-n", "200")
        assert isinstance(rows, list)
        return [row for row in rows if row["kind"] == kind]


@contextmanager
def added(folder: Path) -> Iterator[Added]:
    home = folder / "var"
    home.mkdir(mode=0o700)
    with far_host() as far:
        far.shell("sed -i 's,^AuthorizedKeysFile.*,AuthorizedKeysFile .ssh/authorized_keys,' /etc/ssh/sshd_config")
        far.write("/etc/init.d/shop", SHOP)
        far.shell("chmod 755 /etc/init.d/shop && /etc/init.d/shop start")
        far.stop()
        far.start()
        (home / "nightshift.toml").write_text(
            f'[server]\nport = {free_port()}\n[hosts.web-1]\nreach = "ssh"\naddress = "127.0.0.1"\nport = {far.port}\n'
            'groups = ["web"]\n[groups.web]\nmode = "approve"\n'
            '[[checks]]\nsignal = "process.down:shop"\nhosts = ["web-1"]\nevery = "1s"\n'
        )
        yield Added(Machine(home, folder / "key"), far)


def test_a_host_is_added_set_up_as_printed_and_repaired_by_its_hand_through_sudo(tmp_path: Path) -> None:
    with added(tmp_path) as night:
        night.set_up()
        checked = night.type("hosts", "check", "web-1")
        assert (checked.returncode, "none missing" in checked.stdout) == (0, True), checked.stdout
        night.crash()
        assert not night.is_running
        run = night.type(*RESTART)
        assert (run.returncode, "restart service shop" in run.stdout) == (0, True), run.stdout + run.stderr
        assert eventually(lambda: night.is_running, 5)
        (outcome,) = night.audited("outcome")
        body = outcome["body"]
        assert isinstance(body, dict)
        assert (body["ok"], body["result"], body["undo"]) == (True, "/etc/init.d/shop restart", "stop")
        (host,) = night.audited("host.added")
        assert host["body"] == {"by": f"os:{os.geteuid()}", "key": night.fingerprint}
        assert not [line for line in night.far.commands() if line.startswith("sshd: nightshift")], (
            "somebody is still connected"
        )


def test_our_keys_are_ours_alone_and_whoever_looks_may_do_nothing(tmp_path: Path) -> None:
    with added(tmp_path) as night:
        night.set_up()
        home = night.machine.home
        assert [one.stat().st_mode & 0o777 for one in (*(home / "keys").iterdir(), home / "known_hosts")] == [0o600] * 3
        night.far.shell("su -s /bin/sh nightshift-look -c 'sudo -n /etc/init.d/shop restart' && exit 1 || true")
        night.far.shell("su -s /bin/sh nightshift-hand -c 'sudo -n /etc/init.d/shop status' && exit 1 || true")
        night.far.shell("su -s /bin/sh nightshift-hand -c 'sudo -n /etc/init.d/shop restart extra' && exit 1 || true")
        night.far.shell("su -s /bin/sh nightshift-hand -c 'sudo -n /etc/init.d/shop restart'")
        (home / "keys" / "web-1.hand").chmod(0o644)
        assert "others can read the key" in night.type("status").stderr + night.type("hosts", "check", "web-1").stdout
        assert "others can read the key" in night.type(*RESTART).stderr


def test_a_line_that_is_missing_is_said_and_nothing_is_done(tmp_path: Path) -> None:
    with added(tmp_path) as night:
        night.set_up()
        night.far.shell("sed -i '/restart/d' /etc/sudoers.d/nightshift && visudo -cq")
        checked = night.type("hosts", "check", "web-1")
        assert checked.returncode == 1
        assert "nightshift-hand ALL=(root) NOPASSWD: /etc/init.d/shop restart" in checked.stdout.splitlines()
        night.crash()
        run = night.type(*RESTART)
        assert "restart service shop (failed)" in run.stderr
        (outcome,) = night.audited("outcome")
        said = "not done: denied: sudo on web-1 does not allow: /etc/init.d/shop restart; `nightshift hosts add web-1` prints the line"
        assert outcome["body"]["result"] == said  # type: ignore[index] # JSON
        assert not night.is_running


def test_what_is_found_there_is_said_in_the_language_of_whoever_asks(tmp_path: Path) -> None:
    with added(tmp_path) as night:
        night.set_up()
        settings = night.machine.home / "nightshift.toml"
        settings.write_text(f'language = "zh"\n{settings.read_text()}')
        checked = night.type("hosts", "check", "web-1")
        assert (checked.returncode, "一条不缺" in checked.stdout) == (0, True), checked.stdout
        assert "nightshift-hand 的身份连上了" in checked.stdout


def test_rules_that_give_more_than_was_asked_for_are_named(tmp_path: Path) -> None:
    with added(tmp_path) as night:
        night.set_up()
        night.far.shell("sed -i 's/use_pty/!use_pty/' /etc/sudoers.d/nightshift && visudo -cq")
        night.far.shell(
            "echo 'nightshift-hand ALL=(root) NOPASSWD: /bin/ls *' >> /etc/sudoers.d/nightshift && visudo -cq"
        )
        checked = night.type("hosts", "check", "web-1")
        assert "add to /etc/sudoers.d/nightshift: Defaults:nightshift-hand use_pty" in checked.stdout
        assert "more there as root than single commands to the letter: /bin/ls *" in checked.stdout


def test_a_key_is_never_accepted_silently_and_a_changed_one_not_at_all(tmp_path: Path) -> None:
    with added(tmp_path) as night:
        unasked = night.type("hosts", "add", "web-1")
        assert (unasked.returncode, night.fingerprint in unasked.stderr) == (2, True)
        wrong = night.type("hosts", "add", "web-1", "--fingerprint", "SHA256:" + "A" * 43)
        assert (wrong.returncode, "nothing was accepted" in wrong.stderr) == (1, True)
        assert not (night.machine.home / "known_hosts").exists()
        night.set_up()
        before = night.fingerprint
        night.far.change_host_key()
        assert "has CHANGED" in night.type("hosts", "check", "web-1").stdout
        assert "nightshift hosts trust web-1" in night.type("hosts", "add", "web-1").stderr
        night.crash()
        run = night.type(*RESTART)
        assert "has CHANGED" in run.stdout + run.stderr
        assert not night.is_running
        assert night.type("hosts", "trust", "web-1").returncode == 2
        assert night.type("hosts", "trust", "web-1", "--fingerprint", night.fingerprint).returncode == 0
        (row,) = night.audited("host.trusted")
        assert (row["body"]["key"], row["body"]["before"]) == (night.fingerprint, before)  # type: ignore[index] # JSON
        assert night.type("hosts", "check", "web-1").returncode == 0


def test_a_host_that_is_down_is_said_and_forgotten_when_it_is_removed(tmp_path: Path) -> None:
    with added(tmp_path) as night:
        night.set_up()
        night.far.stop()
        assert "cannot be reached" in night.type("hosts", "list", "--check").stdout
        assert night.type("status").returncode == 0
        assert "cannot be reached" in night.type("doctor").stdout
        removed = night.type("hosts", "remove", "web-1")
        assert "userdel --remove nightshift-hand" in removed.stdout
        assert list((night.machine.home / "keys").iterdir()) == []
        assert (night.machine.home / "known_hosts").read_text() == ""


HERE = """Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile /run/authorized
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
"""


def test_this_machine_under_another_name_is_recognised(tmp_path: Path) -> None:
    home, port = tmp_path / "var", free_port()
    home.mkdir(mode=0o700)
    tmp_path.chmod(0o755)
    for name in ("host_key", "look"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True)
    (tmp_path / "authorized").write_text((tmp_path / "look.pub").read_text())
    (tmp_path / "sshd_config").write_text(HERE.format(port=port, folder=tmp_path))
    (home / "nightshift.toml").write_text(
        f'[hosts.alias]\nreach = "ssh"\naddress = "127.0.0.1"\nport = {port}\nuser = "nobody"\nhand = ""\nkey = "{tmp_path}/look"\n'
    )
    words = ["mount -t tmpfs t /run", "mkdir /run/sshd", f"cp {tmp_path}/authorized /run"]
    words += ["sed 's,/usr/sbin/nologin,/bin/sh,' /etc/passwd > /run/passwd", "mount --bind /run/passwd /etc/passwd"]
    words += [f"exec {SSHD} -D -e -f {tmp_path}/sshd_config"]
    with subprocess.Popen(["unshare", "--mount", "sh", "-ec", " && ".join(words)], stderr=subprocess.PIPE) as sshd:
        try:
            machine = Machine(home, tmp_path / "key")
            shown = subprocess.run(
                ["ssh-keygen", "-lf", str(tmp_path / "host_key.pub")], capture_output=True, text=True, check=True
            )
            expected = ("hosts", "add", "alias", "--fingerprint", shown.stdout.split()[1])
            assert eventually(lambda: machine.type(*expected).returncode == 0, 20)
            checked = machine.type("hosts", "check", "alias")
        finally:
            sshd.terminate()
    assert "alias is this machine; use localhost" in checked.stdout
    assert checked.returncode == 1


@pytest.mark.parametrize(("typed", "code"), [("yes", 0), ("no", 1), ("", 1)], ids=["yes", "no", "nothing"])
def test_a_person_at_a_terminal_sees_the_fingerprint_and_is_asked(tmp_path: Path, typed: str, code: int) -> None:
    with added(tmp_path) as night:
        ours, theirs = os.openpty()
        command = [sys.executable, "-m", "bot", "hosts", "add", "web-1"]
        with subprocess.Popen(
            command, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, env=night.machine.environment, cwd=ROOT
        ) as asked:
            shown = b""
            while b"Type yes" not in shown:
                shown += os.read(ours, 4096)
            os.write(ours, f"{typed}\n".encode())
            printed = asked.communicate(timeout=60)[0].decode()
        assert (asked.returncode, "useradd" in printed) == (code, code == 0)
        assert night.fingerprint in shown.decode()
        assert (night.machine.home / "known_hosts").exists() == (code == 0)
