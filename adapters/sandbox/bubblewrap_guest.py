"""One guest of bubblewrap: when it is ready, whether it lives, how it is ended."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import time
from dataclasses import dataclass

from adapters.sandbox.frames import cleaned
from adapters.sandbox.launch import Started
from adapters.sandbox.line import Line, LineError, PairedLine
from adapters.sandbox.warm import DEAD, READY
from core.errors import UnavailableError

BLOCKED = re.compile(
    r"namespace|uid map|setresuid|Operation not permitted|Permission denied|No space left|unshare", re.IGNORECASE
)


@dataclass(slots=True)
class BubblewrapGuest:
    """One started guest: its line, and handles on its two processes by which it is ended, never by a process id."""

    started: Started
    slot: int
    line: Line
    outer: int
    inner: int = -1
    is_ready: bool = False

    @classmethod
    def of(cls, started: Started) -> BubblewrapGuest:
        """Takes over what was just started."""
        output = started.process.stdout
        if output is None:
            raise UnavailableError("the sandbox started a guest without output")
        return cls(
            started, started.slot, PairedLine(started.channel, output.fileno()), os.pidfd_open(started.process.pid)
        )

    def wait_ready(self) -> None:
        """Returns once it waits for its skill; UnavailableError says why it never will."""
        self.line.deadline = time.monotonic() + READY
        try:
            frame = self.line.receive()
        except LineError as error:
            raise UnavailableError(self._reason(error.reason)) from error
        if frame != {"op": "ready"}:
            raise UnavailableError("the sandbox started a guest that did not lock itself in")
        self.line.forget()
        self.is_ready = True
        with contextlib.suppress(OSError, ValueError, KeyError):  # without it the guest still dies with bubblewrap
            self.inner = os.pidfd_open(int(json.loads(os.pread(self.started.info, 4096, 0))["child-pid"]))

    def is_alive(self) -> bool:
        """False once the process of bubblewrap has ended."""
        return not _has_ended(self.outer, 0)

    def ran_out_of_memory(self) -> bool:
        """True if the kernel killed it for memory."""
        return self.started.group is not None and self.started.group.ran_out_of_memory()

    def kill(self) -> None:
        """Kills process 1 of its namespace, which takes everything in there along, and bubblewrap.

        One that is still starting sees its channel closed and ends by itself: bubblewrap, killed half-way, would leave a child behind.
        """
        if not self.is_ready:
            with contextlib.suppress(OSError):  # it has ended already
                self.started.channel.shutdown(socket.SHUT_RDWR)
            return
        for handle in (self.inner, self.outer):
            if handle >= 0:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)

    def end(self) -> None:
        """Kills it and waits until it is gone. Its group is left: removing that takes the kernel longer."""
        self.kill()
        if not self.is_ready and not _has_ended(self.outer, READY):
            self.is_ready = True
            self.kill()
        for handle in (self.inner, self.outer):
            if handle >= 0:
                _has_ended(handle, DEAD)
                os.close(handle)
        with contextlib.suppress(subprocess.TimeoutExpired):  # unkillable in the kernel: its limits still hold
            self.started.process.wait(DEAD)
        if self.started.process.stdout is not None:
            self.started.process.stdout.close()
        self.started.channel.close()
        os.close(self.started.info)

    def bury(self) -> None:
        """Removes its control group."""
        if self.started.group is not None:
            self.started.group.remove()

    def _reason(self, otherwise: str) -> str:
        said = cleaned(self.line.output(), 300).strip().splitlines()
        last = said[-1] if said else otherwise
        if BLOCKED.search(last):
            return (
                f"the sandbox cannot start ({last}): allow user namespaces for bubblewrap "
                "(Ubuntu: its AppArmor profile; in a container: a profile that lets it unshare)"
            )
        return f"the sandbox cannot start: {last}"


def _has_ended(handle: int, seconds: float) -> bool:
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    return bool(poller.poll(seconds * 1000))
