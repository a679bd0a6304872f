"""Clones for the tests of the wrapper: a fresh one, and one that was set up before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.wrapper.checkout import Checkout, clone


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Nobody has typed anything in it."""
    return clone(tmp_path)


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Set up once for all tests; copy it."""
    made = clone(tmp_path_factory.mktemp("once"))
    assert made.run("status").returncode == 0
    return made


@pytest.fixture
def ready(once: Checkout, tmp_path: Path) -> Checkout:
    """It was set up before."""
    shutil.copytree(once.root.parent, tmp_path, symlinks=True, dirs_exist_ok=True)
    copied = Checkout(tmp_path / once.root.name, tmp_path / "tools", tmp_path / "home")
    assert copied.run("status").returncode == 0
    return copied
