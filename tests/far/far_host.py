"""A real far host: OpenSSH's sshd and sudo in namespaces of their own, with small file systems and two ordinary users, gone after the test.

`look` is in the group adm and may do nothing else; `hand` may do what `sudoers` says. With `net=True` it has a network of its own too: sshd
is then reached over a veth subnet that stays when the default route goes.
"""

from __future__ import annotations

import ctypes
import os
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from adapters.host.namespace import Holder
from adapters.host.process_table import started
from tests.skills.patient import INIT, WITH_US, code_below, eventually

SSHD = "/usr/sbin/sshd"
PLACES = ("/etc", "/run", "/srv", "/var/log", "/var/lib", "/tmp", "/home")
LOOK, HAND = "look", "hand"
FAR_ADDRESS, GATEWAY = "10.77.0.2", "10.77.0.1"
PORT = 22
SUDOERS = """Defaults env_reset, use_pty, !lecture
Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
root ALL=(ALL:ALL) ALL
"""
SSHD_CONFIG = """Port {port}
ListenAddress {address}
HostKey /etc/ssh/host_key
PidFile /run/sshd.pid
AuthorizedKeysFile /etc/ssh/keys/%u
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes yes
LoginGraceTime 20
MaxSessions 10
"""


class FarHost:
    """One far host. `shell` is root over there, past sshd; everything else is reached as anybody reaches it."""

    def __init__(self, *, net: bool, python: bool) -> None:
        self._net = net
        self._children: list[subprocess.Popen[str]] = []
        self._sshd: subprocess.Popen[bytes] | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="nightshift-far-"))
        self._init = self._unshare("--mount", "--pid", "--uts", "--ipc", *(["--net"] if net else []), "--mount-proc")
        self._enter = ["nsenter", "--target", str(self._init), "--mount", "--pid", "--uts", "--ipc"]
        self._enter += ["--net", "--"] if net else ["--"]
        self.enter = Holder(self._init, started(self._init) or 0)
        self.look_key, self.hand_key = self._key(LOOK), self._key(HAND)
        self.known_hosts = self.folder / "known_hosts"
        self._furnish(python=python)
        self._forward = _Forward(self._lay_wire()) if net else None
        self.port = self._forward.port if self._forward else _free_port()
        address, port = (FAR_ADDRESS, PORT) if net else ("127.0.0.1", self.port)
        self.write("/etc/ssh/sshd_config", SSHD_CONFIG.format(address=address, port=port))
        self.change_host_key()
        self.trust()

    # ---- what a test does over there ---------------------------------------------------------------------------------------------

    def shell(self, script: str, seconds: float = 20.0) -> str:
        """Runs a script as root over there and returns what it prints; raises when it fails."""
        done = subprocess.run(
            [*self._enter, "sh", "-ec", script], capture_output=True, text=True, timeout=seconds, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def write(self, path: str, text: str) -> None:
        """A file over there, root's."""
        subprocess.run(
            [*self._enter, "sh", "-ec", 'mkdir -p "$(dirname "$1")"; cat > "$1"', "sh", path],
            input=text.encode(), check=True, timeout=20,
        )  # fmt: skip

    def sudoers(self, *lines: str) -> None:
        """What `hand` may do as root from now on: whole lines of a sudoers file, checked by visudo."""
        self.write("/etc/sudoers.d/hand", "".join(f"{line}\n" for line in lines))
        self.shell("chmod 440 /etc/sudoers.d/hand && visudo -cq")

    def commands(self) -> list[str]:
        """The command lines that run over there."""
        return self.shell("ps -eo args=").splitlines()

    def change_host_key(self) -> None:
        """A new host key, as after a reinstallation or on somebody else's machine; sshd is started anew. `known_hosts` stays as it is."""
        self.shell("rm -f /etc/ssh/host_key* && ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/host_key")
        self.stop()
        self.start()

    def trust(self) -> None:
        """Writes the key that the host has now into `known_hosts`."""
        kind, key = self.shell("cat /etc/ssh/host_key.pub").split()[:2]
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n")

    def start(self) -> None:
        """Starts sshd, and waits until it greets."""
        log = self.folder / "sshd.log"
        with log.open("ab") as out:
            self._sshd = subprocess.Popen(
                [*self._enter, SSHD, "-D", "-e"], stdout=out, stderr=out, stdin=subprocess.DEVNULL
            )
        assert eventually(self._greets, 10), log.read_text()[-500:]

    def stop(self) -> None:
        """Ends sshd and every connection to it."""
        self.shell(
            "for pid in $(pgrep -x sshd); do kill -9 $pid; done; while pgrep -x sshd >/dev/null; do sleep 0.02; done"
        )
        if self._sshd is not None:
            self._sshd.wait(10)  # nsenter ends as its sshd did; killed before, its sshd could still hold the port

    def close(self) -> None:
        """Ends everything over there."""
        if self._forward is not None:
            self._forward.close()
        for process in self._children:
            process.kill()
            process.communicate()
        if self._sshd is not None:
            self._sshd.kill()
            self._sshd.wait(10)
        shutil.rmtree(self.folder)

    # ---- how it is made ----------------------------------------------------------------------------------------------------------

    def _unshare(self, *flags: str) -> int:
        """A first process in new namespaces; returns its pid on this side."""
        words = [*WITH_US, "unshare", *flags, "--fork", "--kill-child", sys.executable, "-c", INIT]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._children.append(process)
        if process.stdout is None or process.stdout.readline() != "up\n":
            pytest.skip(f"namespaces are not to be had here: {process.communicate()[1]}")
        return int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])

    def _key(self, user: str) -> Path:
        path = self.folder / f"{user}_key"
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", user, "-f", str(path)], check=True, timeout=20
        )
        return path

    def _furnish(self, *, python: bool) -> None:
        """Small file systems of its own, its own accounts, keys and rules; without `python` no interpreter is to be found."""
        self.shell("mount -t tmpfs -o size=64m t /mnt && cp -a /etc /mnt/etc")
        aside = {path: f"/mnt/{n}" for n, path in enumerate(code_below(*PLACES))}
        for path, kept in aside.items():
            self.shell(f"mkdir {kept} && mount --bind '{path}' {kept}")
        for place in PLACES:
            self.shell(f"mount -t tmpfs -o size=64m,mode=755 t {place}")
        for path, kept in aside.items():
            self.shell(f"mkdir -p '{path}' && mount --bind {kept} '{path}' && umount {kept}")
        self.shell(
            "cp -a /mnt/etc/. /etc && umount /mnt && chmod 1777 /tmp && hostname far && rm -rf /etc/ssh /etc/sudoers.d/*"
            " && mkdir -p /etc/ssh/keys /run/sshd /run/lock /etc/init.d"
            " && { getent passwd sshd >/dev/null || echo 'sshd:x:2000:65534::/run/sshd:/usr/sbin/nologin' >> /etc/passwd; }"
        )
        self.write("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 far\n")
        self.write("/etc/sudoers", f"{SUDOERS}@includedir /etc/sudoers.d\n")
        self.shell("chmod 440 /etc/sudoers")
        for user, uid, key in ((LOOK, 2001, self.look_key), (HAND, 2002, self.hand_key)):
            public = key.with_suffix(".pub").read_text()
            self.write(f"/etc/ssh/keys/{user}", f"restrict {public}")
            self.shell(
                f"echo '{user}:x:{uid}:{uid}::/home/{user}:/bin/bash' >> /etc/passwd; echo '{user}:x:{uid}:' >> /etc/group;"
                f"echo '{user}:*:19000:0:99999:7:::' >> /etc/shadow; install -d -m 700 -o {uid} -g {uid} /home/{user};"
                f"install -d -m 700 -o {uid} -g {uid} /run/user/{uid}"
            )
        self.shell(f"sed -i 's/^adm:.*/&,{LOOK}/; s/:,/:/' /etc/group")
        if not python:
            self.shell(
                "for p in /usr/bin/python3* /usr/local/bin/python3*; do [ -f $p ] && mount --bind /dev/null $p; done; true"
            )

    def _lay_wire(self) -> str:
        """A veth pair to a second network, which is the host's gateway; returns the path of that network's namespace."""
        gateway = self._unshare("--net", "--pid", "--mount", "--mount-proc")
        there = ["nsenter", "--target", str(gateway), "--net", "--"]
        for words in (
            f"ip link add gw type veth peer name eth0 netns {self._init}",
            f"ip addr add {GATEWAY}/24 dev gw",
            "ip link set gw up",
            "ip link set lo up",
        ):
            subprocess.run([*there, *words.split()], check=True, timeout=20)
        self.shell(
            f"ip link set lo up; ip addr add {FAR_ADDRESS}/24 dev eth0; ip link set eth0 up; ip route add default via {GATEWAY}"
        )
        return f"/proc/{gateway}/ns/net"

    def _greets(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 2) as line:
            line.settimeout(2)
            return line.recv(4) == b"SSH-"
        return False


