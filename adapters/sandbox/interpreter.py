"""The Python that guests run on: which one, and exactly which of its files are shown to them.

Nothing else of the host's file system is: no `/usr`, no `/etc`, no `/proc`. A secret that lies in a world-readable place stays unread.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import UnavailableError

OLDEST = (3, 11)
ROOM = "/mnt"
"""Where an interpreter that the guest's user cannot reach is mounted, in a mount namespace of that guest alone."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """One Python as seen from outside (`source`) and inside (`target`).

    `hidden` are directories in the standard library that hold other packages; `library_path` is for the loader, which finds no cache
    inside; `mounted` is the prefix to be mounted at ROOM first, '' where every file can be reached.
    """

    program: str
    version: str
    binds: tuple[tuple[str, str], ...]
    hidden: tuple[str, ...]
    library_path: str
    mounted: str = ""


def find(preferred: str, user: int | None) -> Interpreter:
    """`preferred` where it is new enough and `user` can run it, else the one we run on; UnavailableError if neither will do."""
    ours = f"{sys.base_prefix}/bin/python{sys.version_info[0]}.{sys.version_info[1]}"
    for program in (preferred, ours):
        if (facts := _ask(program, user)) is not None:
            return _described(facts)
    if user is not None and (facts := _ask(ours, None)) is not None:
        return _described(facts, is_mounted=True)
    raise UnavailableError("the sandbox needs a Python 3.11 or newer: install your distribution's python3")


def _ask(program: str, user: int | None) -> dict[str, Any] | None:
    """What `inventory.py` says when `program` runs it as `user`; None if that user cannot, or the Python is too old."""
    text = Path(__file__).with_name("inventory.py").read_text()
    argv = [program, "-I", "-S", "-B", "-c", text]
    try:
        done = subprocess.run(
            argv,
            env={},
            cwd="/",
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            capture_output=True,
            timeout=20,
            check=True,
        )
        facts: dict[str, Any] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return facts if tuple(facts["version"]) >= OLDEST and "_ctypes" in facts["modules"] else None


def _described(facts: dict[str, Any], *, is_mounted: bool = False) -> Interpreter:
    prefix = facts["prefix"]

    def inside(path: str) -> str:
        return f"/usr{path.removeprefix(prefix)}" if path.startswith(f"{prefix}/") else path

    def source(path: str) -> str:
        return f"{ROOM}{path.removeprefix(prefix)}" if is_mounted and path.startswith(f"{prefix}/") else path

    library = facts["library"]
    objects = [path for path in facts["objects"] if not path.startswith(f"{library}/")]
    hidden = [name for name in ("site-packages", "dist-packages") if Path(library, name).is_dir()]
    return Interpreter(
        program=inside(facts["program"]),
        version=".".join(str(number) for number in facts["version"]),
        binds=tuple((source(path), inside(path)) for path in (facts["program"], library, *objects)),
        hidden=tuple(f"{inside(library)}/{name}" for name in hidden),
        library_path=":".join(sorted({os.path.dirname(inside(path)) for path in objects})),  # noqa: PTH120 - text, not a file here
        mounted=prefix if is_mounted else "",
    )
