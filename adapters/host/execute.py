"""Runs one command in the kept child: own process group, fixed environment, output capped and drained, ends with us."""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from adapters.host.syscalls import die_with_parent
from core.skill import HostError
from core.world import CommandResult

CAP = 64 * 1024
"""Bytes kept of each stream; the rest is read and dropped, so that a flood blocks nobody."""

_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/",
}
_LINGER = 0.2
"""Seconds to go on reading after the command itself has ended: a daemon it started may hold the pipes open for ever."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whoever asked: `hello` carries the command's pid there, `alive` becomes readable when the owner goes away."""

    hello: socket.socket
    alive: int


@dataclass(slots=True)
class _Stream:
    kept: bytearray = field(default_factory=bytearray)
    is_open: bool = True

    def take(self, data: bytes) -> None:
        self.kept += data[: CAP - len(self.kept)]
        self.is_open = bool(data)

    @property
    def text(self) -> str:
        return self.kept.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class _Child:
    pid: int
    go: int
    failure: int
    out: int
    err: int


def execute(argv: tuple[str, ...], timeout: float, owner: Owner, may_go: Callable[[], bool]) -> CommandResult:
    """Starts the command at a gate, opens that when `may_go` says so, and waits for its end or the timeout."""
    require_argv(argv)
    child = _fork(argv, owner.hello)
    try:
        _open_gate(child, may_go)
        return _follow(child, timeout, owner)
    except BaseException:
        _end_group(child.pid)
        raise
    finally:
        for end in (child.go, child.failure, child.out, child.err):
            os.close(end)
        _reap(child.pid)


def require_argv(argv: tuple[str, ...]) -> None:
    """Raises HostError for what could be read in two ways: a relative program, an empty list, a NUL."""
    if not argv or not argv[0].startswith("/") or any("\0" in part for part in argv):
        raise HostError("denied", "a command is a list whose first word is an absolute path")


def _open_gate(child: _Child, may_go: Callable[[], bool]) -> None:
    """Lets the command run; raises HostError when nobody waits any more or when it cannot be executed."""
    if not may_go():
        raise _nobody_waits()
    os.write(child.go, b"g")
    if number := os.read(child.failure, 16):
        codes = {errno.ENOENT: "missing", errno.EACCES: "denied"}
        raise HostError(codes.get(int(number), "failed"), os.strerror(int(number)))


def _nobody_waits() -> HostError:
    return HostError("failed", "nobody waits for this command any more")


def _fork(argv: tuple[str, ...], hello: socket.socket) -> _Child:
    go_read, go = os.pipe()
    failure, failure_write = os.pipe()
    out, out_write = os.pipe()
    err, err_write = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(OSError):
            os.close(go)  # else our own copy would keep the gate from ever reading the end of file
            _become(argv, parent, hello, (go_read, failure_write, out_write, err_write))
        os._exit(127)
    for end in (go_read, failure_write, out_write, err_write):
        os.close(end)
    return _Child(pid, go, failure, out, err)


def _become(argv: tuple[str, ...], parent: int, hello: socket.socket, ends: tuple[int, int, int, int]) -> None:
    """In the child: waits at the gate, then turns into the command. Returns only when that failed."""
    gate, failure, out, err = ends
    die_with_parent()
    os.setsid()
    os.chdir("/")
    os.umask(0o022)
    hello.send(b"h")
    if os.getppid() != parent or os.read(gate, 1) != b"g":
        return
    nothing = os.open(os.devnull, os.O_RDWR)
    for source, target in ((nothing, 0), (out, 1), (err, 2)):
        os.dup2(source, target)
    for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        os.execve(argv[0], argv, _ENVIRONMENT)  # noqa: S606 - an argv list is what this is for
    except OSError as error:
        os.write(failure, str(error.errno or errno.EIO).encode())


def _follow(child: _Child, timeout: float, owner: Owner) -> CommandResult:
    """Reads both streams until the command has ended, at most until the deadline, which then ends its whole group."""
    deadline = time.monotonic() + timeout
    streams = {child.out: _Stream(), child.err: _Stream()}
    end = os.pidfd_open(child.pid)
    has_ended = False
    try:
        with selectors.DefaultSelector() as selector:
            for source in (child.out, child.err, end, owner.alive):
                selector.register(source, selectors.EVENT_READ)
            while not has_ended or any(stream.is_open for stream in streams.values()):
                ready = [key.fd for key, _ in selector.select(max(0.0, deadline - time.monotonic()))]
                if owner.alive in ready:
                    raise _nobody_waits()
                _drain(selector, streams, ready)
                if end in ready:
                    has_ended = True
                    selector.unregister(end)
                    deadline = min(deadline, time.monotonic() + _LINGER)
                if time.monotonic() >= deadline:
                    break
    finally:
        os.close(end)
    if not has_ended:
        _end_group(child.pid)
    status = os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    code = 0 if status is None else status.si_status if status.si_code == os.CLD_EXITED else -status.si_status
    return CommandResult(code, streams[child.out].text, streams[child.err].text, timed_out=not has_ended)


def _drain(selector: selectors.BaseSelector, streams: dict[int, _Stream], ready: list[int]) -> None:
    for source in ready:
        if source in streams:
            streams[source].take(os.read(source, 65536))
            if not streams[source].is_open:
                selector.unregister(source)


def _end_group(pid: int) -> None:
    """Kills the command and what it started in its group; the leader is not reaped yet, so the number is still ours."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
