"""Disk, memory, load and open files of one machine, read from bare facts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from adapters.probe.ground import Ground
from adapters.probe.process_list import ProcessList
from core.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class Reading:
    """One value as it was read, with one line for a person."""

    value: float
    detail: str


class SystemProbe:
    """What the machine says of itself."""

    def __init__(self, ground: Ground, processes: ProcessList) -> None:
        self._ground, self._processes = ground, processes

    def disk_used(self, mount: str) -> Reading:
        """Percent of the bytes that an ordinary user could ever have, as df counts them."""
        size, blocks, free_blocks, available, _, _ = self._space(mount)
        used, free = (blocks - free_blocks) * size, available * size
        if used + free <= 0:
            raise UnavailableError(f"{mount} is a file system without a size")
        return Reading(100 * used / (used + free), f"{_size(used)} used, {_size(free)} free on {mount}")

    def inodes_used(self, mount: str) -> Reading:
        """Percent of the inodes; UnavailableError where the file system has no fixed number of them."""
        *_, files, free = self._space(mount)
        if files == 0:
            raise UnavailableError(f"{mount} has no limit on inodes")
        return Reading(100 * (files - free) / files, f"{files - free} of {files} inodes used on {mount}")

    def memory_used(self, _object: str) -> Reading:
        """Percent of memory that cannot be had without swapping."""
        memory = self._meminfo()
        total, available = memory.get("MemTotal", 0), memory.get("MemAvailable", 0)
        if total <= 0:
            raise UnavailableError("/proc/meminfo does not say how much memory there is")
        swap = memory.get("SwapTotal", 0)
        swapped = 100 * (swap - memory.get("SwapFree", 0)) / swap if swap else 0.0
        detail = f"{_size(available)} of {_size(total)} available, swap {swapped:.0f} % used"
        return Reading(100 * (total - available) / total, detail)

    def load_per_core(self, _object: str) -> Reading:
        """Runnable and waiting tasks per core, averaged over one minute."""
        one, five, fifteen = (float(word) for word in self._proc("loadavg").split()[:3])
        cores = self._ground.cores()
        return Reading(one / cores, f"load {one:.2f} {five:.2f} {fifteen:.2f} on {cores} cores")

    def files_used(self, name: str) -> Reading:
        """Percent of the open files allowed: of the whole machine, or of the process by that name that is nearest its limit."""
        if not name:
            allocated, _, most = self._proc("sys/fs/file-nr").split()
            return Reading(100 * int(allocated) / int(most), f"{allocated} of {most} file handles in use")
        readings = [self._files_of(pid) for pid in self._processes.pids(name)]
        if not readings:
            raise UnavailableError(f"no process {name!r} is running")
        return max(readings, key=lambda reading: reading.value)

    def _files_of(self, pid: int) -> Reading:
        used, limits = self._ground.open_files(pid)
        limit = next((line.split()[3] for line in limits.splitlines() if "open files" in line), "")
        if not limit.isdigit() or not int(limit):
            raise UnavailableError(f"process {pid} has no limit on open files")
        return Reading(100 * used / int(limit), f"process {pid} has {used} of {limit} files open")

    def _space(self, mount: str) -> tuple[int, ...]:
        if not mount.startswith("/"):
            raise UnavailableError(f"{mount!r} is not an absolute path")
        return self._ground.space(mount)

    def _meminfo(self) -> dict[str, int]:
        """Bytes by name."""
        lines = re.findall(r"(?m)^(\w+):\s+(\d+) kB$", self._proc("meminfo"))
        return {name: int(size) * 1024 for name, size in lines}

    def _proc(self, name: str) -> str:
        return self._ground.text(f"/proc/{name}")[0]


def _size(count: float) -> str:
    """Always in the same unit: a fault is recognised by its text without the numbers."""
    return f"{count / 1e6:.1f} MB"
