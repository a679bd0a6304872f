"""Where a measurement happens: a data folder of its own, gone afterwards, and a cache that stays."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def fresh_home() -> Iterator[Path]:
    """An empty data folder; while it is there, this process and its children use it, with a key of its own beside it."""
    kept = {name: os.environ.get(name) for name in ("NIGHTSHIFT_HOME", "NIGHTSHIFT_KEY_FILE", "DATABASE_URL")}
    place = Path(tempfile.mkdtemp(prefix="nightshift-bench-"))
    home = place / "home"
    home.mkdir(mode=0o700)
    os.environ.pop("DATABASE_URL", None)
    os.environ |= {"NIGHTSHIFT_HOME": str(home), "NIGHTSHIFT_KEY_FILE": str(place / "key")}
    try:
        yield home
    finally:
        for name, value in kept.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        shutil.rmtree(place)


def cache_for(what: str, *made_by: Path) -> tuple[Path, bool]:
    """A folder for prepared data, named after the content of what made it, and whether it is complete already.

    It lies in `bench-cache` below the data folder. Whoever fills it calls `complete` at the end; a half-made one is made again.
    """
    digest = hashlib.sha256()
    for path in (Path(__file__), *made_by):
        digest.update(path.read_bytes())
    home = Path(os.environ.get("NIGHTSHIFT_HOME") or ROOT / "var")
    folder = home / "bench-cache" / f"{what}-{digest.hexdigest()[:16]}"
    if (folder / "complete").exists():
        return folder, True
    shutil.rmtree(folder, ignore_errors=True)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder, False


def complete(folder: Path) -> None:
    """From now on it is used as it is."""
    (folder / "complete").touch()
