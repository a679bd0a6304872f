"""The first use of a clone: an environment is made once, finished if it was not, and never taken from somebody else."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.wrapper.checkout import Checkout


def test_arguments_folder_and_exit_code_go_through(checkout: Checkout, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "bot.py").write_text("raise SystemExit('the wrong bot')")
    (elsewhere / "typing.py").write_text("raise SystemExit('the wrong typing')")
    (checkout.root / "bot" / "__main__.py").write_text("import os, sys; print(sys.argv[1:], os.getcwd()); sys.exit(7)")
    run = checkout.run("run", "a b", "--host", "$(id)", "*", "", cwd=elsewhere, PYTHONPATH=str(elsewhere))
    assert run.returncode == 7
    assert run.stdout == f"{['run', 'a b', '--host', '$(id)', '*', '']} {elsewhere}\n"
    assert run.stderr.startswith("nightshift: setting up an environment in ")
    assert checkout.run("status").stderr == ""


def test_a_link_to_the_wrapper_is_the_wrapper(ready: Checkout, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "nightshift").symlink_to(ready.root / "nightshift")
    linked = Checkout(tmp_path / "bin", ready.tools, ready.home)
    assert str(ready.venv) in linked.run("status", cwd=tmp_path).stdout


def test_an_old_python_gets_one_sentence(checkout: Checkout) -> None:
    checkout.pretend("sys.version_info = (3, 9, 2)")
    run = checkout.run("up")
    assert run.returncode == 2
    assert run.stderr == (
        "nightshift: needs Python 3.11 or newer, but python3 here is 3.9; install a newer one and put it into PATH.\n"
    )
    assert not checkout.venv.exists()


def test_no_python_gets_one_sentence(checkout: Checkout) -> None:
    checkout.without("python3")
    run = checkout.run("--help")
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert "Python 3.11" in run.stderr


def test_a_newer_python_beside_an_old_one_is_found(checkout: Checkout) -> None:
    checkout.pretend("sys.version_info = (3, 9, 2)")
    (checkout.tools / "python3.12").symlink_to(Path(sys.executable).resolve())
    assert checkout.run("status").returncode == 0


def test_a_killed_set_up_is_made_again(checkout: Checkout) -> None:
    first = checkout.start("status")
    deadline = time.monotonic() + 60
    while not checkout.stamp.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    assert checkout.stamp.read_text() == "making\n"
    run = checkout.run("status")
    assert run.returncode == 0
    assert "a former set-up did not finish; making it again" in run.stderr
    assert f"{checkout.venv}\n" in run.stdout


def test_two_first_runs_wait_for_each_other(checkout: Checkout) -> None:
    both = [checkout.start("status"), checkout.start("status")]
    ends = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    said = "".join(err for _, err in ends)
    assert said.count("setting up an environment") == 1
    assert said.count("ready after") == 1


def test_new_pins_are_installed_before_the_next_run(ready: Checkout) -> None:
    (ready.root / "requirements.lock").write_text("# other pins\n")
    assert "ready after" in ready.run("status").stderr
    assert ready.run("status").stderr == ""


def test_a_checkout_that_was_moved_runs_its_own_code(ready: Checkout, tmp_path: Path) -> None:
    moved = Checkout(tmp_path / "moved", ready.tools, ready.home)
    ready.root.rename(moved.root)
    (moved.root / "bot" / "__main__.py").write_text("print(__file__)")
    assert moved.run("status").stdout == f"{moved.root}/bot/__main__.py\n"


def test_an_environment_of_somebody_else_is_left_alone(checkout: Checkout) -> None:
    checkout.venv.mkdir()
    (checkout.venv / "pyvenv.cfg").write_text("home = /somewhere")
    run = checkout.run("status")
    (cached,) = checkout.cached()
    assert f"{cached}\n" in run.stdout
    assert [entry.name for entry in checkout.venv.iterdir()] == ["pyvenv.cfg"]
    assert checkout.run("status").stderr == ""


def test_an_environment_of_another_python_is_left_alone(ready: Checkout) -> None:
    (ready.venv / "bin" / "python").unlink()
    (ready.venv / "bin" / "python").symlink_to("/usr/local/bin/python3.42")
    before = sorted(ready.venv.rglob("*"))
    run = ready.run("status")
    assert f"{ready.cached()[0]}\n" in run.stdout
    assert sorted(ready.venv.rglob("*")) == before


@pytest.mark.root
def test_an_environment_of_another_user_is_left_alone(ready: Checkout) -> None:
    os.chown(ready.venv, 65534, 65534)
    run = ready.run("status")
    assert f"{ready.cached()[0]}\n" in run.stdout


def test_a_half_made_one_in_the_cache_is_made_again(checkout: Checkout) -> None:
    checkout.venv.mkdir()
    (checkout.venv / "pyvenv.cfg").write_text("home = /somewhere")
    checkout.run("status")
    (cached,) = checkout.cached()
    (cached / "nightshift.stamp").write_text("making\n")
    (cached / "bin" / "python").unlink()
    assert checkout.run("status").returncode == 0


def test_pip_that_fails_says_so_and_leaves_nothing_that_looks_ready(checkout: Checkout) -> None:
    hashed = "no-such-package==1 --hash=sha256:" + "0" * 64
    (checkout.root / "requirements.lock").write_text(hashed + "\n")
    run = checkout.run("status", PIP_NO_INDEX="1")
    assert run.returncode == 1
    assert "pip could not install the pinned packages" in run.stderr
    assert "ran" not in run.stdout
    (checkout.root / "requirements.lock").write_text("# nothing\n")
    assert checkout.run("status").returncode == 0


def test_a_place_that_cannot_be_written_is_one_sentence(checkout: Checkout) -> None:
    checkout.venv.write_text("not a folder")
    (checkout.home / ".cache").write_text("not a folder")
    run = checkout.run("status")
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith("nightshift: cannot make ")
