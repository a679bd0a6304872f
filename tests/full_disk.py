"""A small real disk that a real writer fills to the last byte and goes on eating, for as long as the test lasts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MIB = 1 << 20
KINDS = ("tmpfs", "ext4", "ext4 of small blocks")
_MAKE = {
    "tmpfs": ("true",),
    "ext4": ("mkfs.ext4", "-q", "-F", "-b", "4096"),
    "ext4 of small blocks": ("mkfs.ext4", "-q", "-F", "-b", "1024"),
}

EAT = """
import os, sys, time
file, greedy, parent, until = sys.argv[1], sys.argv[2] == "greedy", os.getppid(), time.monotonic() + 120
out = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
size, full = 65536, False
while os.getppid() == parent and time.monotonic() < until:
    try:
        os.write(out, b"x" * (size if greedy or not full else 4096))
        size = 65536
    except OSError:
        full, size = full or size == 1, max(1, size // 16)
    if full and not greedy:
        time.sleep(0.005)
"""
"""Until its parent is gone. A greedy one writes as fast as it can for ever, the other at most 800 KiB a second once the disk was full."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system of its own."""

    path: Path

    @property
    def free(self) -> int:
        """Bytes that anybody may still write."""
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    @contextmanager
    def eaten(self, *, greedy: bool) -> Iterator[subprocess.Popen[bytes]]:
        """Filled to the last byte by a process that does not stop writing."""
        file = self.path / "eaten.log"
        eater = subprocess.Popen([sys.executable, "-c", EAT, str(file), "greedy" if greedy else "slow"])
        try:
            self._await_full()
            yield eater
        finally:
            eater.kill()
            eater.wait()
            file.unlink(missing_ok=True)

    def _await_full(self) -> None:
        deadline, seen = time.monotonic() + 60, 0
        while seen < 5:
            assert time.monotonic() < deadline, "the disk does not fill"
            seen = seen + 1 if self.free == 0 else 0
            time.sleep(0.05)


@contextmanager
def small_disk(kind: str, folder: Path, size: int) -> Iterator[Disk]:
    """Mounted below a folder of the test, or a skipped test with the reason."""
    place, image = folder / "disk", folder / "image"
    place.mkdir()
    if kind == "tmpfs":
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "none", str(place)]
    else:
        with image.open("wb") as file:
            file.truncate(size)
        subprocess.run([*_MAKE[kind], str(image)], check=True)
        mount = ["mount", "-o", "loop", str(image), str(place)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no disk of our own can be mounted here: {done.stderr.strip()}")
    try:
        yield Disk(place)
    finally:
        _unmount(place)
        image.unlink(missing_ok=True)


def _unmount(place: Path) -> None:
    """At once, or when the last who holds it is gone: a failed test leaves its store open."""
    if subprocess.run(["umount", str(place)], capture_output=True, check=False).returncode:
        subprocess.run(["umount", "-l", str(place)], check=True)
