"""The oracle of the hostile suite: what stands outside the sandbox and must be untouched, whatever a guest says of itself."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core.world import Json

SECRET = "NIGHTSHIFT-CANARY-5e1f"
ABSTRACT = "\0nightshift-canary"
GROWTH = 64 << 20


@dataclass
class Outside:
    """Canaries: a readable and writable file, a variable, listening sockets, a process, and our own memory."""

    place: Path
    listeners: tuple[socket.socket, ...]
    sentinel: subprocess.Popen[bytes]
    peak: int = 0
    loot: list[str] = field(default_factory=list)

    @property
    def names(self) -> dict[str, Json]:
        """What a hostile skill is told, so that it does not have to search."""
        port = int(self.listeners[0].getsockname()[1])
        pids: list[Json] = [os.getpid(), self.sentinel.pid]
        return {"place": str(self.place), "port": port, "pids": pids}

    def fresh(self) -> Outside:
        """Forgets the last run."""
        self.loot.clear()
        self.peak = peak_memory()
        return self

    def answer(self, method: str, args: dict[str, Json]) -> Json:
        """A broker that lets the skill say what it found."""
        self.loot.append(f"{method} {args}")
        return "an answer"

    def breaches(self, said: str, also: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Everything that is not as it was; `said` is all that came out of the run, `also` what else a test put beside the canaries."""
        found = {
            "the canary was read": SECRET in said or any(SECRET in item for item in self.loot),
            "a password file was read": "root:" in said or any("root:" in item for item in self.loot),
            "the canary was changed": (self.place / "canary").read_text() != SECRET,
            "a file was made": sorted(path.name for path in self.place.iterdir())
            != sorted(("canary", "socket", *also)),
            "somebody connected": any(_accepts(listener) for listener in self.listeners),
            "a process was ended": self.sentinel.poll() is not None,
            "our memory grew": peak_memory() - self.peak > GROWTH,
        }
        return tuple(name for name, is_so in found.items() if is_so)


@contextmanager
def outside() -> Iterator[Outside]:
    """Sets the canaries up: open to everybody, so that nothing but the sandbox protects them."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (place / "canary").write_text(SECRET)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        unix = stack.enter_context(socket.socket(socket.AF_UNIX))
        unix.bind(str(place / "socket"))
        for path, mode in ((place, 0o777), (place / "canary", 0o666), (place / "socket", 0o777)):
            path.chmod(mode)
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(f"{ABSTRACT}-{tcp.getsockname()[1]}")
        listeners = (tcp, unix, abstract)
        for listener in listeners:
            listener.listen()
            listener.setblocking(False)
        os.environ["NIGHTSHIFT_CANARY"] = SECRET
        stack.callback(os.environ.pop, "NIGHTSHIFT_CANARY", None)
        sentinel = stack.enter_context(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
        stack.callback(sentinel.kill)
        yield Outside(place, listeners, sentinel, peak_memory())


def descendants(pid: int) -> set[tuple[int, int]]:
    """(pid, start) of everything below a process."""
    table = {int(path.name): stat for path in Path("/proc").glob("[0-9]*") if (stat := _stat(path))}
    found: set[int] = set()
    level = {pid}
    while level:
        level = {child for child, (parent, _) in table.items() if parent in level} - found
        found |= level
    return {(child, table[child][1]) for child in found}


def guests_below(pid: int) -> list[int]:
    """Descendants of a process that are guests, or were on their way to be one."""
    return [child for child, _ in descendants(pid) if b"guest.py" in _command_of(child)]


def is_alive(process: tuple[int, int]) -> bool:
    """True while exactly this process is there, and is no zombie."""
    stat = _stat(Path("/proc", str(process[0])))
    return stat is not None and stat[1] == process[1]


def peak_memory() -> int:
    """The most memory that this process ever had, in bytes."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10


def _command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _stat(path: Path) -> tuple[int, int] | None:
    try:
        fields = (path / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else (int(fields[1]), int(fields[19]))


def _accepts(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True
