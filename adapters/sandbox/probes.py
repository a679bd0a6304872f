"""The sandbox's self-test: skills that try to get out, and one that only does its work. None of them harms where one does get out."""

from __future__ import annotations

import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from core.errors import UnavailableError
from core.guest import GuestRun
from core.ports import Sandbox
from core.world import Json

HEAD = """
import os, ctypes
from core.skill import Host, Outcome

def worked(*attempts):
    found = []
    for name, attempt in attempts:
        try:
            result = attempt()
        except (OSError, ImportError, AttributeError):
            continue
        if result is not None and not (isinstance(result, int) and result < 0):
            found.append(name)
    return Outcome(ok=not found, summary=", ".join(found))
"""

HONEST = """
from core.skill import Host, Outcome

def run(host: Host, question: str) -> Outcome:
    return Outcome(ok=True, summary="asked", facts={"answer": host.read(question)})
"""

FILES = """
def run(host: Host, canary: str, ours: list[str]) -> Outcome:
    def told():
        with open("/proc/1/environ", "rb") as file:
            found = {word.partition(b"=")[0].decode() for word in file.read().split(b"\\0")}
        return found & set(ours) or None
    files = (canary, "/etc/passwd", "/etc/shadow", "/proc/1/mem", "/proc/self/mem", "/proc/kcore", "/proc/sysrq-trigger", "/dev/mem")
    folders = ("/etc", "/root", "/home", "/sys", os.path.dirname(canary))
    return worked(
        *((path, lambda path=path: os.read(os.open(path, os.O_RDONLY), 1) or None) for path in files),
        *((path, lambda path=path: os.listdir(path) or None) for path in folders),
        ("environment: " + " ".join(os.environ), lambda: list(os.environ) or None),
        ("environment of process 1", told),
    )
"""

NETWORK = """
def run(host: Host, port: int) -> Outcome:
    import socket
    return worked(
        ("a connection", lambda: socket.create_connection(("127.0.0.1", port), 1)),
        ("a TCP socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)),
        ("a unix socket", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)),
        ("netlink", lambda: socket.socket(16, socket.SOCK_RAW)),
        ("vsock", lambda: socket.socket(40, socket.SOCK_STREAM)),
    )
"""

PROCESSES = """
def run(host: Host, pid: int) -> Outcome:
    libc = ctypes.CDLL(None)
    return worked(
        ("fork", os.fork),
        ("exec", lambda: libc.execve(b"/bin/sh", None, None)),
        ("a signal", lambda: libc.kill(pid, 0)),
        ("ptrace", lambda: libc.ptrace(16, pid, 0, 0)),
        ("a namespace", lambda: libc.unshare(0x10000000)),
        ("a memory file", lambda: libc.memfd_create(b"x", 0)),
    )
"""

WRITES = """
def run(host: Host, canary: str) -> Outcome:
    def write(path):
        return os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    places = ["/", "/usr", "/lib", "/dev", "/dev/shm", "/tmp", "/var/tmp", "/run", os.path.dirname(os.__file__), os.path.dirname(canary)]
    files = [canary, "/guest.py", os.__file__, *(place + "/nightshift-probe" for place in places)]
    return worked(*((file, lambda file=file: write(file)) for file in files))
"""

FORGED = """
def run(host: Host) -> Outcome:
    body = b'{"result":{"ok":true}}'
    for fd in range(3, 64):
        try:
            os.write(fd, len(body).to_bytes(4, "big") + body)
        except OSError:
            continue
    return Outcome(ok=True, summary="forged frames were taken")
"""

MEMORY = """
def run(host: Host) -> Outcome:
    hoard = [bytearray(1 << 20) for _ in range(1024)]
    return Outcome(ok=False, summary=f"{len(hoard)} MiB")
"""

CANARY = "a canary"


@dataclass(frozen=True, slots=True)
class Probe:
    """One skill and how its run must end."""

    name: str
    source: str
    expected: str
    parameters: tuple[tuple[str, Json], ...] = ()


def reasons(sandbox: Sandbox) -> tuple[str, ...]:
    """Runs them all; a sandbox that cannot start has one reason, which says what to do."""
    try:
        return _found(sandbox)
    except UnavailableError as error:
        return (str(error),)
    except OSError as error:
        return (f"the sandbox cannot be tried: {error}",)


def _found(sandbox: Sandbox) -> tuple[str, ...]:
    in_memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - every disk may be full
    with socket.create_server(("127.0.0.1", 0)) as server, tempfile.TemporaryDirectory(dir=in_memory) as place:
        server.setblocking(False)
        canary = Path(place, "canary")
        canary.write_text(CANARY)
        for path, mode in ((Path(place), 0o777), (canary, 0o666)):  # nothing but the sandbox stands in the way
            path.chmod(mode)
        probes = _probes(server.getsockname()[1], canary)
        found = [reason for probe in probes if (reason := _problem(sandbox, probe))]
        return (*found, *_seen_outside(server, canary))


def _probes(port: int, canary: Path) -> tuple[Probe, ...]:
    return (
        Probe("honest", HONEST, "done", (("question", "/probe"),)),
        Probe("files", HEAD + FILES, "done", (("canary", str(canary)), ("ours", _ours()))),
        Probe("network", HEAD + NETWORK, "done", (("port", port),)),
        Probe("processes", HEAD + PROCESSES, "done", (("pid", os.getpid()),)),
        Probe("writes", HEAD + WRITES, "done", (("canary", str(canary)),)),
        Probe("forged frames", HEAD + FORGED, "protocol"),
        Probe("memory", HEAD + MEMORY, "memory"),
    )


def _ours() -> list[Json]:
    """Names in our environment that no container has of itself."""
    return [*sorted(set(os.environ) - {"PATH", "HOSTNAME", "HOME", "PWD", "LD_LIBRARY_PATH"})]


def _problem(sandbox: Sandbox, probe: Probe) -> str:
    result = sandbox.run(GuestRun("probe", probe.source, dict(probe.parameters), 10.0), _answer)
    if result.status != probe.expected:
        return f"the probe {probe.name!r} ended as {result.status}: {result.error or result.summary}"
    if result.status == "done" and not result.ok:
        return f"the probe {probe.name!r} got through: {result.summary}"
    if probe.source == HONEST and result.facts != {"answer": "/probe answered"}:
        return f"the probe {probe.name!r} got a wrong answer"
    return ""


def _answer(method: str, args: dict[str, Json]) -> Json:
    return f"{args.get('path')} answered" if method == "fs.read" else None


def _seen_outside(server: socket.socket, canary: Path) -> tuple[str, ...]:
    """What can be seen from here counts more than what a guest says."""
    found: tuple[str, ...] = ()
    if canary.read_text() != CANARY or [path.name for path in canary.parent.iterdir()] != [canary.name]:
        found = ("a probe wrote a file of this machine",)
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return found
    return (*found, "a probe reached a port of this machine")
