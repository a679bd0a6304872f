"""What the distribution must bring: one line that installs it, run only after a yes."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

from tests.wrapper.checkout import Checkout

SUDO = "sudo " * (os.geteuid() != 0)

LINES = {
    "apt-get": f"{SUDO}apt-get update && {SUDO}apt-get install -y --no-install-recommends bubblewrap util-linux",
    "dnf": f"{SUDO}dnf install -y bubblewrap util-linux",
    "apk": f"{SUDO}apk add bubblewrap util-linux",
    "zypper": f"{SUDO}zypper --non-interactive install bubblewrap util-linux",
}


@pytest.fixture
def bare(ready: Checkout) -> Checkout:
    """No bubblewrap, and apt-get to get it."""
    ready.without("bwrap")
    ready.package_manager("apt-get")
    return ready


@pytest.mark.parametrize("manager", LINES)
def test_the_line_for_this_distribution_is_shown_and_not_run(ready: Checkout, manager: str) -> None:
    ready.without("bwrap", "setpriv")
    ready.package_manager(manager)
    run = ready.run("up")
    assert run.returncode == 1
    assert f"    {LINES[manager]}\n" in run.stderr
    assert ready.told() == []
    assert run.stdout == ""


def test_without_a_known_package_manager_the_packages_are_named(ready: Checkout) -> None:
    ready.without("bwrap")
    run = ready.run("demo")
    assert run.returncode == 1
    assert "bubblewrap" in run.stderr


@pytest.mark.parametrize(
    ("words", "ci"),
    [(("--yes", "up"), ""), (("demo", "--yes"), ""), (("up",), "true")],
)
def test_a_yes_given_ahead_runs_the_line(bare: Checkout, words: tuple[str, ...], ci: str) -> None:
    run = bare.run(*words, CI=ci)
    assert run.returncode == 0, run.stderr
    assert bare.told() == ["apt-get update", "apt-get install -y --no-install-recommends bubblewrap"]
    assert run.stdout.startswith("ran ")
    assert bare.run("up").stderr == ""


@pytest.mark.parametrize(("typed", "code", "told"), [("yes", 0, 2), ("no", 1, 0), ("", 1, 0)])
def test_a_person_at_the_terminal_is_asked(bare: Checkout, typed: str, code: int, told: int) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, f"{typed}\n".encode())
    run = subprocess.run(
        [bare.root / "nightshift", "up"],
        env=bare.environment({}),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        check=False,
    )
    os.close(theirs)
    os.close(ours)
    assert run.returncode == code
    assert len(bare.told()) == told


def test_an_installer_that_fails_ends_with_one(bare: Checkout) -> None:
    bare.tool("apt-get", "exit 100")
    run = bare.run("--yes", "up")
    assert run.returncode == 1
    assert "that line failed" in run.stderr


def test_looking_needs_no_hands(bare: Checkout) -> None:
    for command in ("--help", "status", "incidents", "doctor"):
        run = bare.run(command)
        assert (run.returncode, run.stderr) == (0, ""), command


def test_the_first_use_names_what_is_missing_and_goes_on_where_it_can(checkout: Checkout) -> None:
    checkout.without("bwrap")
    checkout.package_manager("apt-get")
    run = checkout.run("doctor")
    assert run.returncode == 0
    assert "apt-get install" in run.stderr


def test_without_ensurepip_its_package_is_named(checkout: Checkout) -> None:
    checkout.pretend('sys.modules["ensurepip"] = None; sys.version_info = (3, 11, 2)')
    checkout.without("bwrap")
    checkout.package_manager("apt-get")
    run = checkout.run("--help")
    assert run.returncode == 1
    assert (
        f"    {SUDO}apt-get update && {SUDO}apt-get install -y --no-install-recommends python3.11-venv bubblewrap\n"
        in run.stderr
    )
    assert not checkout.venv.exists()


def test_tests_run_without_packages_that_nobody_agreed_to(bare: Checkout) -> None:
    run = bare.run("test", "tests/core", "-k", "not a storm")
    assert run.returncode == 0
    assert "apt-get install" in run.stderr
    assert "['-n', '2', '--dist', 'loadfile', '-m', 'not slow', 'tests/core', '-k', 'not a storm']" in run.stdout
    assert bare.told() == []


def test_slow_tests_are_added_on_request(ready: Checkout) -> None:
    assert "['-n', '2', '--dist', 'loadfile', '-x']" in ready.run("test", "--slow", "-x").stdout
