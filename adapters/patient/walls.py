"""The command that makes the patient's walls: what it sees of this machine is read-only, what it can write is its own."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from adapters.patient import layout

ROOT = Path(__file__).resolve().parents[2]

_EMPTY = ("/etc", "/run", "/tmp", "/var/log", "/var/tmp", "/home", "/root", "/srv", "/mnt", "/media")  # noqa: S108 - hidden
_MEBIBYTE = 1024 * 1024
_SHOWN_OF_ETC = (
    "alternatives", "group", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "os-release", "passwd", "protocols", "services",
)  # fmt: skip


def walls(disk: Path | None, hidden: Iterable[Path], status: int) -> list[str]:
    """The bubblewrap command up to and including `--`; `disk` is a mounted file system for the service, None for one in memory.

    The user namespace is there for root as well: the patient's root has no power over this machine.
    """
    words = ["bwrap", "--info-fd", str(status), "--as-pid-1", "--new-session", "--hostname", layout.NAME]
    words += ["--unshare-user", "--uid", "0", "--gid", "0", "--cap-add", "ALL"]
    words += ["--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-ipc"]
    words += ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    for place in _EMPTY:
        if Path(place).is_dir() and not Path(place).is_symlink():
            words += ["--size", str(16 * _MEBIBYTE), "--tmpfs", place]
    for name in _SHOWN_OF_ETC:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for path in _code():
        words += ["--ro-bind", str(path), str(path)]
    for path in hidden:
        if path.is_dir():
            words += ["--size", str(_MEBIBYTE), "--tmpfs", str(path.resolve())]
    if disk:
        words += ["--bind", str(disk), layout.MOUNT]
    else:
        words += ["--size", str(layout.DISK_BYTES), "--tmpfs", layout.MOUNT]
    return [*words, "--chdir", "/", "--"]


def on_loop(image: Path, at: Path, command: list[str]) -> list[str]:
    """The command in a mount namespace where the image is mounted: nobody else sees it, and it goes with its last process."""
    script = 'mount -o loop -- "$1" "$2" && shift 2 && exec "$@"'
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", str(image), str(at), *command]


def _code() -> list[Path]:
    """Our code and the interpreter, which may lie below one of the places that are hidden."""
    program = Path(sys.executable)
    found = {ROOT, Path(sys.prefix), Path(sys.base_prefix).resolve(), program.parent, program.resolve().parents[1]}
    return sorted(path for path in found if path.is_dir() and path != Path("/"))
