#!/usr/bin/env python3
"""Builds the image of the docker sandbox without any image registry, from Debian packages that apt verifies.

    python3 deploy/sandbox/build.py [DOCKER_SOCKET]      prints the image's name; does nothing where it is there already

An interpreter, its standard library, the shared libraries of both, `timeout`, and nothing else: no shell, no package tool, no accounts.
The guest's program and its filters are not in it: they are sent, so that they are always those of the Nightshift that runs them.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

NAME = "nightshift-sandbox"
SOCKET = "unix:///var/run/docker.sock"
NO_MORE = [
    f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances", "pre-depends")
]
WANTED = re.compile(r"(lib(?!perl)[a-z0-9.+-]+|zlib1g|python3\.\d+-minimal)")
UNUSED = ("ensurepip", "idlelib", "lib2to3", "test", "tkinter", "turtledemo", "distutils", "pydoc_data", "venv")
IMPORT = ("USER 65534:65534", "WORKDIR /", 'LABEL nightshift.image="sandbox"')


def output(*argv: str, **options: object) -> str:
    """What a program prints; it must succeed."""
    done = subprocess.run(argv, check=True, capture_output=True, text=True, **options)  # type: ignore[call-overload]
    return str(done.stdout)


def packages() -> list[str]:
    """The distribution's Python and what it links to; `timeout` is in coreutils."""
    (version,) = set(re.findall(r"python(3\.\d+)-minimal", output("apt-cache", "depends", "python3-minimal")))
    roots = (f"python{version}-minimal", f"libpython{version}-stdlib")
    lines = output("apt-cache", "depends", "--recurse", *NO_MORE, *roots).splitlines()
    names = {line for line in lines if WANTED.fullmatch(line)}
    return sorted({*names, *roots, "coreutils"})


def pinned(names: list[str]) -> tuple[str, ...]:
    """File and SHA-256 of each as apt's signed lists have them."""
    lines = output("apt-get", "download", "--print-uris", *names).splitlines()
    return tuple(sorted(" ".join(line.split()[1:]) for line in lines if line.startswith("'")))


def unpacked(names: list[str], place: Path) -> Path:
    """All of them in one tree."""
    root = place / "root"
    root.mkdir()
    for folder in ("bin", "lib", "lib64", "sbin"):  # as usrmerge has it, for packages that still say /lib
        (root / "usr" / folder).mkdir(parents=True)
        (root / folder).symlink_to(f"usr/{folder}")
    output("apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", *names, cwd=place)
    for package in sorted(place.glob("*.deb")):
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as data:
            subprocess.run(["tar", "-x", "--keep-directory-symlink", "-C", str(root)], stdin=data.stdout, check=True)
        if data.returncode:
            raise SystemExit(f"{package.name} cannot be unpacked")
    return root


def stripped(root: Path) -> None:
    """Leaves the interpreter, its library, shared objects and `timeout`; no file may change its user."""
    (python,) = (root / "usr/bin").glob("python3.*[0-9]")
    kept = {python.name, "timeout"}
    for file in (root / "usr/bin").iterdir():
        if file.name not in kept:
            file.unlink()
    for folder in (*root.iterdir(), *(root / "usr").iterdir()):
        if folder.is_dir() and not folder.is_symlink() and folder.name not in ("usr", "bin", "lib", "lib64"):
            shutil.rmtree(folder)
    library = root / "usr/lib" / python.name
    for name in UNUSED:
        shutil.rmtree(library / name, ignore_errors=True)
    for path in root.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    (root / "usr/bin/python3").symlink_to(python.name)
    compiled(root, python.name)


def compiled(root: Path, python: str) -> None:
    """Byte code beside the text, made by the very interpreter of the image through its own loader."""
    (loader,) = list((root / "usr/lib64").glob("ld-linux*")) or list((root / "usr/lib").glob("ld-linux*"))
    libraries = ":".join(str(folder) for folder in sorted((root / "usr/lib").glob("*-linux-gnu")))
    argv = [str(loader), "--library-path", libraries, str(root / "usr/bin" / python), "-S", "-B", "-m", "compileall"]
    shape = [
        "-q",
        "-f",
        "--invalidation-mode",
        "unchecked-hash",
        "-s",
        str(root),
        "-p",
        "/",
        str(root / "usr/lib" / python),
    ]
    output(*argv, *shape, env={"PYTHONHOME": str(root / "usr")})


def packed(root: Path, file: Path) -> None:
    """The same bytes from the same packages: no times, no owners."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = member.mtime = 0
        member.uname = member.gname = ""
        return member

    with tarfile.open(file, "w") as tar:
        for path in sorted(members(root)):
            tar.add(path, arcname=str(path.relative_to(root)), recursive=False, filter=plain)


def members(root: Path) -> Iterator[Path]:
    """Everything in a tree, links not followed."""
    for top, folders, files in os.walk(root):
        yield from (Path(top, name) for name in (*folders, *files))


def build(socket: str) -> str:
    """The name of the image, made where it is missing."""
    names = packages()
    inputs = [Path(__file__).read_text(), *pinned(names)]
    tag = f"{NAME}:{hashlib.sha256(chr(10).join(inputs).encode()).hexdigest()[:16]}"
    docker = ["docker", "-H", socket]
    if subprocess.run([*docker, "image", "inspect", tag], capture_output=True, check=False).returncode:
        with tempfile.TemporaryDirectory(prefix=NAME) as place:
            root = unpacked(names, Path(place))
            stripped(root)
            packed(root, Path(place, "image.tar"))
            changes = [word for change in IMPORT for word in ("--change", change)]
            output(*docker, "import", *changes, str(Path(place, "image.tar")), tag)
    output(*docker, "tag", tag, f"{NAME}:latest")
    return tag


if __name__ == "__main__":
    try:
        sys.stdout.write(build(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("DOCKER_HOST", SOCKET)) + "\n")
    except FileNotFoundError as missing:
        raise SystemExit(
            f"{missing.filename} is missing: this script needs Debian's apt, dpkg, tar and docker.io"
        ) from None
    except subprocess.CalledProcessError as failed:
        raise SystemExit(f"{failed.cmd[0]} failed: {str(failed.stderr).strip()[-500:]}") from None
