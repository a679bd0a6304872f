"""How a guest is started: the command line of bubblewrap, the user it drops to, the files handed in. This decides what a guest sees."""

from __future__ import annotations

import base64
import contextlib
import inspect
import os
import shlex
import shutil
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from adapters.sandbox import seccomp
from adapters.sandbox.cgroup import Cgroup, Cgroups
from adapters.sandbox.frames import encode
from adapters.sandbox.interpreter import ROOM, Interpreter, find
from core import skill
from core.errors import UnavailableError

GUEST = Path(__file__).with_name("guest.py")

NAMESPACES = ("--unshare-all", "--unshare-user", "--disable-userns", "--new-session")
IDENTITY = ("--uid", "65534", "--gid", "65534", "--hostname", "guest", "--cap-drop", "ALL")
# Without --as-pid-1 bubblewrap itself would be process 1 inside, and show how it was called.
LIFE = ("--die-with-parent", "--as-pid-1", "--clearenv")


@dataclass(slots=True)
class Started:
    """A guest that was started: the process of bubblewrap, our end of its channel, the file with its process id, and what belongs to it."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    info: int
    group: Cgroup | None
    slot: int


@dataclass(slots=True)
class Launcher:
    """Starts guests. As root every slot has a user of its own, so that no guest can signal another and none is root outside.

    Only the thread that lives as long as the guests may call `start`: they die with the thread that started them.
    """

    first_user: int
    python: str = "/usr/bin/python3"
    cgroups: Cgroups = field(default_factory=Cgroups)
    bwrap: str = ""
    interpreter: Interpreter | None = None
    filters: seccomp.Filters | None = None

    def prepare(self) -> None:
        """Finds what a guest needs, once; UnavailableError says what is missing and what to do."""
        if self.interpreter is not None:
            return
        self.bwrap = _program("bwrap", "bubblewrap")
        self.filters = seccomp.filters()
        self.cgroups.clean()
        self.interpreter = find(self.python, self.first_user if _is_root() else None)

    def start(self, slot: int) -> Started:
        """Starts a guest and returns at once; its first frame says when it is ready."""
        self.prepare()
        ours, theirs = socket.socketpair()
        # A memory file, not a pipe: were we killed now, bubblewrap would die writing into the pipe, and leave its child waiting for ever.
        info = os.memfd_create("info")
        group = self.cgroups.make()
        with contextlib.ExitStack() as stack:
            stack.callback(theirs.close)
            program, filter1 = (_memory_file(stack, data) for data in (GUEST.read_bytes(), self._filters.stage1))
            argv = [*self._before(slot, group), *self._bubblewrap(program, filter1, info), str(theirs.fileno())]
            passed = (theirs.fileno(), info, program, filter1)
            process = subprocess.Popen(
                argv,
                env={},
                cwd="/",
                pass_fds=passed,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
            )
        ours.sendall(
            encode({"sdk": inspect.getsource(skill), "filter": base64.b64encode(self._filters.stage2).decode()})
        )
        return Started(process, ours, info, group, slot)

    @property
    def _filters(self) -> seccomp.Filters:
        if self.filters is None:
            raise UnavailableError("the sandbox has no seccomp filter")
        return self.filters

    def _before(self, slot: int, group: Cgroup | None) -> list[str]:
        """As root: into the group, see the interpreter if it lies where others cannot look, then stop being root."""
        if not _is_root():
            return []
        steps = [f"echo $$ > {shlex.quote(entrance)}" for entrance in (group.entrances if group else ())]
        drop = [
            f"--reuid={self.first_user + slot}",
            f"--regid={self.first_user + slot}",
            "--clear-groups",
            "--inh-caps=-all",
        ]
        argv = [_program("setpriv", "util-linux"), *drop, "--"]
        if self.interpreter is not None and self.interpreter.mounted:
            mount = f"{_program('mount', 'mount')} --bind {shlex.quote(self.interpreter.mounted)} {ROOM} && "
            argv = [
                _program("unshare", "util-linux"),
                "--mount",
                "--",
                "/bin/sh",
                "-c",
                f'{mount}exec "$@"',
                "sh",
                *argv,
            ]
        return ["/bin/sh", "-c", " && ".join([*steps, 'exec "$@"']), "sh", *argv]

    def _bubblewrap(self, program: int, filter1: int, info: int) -> list[str]:
        python = self.interpreter
        if python is None:
            raise UnavailableError("the sandbox has no Python")
        argv = [self.bwrap, *NAMESPACES, *IDENTITY, *LIFE, "--setenv", "LD_LIBRARY_PATH", python.library_path]
        for source, target in python.binds:
            argv += ["--ro-bind", source, target]
        for directory in python.hidden:
            argv += ["--size", "4096", "--tmpfs", directory, "--remount-ro", directory]
        # No /proc, /dev, /tmp: a guest has no place to write to, so none can be flooded. The root itself is read-only last.
        argv += ["--file", str(program), "/guest.py", "--remount-ro", "/", "--chdir", "/"]
        argv += ["--seccomp", str(filter1), "--info-fd", str(info), "--"]
        return [*argv, python.program, "-I", "-S", "-B", "-X", "utf8", "/guest.py"]


def _is_root() -> bool:
    return os.geteuid() == 0


def _program(name: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/bin:/bin:/usr/sbin:/sbin")
    if found is None:
        raise UnavailableError(f"the sandbox needs {name}: install the package {package} of your distribution")
    return found


def _memory_file(stack: contextlib.ExitStack, data: bytes) -> int:
    """A file without a name that holds `data`, open for reading from its start until the stack ends."""
    fd = os.memfd_create("guest")
    stack.callback(os.close, fd)
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