class _Forward:
    """Listens on this machine's loopback, and connects to the far host from inside the gateway's network."""

    def __init__(self, network: str) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._network = os.open(network, os.O_RDONLY)
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Every line is closed."""
        self._stop.close()
        self._thread.join(5)
        self._stopped.close()
        self._listener.close()
        os.close(self._network)

    def _serve(self) -> None:
        _enter_network(self._network)  # this thread alone; what it has open stays where it was made
        ends: dict[socket.socket, socket.socket] = {}
        with selectors.DefaultSelector() as selector:
            for one in (self._listener, self._stopped):
                selector.register(one, selectors.EVENT_READ)
            while True:
                for ready in [key.fileobj for key, _ in selector.select()]:
                    assert isinstance(ready, socket.socket)
                    if ready is self._stopped:
                        for end in ends:
                            end.close()
                        return
                    if ready is self._listener:
                        self._accept(selector, ends)
                    elif ready in ends:
                        _pass_on(selector, ends, ready)

    def _accept(self, selector: selectors.BaseSelector, ends: dict[socket.socket, socket.socket]) -> None:
        near, _ = self._listener.accept()
        try:
            far = socket.create_connection((FAR_ADDRESS, PORT), 2)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        ends[near], ends[far] = far, near
        for end in (near, far):
            selector.register(end, selectors.EVENT_READ)


def _pass_on(selector: selectors.BaseSelector, ends: dict[socket.socket, socket.socket], ready: socket.socket) -> None:
    data = b""
    with suppress(OSError):
        data = ready.recv(65536)
        ends[ready].sendall(data)
    if data:
        return
    for end in (ready, ends[ready]):
        selector.unregister(end)
        del ends[end]
        end.close()


def _enter_network(network: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(network, 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def far_host(*, net: bool = False, python: bool = True) -> Iterator[FarHost]:
    """A far host, or a skipped test with the reason."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    missing = [program for program in (SSHD, "sudo", "ssh-keygen", "unshare") if not shutil.which(program)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: ./nightshift --yes test")
    made = FarHost(net=net, python=python)
    try:
        yield made
    finally:
        made.close()
