"""The whole way of a newcomer: a clone, the real pins from the real index, the real command line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.wrapper.checkout import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.needs("git")]


def test_a_fresh_clone_runs_and_tests_itself(tmp_path: Path) -> None:
    checkout = tmp_path / "nightshift"
    subprocess.run(["git", "clone", "-q", ROOT, checkout], check=True)
    env = dict(os.environ)

    def nightshift(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["./nightshift", *words],
            cwd=checkout,
            env=env,
            capture_output=True,
            text=True,
            check=True,
            stdin=subprocess.DEVNULL,
        )

    assert "Usage: nightshift" in nightshift("--help").stdout
    assert "1 passed" in nightshift("test", "-q", "tests/test_house_rules.py", "-k", "locks").stdout
    assert nightshift("--help").stderr == ""
    assert subprocess.run(["git", "status", "--porcelain"], cwd=checkout, capture_output=True, check=True).stdout == b""
