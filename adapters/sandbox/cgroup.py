"""Control groups for guests: memory, processes and CPU bounded by the kernel, v1 or v2, where we are root and may make one."""

from __future__ import annotations

import contextlib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

MEMORY = 128 << 20
PROCESSES = 48
V1 = {
    "memory": (("memory.limit_in_bytes", MEMORY, True), ("memory.memsw.limit_in_bytes", MEMORY, False)),
    "pids": (("pids.max", PROCESSES, True),),
    "cpu": (("cpu.cfs_period_us", 100_000, False), ("cpu.cfs_quota_us", 100_000, False)),
}
V2 = (
    ("memory.max", str(MEMORY), True),
    ("memory.swap.max", "0", False),
    ("memory.oom.group", "1", False),
    ("pids.max", str(PROCESSES), True),
    ("cpu.max", "100000 100000", False),
)
"""File, value, and whether a group without it is worth nothing."""

NAME = re.compile(r"nightshift-(\d+)-(\d+)-\d+")


@dataclass(frozen=True, slots=True)
class Cgroup:
    """The group of one guest, one directory per hierarchy; it is removed once the guest is dead."""

    directories: tuple[Path, ...]
    events: Path

    @property
    def entrances(self) -> tuple[str, ...]:
        """Files into which a process writes its id to be in the group, before it becomes the guest."""
        return tuple(str(directory / "cgroup.procs") for directory in self.directories)

    def ran_out_of_memory(self) -> bool:
        """True once the kernel has killed a process of the group for memory."""
        try:
            lines = self.events.read_text().splitlines()
        except OSError:
            return False
        return any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in lines)

    def remove(self) -> None:
        """Takes the directories away; what cannot go yet is cleaned at the next start."""
        for directory in self.directories:
            _remove(directory, patience=0.5)


class Cgroups:
    """Makes them, below the root of the hierarchies so that a later start finds what a killed one left behind."""

    def __init__(self, root: Path = Path("/sys/fs/cgroup")) -> None:
        self.root = root
        self.version = self._find()
        self._made = 0

    def make(self) -> Cgroup | None:
        """A group with all limits set, or None where the kernel does not let us: then the guest runs without."""
        if not self.version:
            return None
        self._made += 1
        name = f"nightshift-{os.getpid()}-{started(os.getpid())}-{self._made}"
        group = self._group(name)
        try:
            for directory in group.directories:
                directory.mkdir()
            self._limit(name)
        except OSError:
            group.remove()
            self.version = 0
            return None
        return group

    def clean(self) -> None:
        """Removes groups whose owner is dead; a directory that still holds a process is left alone by the kernel."""
        for directory in [*self.root.glob("nightshift-*"), *self.root.glob("*/nightshift-*")]:
            if (match := NAME.fullmatch(directory.name)) and started(int(match[1])) != int(match[2]):
                _remove(directory, patience=0)

    def _find(self) -> int:
        if os.geteuid() != 0:
            return 0
        if (self.root / "cgroup.controllers").exists():
            return 2 if self._delegated() else 0
        return 1 if all(os.access(self.root / name, os.W_OK) for name in V1) else 0

    def _delegated(self) -> bool:
        control = self.root / "cgroup.subtree_control"
        try:
            if missing := {"memory", "pids", "cpu"} - set(control.read_text().split()):
                control.write_text(" ".join(f"+{controller}" for controller in missing))
        except OSError:
            return False
        return True

    def _group(self, name: str) -> Cgroup:
        if self.version == 2:
            return Cgroup((self.root / name,), self.root / name / "memory.events")
        return Cgroup(
            tuple(self.root / controller / name for controller in V1),
            self.root / "memory" / name / "memory.oom_control",
        )

    def _limit(self, name: str) -> None:
        if self.version == 2:
            limits = [(self.root / name / file, value, needed) for file, value, needed in V2]
        else:
            limits = [
                (self.root / ctl / name / file, str(value), needed)
                for ctl, files in V1.items()
                for file, value, needed in files
            ]
        for file, value, needed in limits:
            with contextlib.suppress(*() if needed else (OSError,)):
                file.write_text(value)


def started(pid: int) -> int:
    """Start of a process in clock ticks since boot, 0 if there is none: with the pid it names a process for good."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def _remove(directory: Path, patience: float) -> None:
    """Tries for `patience` seconds, for the dead leave a group a moment after they have died."""
    end = time.monotonic() + patience
    while directory.exists():
        with contextlib.suppress(OSError):
            directory.rmdir()
            return
        if time.monotonic() >= end:
            return
        time.sleep(0.002)
