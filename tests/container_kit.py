"""Containers for tests on a real daemon: an image of nothing but busybox, made without a registry; Python is lent."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.docker_daemon import Daemon

IMAGE = "nightshift-busybox:1"
_BUSYBOX = Path("/bin/busybox")
_FOLDERS = ("etc", "proc", "sys", "dev", "run", "srv", "srv/log", "var", "var/log", "root", "usr")
_LENT = ("bin", "sbin", "lib", "lib64")


def busybox_image(daemon: Daemon) -> str:
    """The image, made once per daemon: static busybox and its applets."""
    if not daemon.docker("images", "-q", IMAGE):
        daemon.docker("import", "-", IMAGE, stdin=_root())
    return IMAGE


@contextmanager
def container(
    daemon: Daemon, name: str, *command: str, options: tuple[str, ...] = (), image: str = ""
) -> Iterator[str]:
    """One running container, removed after; the command is sleep unless given."""
    argv = command or ("/bb/sleep", "100000")
    options = (*options, "--network=none", "--name", name)
    daemon.docker("run", "-d", *options, image or busybox_image(daemon), *argv)
    try:
        yield name
    finally:
        daemon.docker("rm", "-f", name)


def lent_python() -> tuple[str, ...]:
    """Options that show this machine's /usr in a container, so that it has a python3."""
    return ("-v", "/usr:/usr:ro", "-e", "PATH=/usr/bin:/bb")


def _root() -> bytes:
    applets = subprocess.run([_BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for folder in (*_FOLDERS, "bb", "usr/bin", "usr/sbin", "usr/lib", "usr/lib64"):
            tar.addfile(_entry(folder, tarfile.DIRTYPE, 0o755))
        tar.addfile(_entry("tmp", tarfile.DIRTYPE, 0o1777))
        tar.add(_BUSYBOX.resolve(), "bb/busybox")
        for applet in sorted({*applets} - {"busybox"}):
            for folder in ("bb", "usr/bin"):
                tar.addfile(_link(f"{folder}/{applet}", "/bb/busybox"))
        for folder in _LENT:
            tar.addfile(_link(folder, f"usr/{folder}"))
    return packed.getvalue()


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = kind, mode
    return entry


def _link(name: str, target: str) -> tarfile.TarInfo:
    entry = _entry(name, tarfile.SYMTYPE, 0o777)
    entry.linkname = target
    return entry
