"""Disk, memory, load and open files of the machine this runs on, with psutil."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import psutil

from adapters.probe.process_list import ProcessList
from adapters.probe.time_limit import TimeLimit
from core.errors import UnavailableError

_STAT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One value as it was read, with one line for a person."""

    value: float
    detail: str


class SystemProbe:
    """What the machine says of itself."""

    def __init__(self, limit: TimeLimit, processes: ProcessList) -> None:
        self._limit, self._processes = limit, processes

    def disk_used(self, mount: str) -> Reading:
        """Percent of the bytes that an ordinary user could ever have, as df counts them."""
        info = self._statvfs(mount)
        used, free = (info.f_blocks - info.f_bfree) * info.f_frsize, info.f_bavail * info.f_frsize
        if used + free == 0:
            raise UnavailableError(f"{mount} is a file system without a size")
        return Reading(100 * used / (used + free), f"{_size(used)} used, {_size(free)} free on {mount}")

    def inodes_used(self, mount: str) -> Reading:
        """Percent of the inodes; UnavailableError where the file system has no fixed number of them."""
        info = self._statvfs(mount)
        if info.f_files == 0:
            raise UnavailableError(f"{mount} has no limit on inodes")
        used = info.f_files - info.f_ffree
        return Reading(100 * used / info.f_files, f"{used} of {info.f_files} inodes used on {mount}")

    @staticmethod
    def memory_used(_object: str) -> Reading:
        """Percent of memory that cannot be had without swapping."""
        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        detail = f"{_size(memory.available)} of {_size(memory.total)} available, swap {swap.percent:.0f} % used"
        return Reading(memory.percent, detail)

    @staticmethod
    def load_per_core(_object: str) -> Reading:
        """Runnable and waiting tasks per core, averaged over one minute."""
        one, five, fifteen = os.getloadavg()
        cores = os.cpu_count() or 1
        return Reading(one / cores, f"load {one:.2f} {five:.2f} {fifteen:.2f} on {cores} cores")

    def files_used(self, name: str) -> Reading:
        """Percent of the open files allowed: of the whole machine, or of the process by that name that is nearest its limit."""
        if not name:
            allocated, _, most = Path("/proc/sys/fs/file-nr").read_text(encoding="ascii").split()
            return Reading(100 * int(allocated) / int(most), f"{allocated} of {most} file handles in use")
        readings = [self._files_of(pid) for pid in self._processes.pids(name)]
        if not readings:
            raise UnavailableError(f"no process {name!r} is running")
        return max(readings, key=lambda reading: reading.value)

    @staticmethod
    def _files_of(pid: int) -> Reading:
        folder = Path("/proc") / str(pid)
        try:
            used = sum(1 for _ in (folder / "fd").iterdir())
            line = next(
                line for line in (folder / "limits").read_text(encoding="ascii").splitlines() if "open files" in line
            )
        except OSError as error:
            raise UnavailableError(f"cannot look at the open files of process {pid}: {error.strerror}") from error
        limit = line.split()[3]
        if not limit.isdigit():
            raise UnavailableError(f"process {pid} has no limit on open files")
        return Reading(100 * used / int(limit), f"process {pid} has {used} of {limit} files open")

    def _statvfs(self, mount: str) -> os.statvfs_result:
        if not mount.startswith("/"):
            raise UnavailableError(f"{mount!r} is not an absolute path")
        try:
            return self._limit.run(f"the file system at {mount}", _STAT_SECONDS, lambda: os.statvfs(mount))
        except OSError as error:
            raise UnavailableError(f"cannot measure {mount}: {error.strerror}") from error


def _size(count: float) -> str:
    """Always in the same unit: a fault is recognised by its text without the numbers."""
    return f"{count / 1e6:.1f} MB"
