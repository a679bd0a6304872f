"""Uninstall lists what was made, removes it after a yes, and nothing else."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from tests.wrapper.checkout import Checkout


@pytest.fixture
def used(ready: Checkout) -> Checkout:
    """A checkout with an environment, a data folder, settings and a stranger's environment in the cache."""
    (ready.root / "var").mkdir()
    (ready.root / "var" / "nightshift.db").write_text("rows")
    (ready.root / ".env").write_text("DATABASE_URL=")
    (ready.root / "nightshift.toml").write_text("")
    (ready.root / ".mypy_cache").mkdir()
    (ready.home / ".cache" / "nightshift" / "venv-of-another").mkdir(parents=True)
    return ready


def entries(checkout: Checkout) -> set[Path]:
    return {path for top in (checkout.root, checkout.home) for path in top.rglob("*")}


def test_without_a_yes_it_only_lists(used: Checkout) -> None:
    before = entries(used)
    run = used.run("uninstall")
    assert run.returncode == 1
    assert f"    {used.venv}\n" in run.stderr
    assert entries(used) == before


def test_with_a_yes_it_removes_what_it_made_and_keeps_the_data(used: Checkout) -> None:
    before = entries(used)
    assert used.run("uninstall", "--yes").returncode == 0
    gone = {path.relative_to(used.root).parts[0] for path in before - entries(used) if "__pycache__" not in path.parts}
    assert gone == {".venv", ".mypy_cache"}
    assert (used.root / "var" / "nightshift.db").exists()
    assert (used.home / ".cache" / "nightshift" / "venv-of-another").exists()


def test_the_data_folder_needs_a_yes_of_its_own(used: Checkout) -> None:
    assert used.run("uninstall", "--yes", "--data").returncode == 0
    assert not (used.root / "var").exists()
    assert (used.root / ".env").exists()
    assert (used.root / "nightshift.toml").exists()


def test_a_folder_that_is_no_data_folder_is_never_removed(used: Checkout) -> None:
    run = used.run("uninstall", "--yes", "--data", NIGHTSHIFT_HOME=str(used.home))
    assert run.returncode == 0
    assert (used.home / ".cache").exists()


def test_an_environment_of_somebody_else_stays(checkout: Checkout) -> None:
    checkout.venv.mkdir()
    (checkout.venv / "pyvenv.cfg").write_text("home = /somewhere")
    assert checkout.run("uninstall", "--yes").returncode == 0
    assert (checkout.venv / "pyvenv.cfg").exists()


def test_nothing_is_removed_while_it_runs(used: Checkout) -> None:
    before = entries(used) | {used.root / "var" / "lock"}
    with (used.root / "var" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = used.run("uninstall", "--yes", "--data")
    assert run.returncode == 1
    assert entries(used) == before


def test_an_unknown_word_removes_nothing(used: Checkout) -> None:
    before = entries(used)
    assert used.run("uninstall", "--yes", "--everything").returncode == 2
    assert entries(used) == before
