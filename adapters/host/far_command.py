"""Commands over there: a group of their own, at most so long, gone with the line home. Sent to a far host as text; see far_helper."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import selectors
import signal
import termios
import time
from typing import Any

from adapters.host.far_line import Line, Refused, refuse
from adapters.host.far_process import content, start_of

CAP = 64 * 1024
LINGER = 0.2
STUBBORN = 4.0
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/"}
PRCTL = ctypes.CDLL(None).prctl


class Command:
    """One command in a group of its own, started at a gate; with a terminal it can be hung up on, whoever it has become."""

    def __init__(self, argv: list[str], *, has_terminal: bool) -> None:
        self.has_terminal = has_terminal
        self.terminal, slave = os.openpty() if has_terminal else (-1, -1)
        gate, self.go = os.pipe()
        self.failure, failure = os.pipe()
        self.out, out = os.pipe()
        self.err, err = os.pipe()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            with contextlib.suppress(OSError):
                os.close(self.go)
                become(argv, parent, slave, (gate, failure, out, err))
            os._exit(127)
        for end in (gate, failure, out, err, *([slave] if has_terminal else [])):
            os.close(end)

    def end(self) -> bool:
        """Kills it, and hangs up on what it has become as another user; False when that is still there seconds later."""
        for kill, target in ((os.killpg, self.pid), (os.kill, self.pid)):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(target, signal.SIGKILL)
        self.hang_up()
        until = time.monotonic() + STUBBORN
        while time.monotonic() < until:
            if end_of(self.pid, os.WNOHANG) is not None and not (self.has_terminal and lives_in_session(self.pid)):
                return True
            time.sleep(0.02)
        return False

    def hang_up(self) -> None:
        """The kernel tells everybody on the terminal."""
        if self.terminal >= 0:
            os.close(self.terminal)
            self.terminal = -1

    def close(self) -> None:
        """Every descriptor, and the dead are buried."""
        self.hang_up()
        for end in (self.go, self.failure, self.out, self.err):
            os.close(end)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)


def lives_in_session(leader: int) -> bool:
    """True while something runs that was started on that terminal and is not on another one of sudo's."""
    for name in os.listdir("/proc"):  # noqa: PTH208 - names are all that is needed
        if name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                fields = content(f"/proc/{name}/stat").rpartition(b") ")[2].split()
                if int(fields[3]) == leader and fields[0] not in (b"Z", b"X"):
                    return True
    return False


def become(argv: list[str], parent: int, terminal: int, ends: tuple[int, int, int, int]) -> None:
    """In the child: waits at the gate, then turns into the command. Returns only when that failed."""
    gate, failure, out, err = ends
    PRCTL(1, int(signal.SIGKILL), 0, 0, 0)
    os.setsid()
    os.chdir("/")
    os.umask(0o022)
    if terminal >= 0:
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    if os.getppid() != parent or os.read(gate, 1) != b"g":
        return
    nothing = os.open(os.devnull, os.O_RDWR)
    for source, target in ((nothing, 0), (out, 1), (err, 2)):
        os.dup2(source, target)
    for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        os.execve(argv[0], argv, ENVIRONMENT)  # noqa: S606 - an argv list is what this is for
    except OSError as error:
        os.write(failure, str(error.errno or errno.EIO).encode())


def run(line: Line, woken: int, argv: list[str], timeout: float, *, terminal: bool) -> Any:
    """Announces the command, waits for the go, follows it to its end or the deadline."""
    command = Command(argv, has_terminal=terminal)
    try:
        line.say({"hello": [command.pid, start_of(command.pid)]})
        if line.next(30.0) != "go":
            refuse("failed", "nobody waits for this command any more")
        os.write(command.go, b"g")
        number = os.read(command.failure, 16)
        if number:
            code = {errno.ENOENT: "missing", errno.EACCES: "denied"}.get(int(number), "failed")
            refuse(code, os.strerror(int(number)))
        return Following(command, woken).to_the_end(timeout)
    except BaseException:
        command.end()
        raise
    finally:
        command.close()


class Following:
    """Reads both streams of a command to its end, keeps the first of each, drops the rest."""

    def __init__(self, command: Command, woken: int, home: int = 0) -> None:
        self.command, self.woken, self.home = command, woken, home
        self.texts = {command.out: bytearray(), command.err: bytearray()}
        self.open_ends = set(self.texts)

    def to_the_end(self, timeout: float) -> Any:
        """Or the deadline, at which everything of it is ended: status, both texts, and whether that was so."""
        deadline, status = time.monotonic() + timeout, None
        sources = [self.command.out, self.command.err, self.woken, self.home, self.command.terminal]
        with selectors.DefaultSelector() as waiting:
            for source in sources:
                if source >= 0:
                    waiting.register(source, selectors.EVENT_READ)
            while time.monotonic() < deadline and (status is None or self.open_ends):
                for key, _ in waiting.select(max(0.0, deadline - time.monotonic())):
                    self.take(waiting, key.fd)
                if status is None:
                    status = end_of(self.command.pid, os.WNOHANG)
                    deadline = deadline if status is None else min(deadline, time.monotonic() + LINGER)
        is_late = status is None
        if is_late and not self.command.end():
            raise Refused("unavailable", "it ran past its time and could not be stopped")
        status = status or end_of(self.command.pid, 0)
        code = 0 if status is None else status.si_status if status.si_code == os.CLD_EXITED else -status.si_status
        return [code, *(bytes(text).decode("utf-8", "replace") for text in self.texts.values()), is_late]

    def take(self, waiting: selectors.BaseSelector, source: int) -> None:
        """What one source has to say; the line home has nothing to say now but that it is closed."""
        if source == self.home:
            refuse("failed", "nobody waits for this command any more")
        data = read_or_nothing(source)
        if source in self.texts:
            self.texts[source] += data[: CAP - len(self.texts[source])]
        if not data and source != self.woken:
            waiting.unregister(source)
            self.open_ends.discard(source)


def end_of(pid: int, how: int) -> Any:
    """How it ended, without burying it: its number stays ours until then."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | how)


def read_or_nothing(source: int) -> bytes:
    """A terminal that is left alone fails instead of ending."""
    try:
        return os.read(source, 65536)
    except OSError:
        return b""
