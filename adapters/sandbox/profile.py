"""What every guest of a sandbox has in common, and the command line made of it. This file decides what a guest can see and who it is."""

from __future__ import annotations

import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from adapters.sandbox import seccomp
from adapters.sandbox.cgroup import Cgroup
from adapters.sandbox.interpreter import ROOM, Interpreter, find
from core.errors import UnavailableError

NAMESPACES = ("--unshare-all", "--unshare-user", "--disable-userns", "--new-session")
IDENTITY = ("--uid", "65534", "--gid", "65534", "--hostname", "guest", "--cap-drop", "ALL")
# Without --as-pid-1 bubblewrap itself would be process 1 inside, and show how it was called.
LIFE = ("--die-with-parent", "--as-pid-1", "--clearenv")
PYTHON = ("-I", "-S", "-B", "-X", "utf8", "/guest.py")

SPARE_USER = 60_001
"""Where a container maps too few users for `first_user`."""

SLOTS = 1000


@dataclass(frozen=True, slots=True)
class Files:
    """Descriptors that bubblewrap inherits: the guest's program, the first filter, where to write its process id, the channel."""

    program: int
    filter: int
    info: int
    channel: int


@dataclass(frozen=True, slots=True)
class Profile:
    """Found once. `first_user` is None where we are not root and guests run as we do."""

    bwrap: str
    python: Interpreter
    filters: seccomp.Filters
    first_user: int | None

    @classmethod
    def found(cls, python: str, first_user: int) -> Profile:
        """UnavailableError says what is missing and what to do."""
        bwrap = _program("bwrap", "bubblewrap")
        user = _first_user(first_user)
        return cls(bwrap, find(python, user), seccomp.filters(), user)

    def command(self, slot: int, group: Cgroup | None, files: Files) -> list[str]:
        """The whole argv of one guest."""
        argv = [self.bwrap, *NAMESPACES, *IDENTITY, *LIFE, "--setenv", "LD_LIBRARY_PATH", self.python.library_path]
        for source, target in self.python.binds:
            argv += ["--ro-bind", source, target]
        for directory in self.python.hidden:
            argv += ["--size", "4096", "--tmpfs", directory, "--remount-ro", directory]
        # No /proc, /dev, /tmp: what is not there cannot be read, and a guest with no place to write floods none.
        argv += ["--file", str(files.program), "/guest.py", "--remount-ro", "/", "--chdir", "/"]
        argv += ["--seccomp", str(files.filter), "--info-fd", str(files.info), "--"]
        argv += [self.python.program, *PYTHON, str(files.channel)]
        return argv if self.first_user is None else self._as_user(self.first_user + slot, group, argv)

    def _as_user(self, user: int, group: Cgroup | None, argv: list[str]) -> list[str]:
        """As root: into the group, see the interpreter even where it lies below a closed folder, then stop being root."""
        steps = [f"echo $$ > {shlex.quote(entrance)}" for entrance in (group.entrances if group else ())]
        drop = [f"--reuid={user}", f"--regid={user}", "--clear-groups", "--inh-caps=-all"]
        argv = [_program("setpriv", "util-linux"), *drop, "--", *argv]
        if self.python.mounted:
            mount = f"{_program('mount', 'mount')} --bind {shlex.quote(self.python.mounted)} {ROOM}"
            argv = [_program("unshare", "util-linux"), "--mount", "--", *_shell([mount], argv)]
        return _shell(steps, argv) if steps else argv


def _shell(steps: list[str], argv: list[str]) -> list[str]:
    """Runs the steps, and becomes `argv` if all went well."""
    return ["/bin/sh", "-c", " && ".join([*steps, 'exec "$@"']), "sh", *argv]


def _first_user(wanted: int) -> int | None:
    """Whom guests become; None where there is nothing to give up."""
    if os.geteuid() != 0:
        return None
    rows = [[int(word) for word in line.split()] for line in Path("/proc/self/uid_map").read_text().splitlines()]
    for first in (wanted, SPARE_USER):
        if any(inside <= first and first + SLOTS <= inside + count for inside, _, count in rows):
            return first
    if any(inside == 0 and outside != 0 for inside, outside, _ in rows):
        return None  # root of its own user namespace: outside an ordinary user
    raise UnavailableError("the sandbox cannot start as root where no other user is mapped: run as an ordinary user")


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise UnavailableError(f"the sandbox needs {name}: install the package {package} of your distribution")
    return found
