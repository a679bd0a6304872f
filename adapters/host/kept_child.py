"""The owner's side of kept children: starts them, asks them, replaces the dead; one question at a time to each."""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.errors import InvalidError, NeverError, UnavailableError, UnknownError
from core.skill import HostError

_ROOT = Path(__file__).resolve().parents[2]
_CREDENTIALS = struct.Struct("iII")
_LONGEST_LINE = 32 << 20
_START_SECONDS = 20.0
_IDLE = 2
"""Children kept waiting; more than that end when they have answered."""


class KeptChild:
    """One child process that answers lines."""

    def __init__(self, enter: tuple[str, ...], module: str) -> None:
        self._channel, channel = socket.socketpair()
        self._hello, hello = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._hello.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        passed = (channel.fileno(), hello.fileno())
        command = [*enter, sys.executable, "-P", "-m", module, *map(str, passed), *(["entered"] if enter else [])]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=passed,
                cwd="/",
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "PYTHONPATH": str(_ROOT)},
            )
        except OSError as error:
            self._channel.close()
            self._hello.close()
            raise UnavailableError(f"cannot start {command[0]}: {error.strerror}") from error
        finally:
            channel.close()
            hello.close()
        self._lines = self._channel.makefile("rb")

    def wait_ready(self, seconds: float) -> None:
        """Until it is where it should be and listens; raises UnavailableError with its reason."""
        self._channel.settimeout(seconds)
        try:
            self._read()
        except (OSError, ValueError) as error:
            raise UnavailableError(f"the helper process did not start: {error}{self._last_words()}") from error

    @property
    def is_alive(self) -> bool:
        """False once it ended; between two questions nothing but the end of file can make the channel readable."""
        waiting = select.poll()  # not select(), which knows no descriptor above 1023
        waiting.register(self._channel, select.POLLIN)
        return self._process.poll() is None and not waiting.poll(0)

    def ask(
        self, request: dict[str, Any], seconds: float, started: Callable[[int, int], None] | None
    ) -> dict[str, Any]:
        """Sends one request and returns the answer as it came; after any exception the child must be closed."""
        try:
            self._channel.settimeout(seconds)
            self._channel.sendall(json.dumps(request).encode() + b"\n")
            answer = self._read()
            if "hello" in answer and started is not None:
                pid = self._pid_at_the_gate(seconds)
                started(pid, _start_ticks(pid))
                self._channel.sendall(b'"go"\n')
                answer = self._read()
        except (OSError, ValueError) as error:
            raise UnavailableError(f"the helper process did not answer: {error}{self._last_words()}") from error
        return answer

    def close(self) -> None:
        """Ends it, and what it was running."""
        for end in (self._lines, self._channel, self._hello):
            end.close()
        try:
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5.0)
        if self._process.stderr:
            self._process.stderr.close()

    def _read(self) -> dict[str, Any]:
        line = self._lines.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise ConnectionError("it ended")
        answer = json.loads(line)
        if not isinstance(answer, dict):
            raise ConnectionError("what it said is no answer")
        return answer

    def _pid_at_the_gate(self, seconds: float) -> int:
        """The command's pid as it is on our side of the pid namespaces, which only the kernel can tell."""
        self._hello.settimeout(seconds)
        _, ancillary, _, _ = self._hello.recvmsg(1, socket.CMSG_SPACE(_CREDENTIALS.size))
        pids = [int(_CREDENTIALS.unpack(data)[0]) for _, kind, data in ancillary if kind == socket.SCM_CREDENTIALS]
        if len(pids) != 1 or pids[0] <= 0:
            raise ConnectionError("the kernel did not name the command")
        return pids[0]

    def _last_words(self) -> str:
        stderr = self._process.stderr
        try:
            self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            return ""
        if stderr is None:
            return ""
        os.set_blocking(stderr.fileno(), False)
        words = (stderr.read() or b"").decode("utf-8", "replace").strip().splitlines()
        return f"; it said: {words[-1][:200]}" if words else ""


class KeptChildren:
    """As many children of one kind as there are questions at the same time."""

    def __init__(self, enter: Callable[[], tuple[str, ...]], module: str) -> None:
        self._enter, self._module = enter, module
        self._idle: list[KeptChild] = []
        self._lock = threading.Lock()

    def ask(self, request: dict[str, Any], seconds: float, started: Callable[[int, int], None] | None = None) -> Any:
        """The answer's value; raises the child's refusal as its own class, UnavailableError when nobody answers."""
        child = self._take()
        try:
            answer = child.ask(request, seconds, started)
        except BaseException:
            child.close()
            raise
        self._put_back(child)
        if "error" in answer:
            raise _refusal(answer["error"])
        return answer["ok"]

    def close(self) -> None:
        """Ends those that wait; a later question starts a new one."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.close()

    def _take(self) -> KeptChild:
        enter = self._enter()  # also says whether there still is somewhere to enter
        while True:
            with self._lock:
                child = self._idle.pop() if self._idle else None
            if child is None:
                return self._start(enter)
            if child.is_alive:
                return child
            child.close()

    def _start(self, enter: tuple[str, ...]) -> KeptChild:
        child = KeptChild(enter, self._module)
        try:
            child.wait_ready(_START_SECONDS)
            self._enter()  # the holder still is the one we meant, so what was entered is what we meant
        except BaseException:
            child.close()
            raise
        return child

    def _put_back(self, child: KeptChild) -> None:
        with self._lock:
            if len(self._idle) < _IDLE:
                self._idle.append(child)
                return
        child.close()


def _refusal(error: list[str]) -> Exception:
    kind, *facts = error
    if kind == "host":
        return HostError(*facts)
    if kind == "never":
        return NeverError(*facts)
    if kind == "unknown":
        return UnknownError(facts[0], facts[1], tuple(facts[2:]))
    return {"invalid": InvalidError, "unavailable": UnavailableError}[kind](*facts)


def _start_ticks(pid: int) -> int:
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return int(stat.rpartition(") ")[2].split()[19])
