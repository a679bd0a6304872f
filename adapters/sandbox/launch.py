"""How a guest is started, and what is handed in: its program, its filters, its end of the channel."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import inspect
import os
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from adapters.sandbox.cgroup import Cgroup, Cgroups
from adapters.sandbox.frames import encode
from adapters.sandbox.profile import Files, Profile
from core import skill

GUEST = Path(__file__).with_name("guest.py")


@dataclass(slots=True)
class Started:
    """A guest that was started: bubblewrap's process, our end of the channel, the file for the guest's process id, what it occupies."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    info: int
    group: Cgroup | None
    slot: int


@dataclass(slots=True)
class Launcher:
    """Starts guests. As root every slot has a user of its own, so that no guest can signal another and none is root outside.

    Only a thread that lives as long as the guests may call `start`: they die with the thread that started them.
    """

    python: str
    first_user: int
    cgroups: Cgroups = field(default_factory=Cgroups)
    profile: Profile | None = None

    def start(self, slot: int) -> Started:
        """Starts a guest and returns at once; its first frame says when it is ready. UnavailableError, OSError."""
        if self.profile is None:
            self.profile = Profile.found(self.python, self.first_user)
            self.cgroups.clean()
        with contextlib.ExitStack() as undo:
            group = self.cgroups.make()
            if group is not None:
                undo.callback(group.remove)
            started = self._started(self.profile, slot, group, undo)
            undo.pop_all()
            return started

    def _started(self, profile: Profile, slot: int, group: Cgroup | None, undo: contextlib.ExitStack) -> Started:
        ours, theirs = socket.socketpair()
        undo.callback(ours.close)
        filter2 = base64.b64encode(profile.filters.stage2).decode()
        ours.sendall(encode({"sdk": inspect.getsource(skill), "filter": filter2}))  # the socket's buffer takes it
        # A memory file, not a pipe: were we killed now, bubblewrap would die writing into a pipe, and its child wait for ever.
        info = os.memfd_create("info")
        undo.callback(os.close, info)
        with contextlib.ExitStack() as handed_in:
            handed_in.callback(theirs.close)
            program = _memory_file(handed_in, GUEST.read_bytes())
            filter1 = _memory_file(handed_in, profile.filters.stage1)
            files = Files(program, filter1, info, theirs.fileno())
            process = subprocess.Popen(
                profile.command(slot, group, files),
                env={},
                cwd="/",
                pass_fds=(files.program, files.filter, files.info, files.channel),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
            )
        return Started(process, ours, info, group, slot)


def digest_of(*parts: bytes) -> str:
    """One hash of several things, in which no boundary can shift."""
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _memory_file(stack: contextlib.ExitStack, data: bytes) -> int:
    """A file without a name that holds `data`, open for reading from its start until the stack ends."""
    fd = os.memfd_create("guest")
    stack.callback(os.close, fd)
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
