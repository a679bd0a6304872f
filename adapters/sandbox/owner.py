"""Whose a container is: a process of this boot and of this set of process ids, so that a later one may remove what a killed one left."""

from __future__ import annotations

import os
import re
from pathlib import Path

from adapters.sandbox.cgroup import started

LABEL = "nightshift.sandbox.owner"
OWNER = re.compile(r"([0-9a-f-]{1,40}:\d{1,20}):(\d{1,10}):(\d{1,20})")


def owner() -> str:
    """This process, for good: the boot, the namespace in which its id counts, the id, and when it began."""
    return f"{_place()}:{os.getpid()}:{started(os.getpid())}"


def is_gone(label: str) -> bool:
    """True for an owner that counted its ids here and is dead; of one elsewhere nothing is known."""
    match = OWNER.fullmatch(label)
    return match is not None and match[1] == _place() and started(int(match[2])) != int(match[3])


def _place() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}:{os.stat('/proc/self/ns/pid').st_ino}"  # noqa: PTH116 - a link that only the kernel can follow
