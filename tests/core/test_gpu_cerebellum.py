"""The GPU benchmark where there is no GPU: it says so, claims nothing, and is no failure."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.source_tree import ROOT

SCRIPT = ROOT / "tests" / "bench" / "gpu_cerebellum.py"


def run(*arguments: str) -> tuple[int, str]:
    blind = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([sys.executable, SCRIPT, *arguments], env=blind, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_without_a_gpu_nothing_is_claimed() -> None:
    status, said = run()
    assert (status, said.count("\n")) == (0, 1)
    assert said.startswith("Nothing was measured: ")


@pytest.mark.parametrize("word", ["--runs", "GPU"])
def test_it_says_how_it_is_used(word: str) -> None:
    status, said = run("--help")
    assert (status, word in said) == (0, True)
