"""Which file systems of this machine are worth a check."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from adapters.probe.ground import Ground
from core.errors import UnavailableError

_READ_ONLY_BY_NATURE = frozenset({"squashfs", "iso9660", "erofs", "cramfs", "udf"})


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system."""

    path: str
    has_inodes: bool


def real_mounts() -> tuple[Mount, ...]:
    """Writable file systems on devices, each device once, by its shortest path; network and memory file systems are left out."""
    by_device: dict[str, str] = {}
    for part in psutil.disk_partitions(all=False):
        if part.fstype in _READ_ONLY_BY_NATURE or "ro" in part.opts.split(","):
            continue
        known = by_device.get(part.device)
        if known is None or len(part.mountpoint) < len(known):
            by_device[part.device] = part.mountpoint
    return tuple(Mount(path, _has_inodes(path)) for path in sorted(by_device.values()))


def _has_inodes(path: str) -> bool:
    try:
        *_, files, _ = Ground().space(path)
    except UnavailableError:
        return False
    return files > 0
