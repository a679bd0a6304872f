"""deploy/nightshift.service: systemd itself reads it, and it does not take away what repairs and the sandbox need."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.source_tree import ROOT

UNIT = ROOT / "deploy" / "nightshift.service"


def settings() -> dict[str, str]:
    lines = [line for line in UNIT.read_text(encoding="utf-8").splitlines() if line and line[0] not in "#["]
    return {key: value for key, _, value in (line.partition("=") for line in lines)}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_finds_no_mistake_in_it(tmp_path: Path) -> None:
    program, copy = tmp_path / "nightshift", tmp_path / "nightshift.service"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy.write_text(
        UNIT.read_text(encoding="utf-8").replace("/opt/nightshift/nightshift up", f"{program} up"), encoding="utf-8"
    )
    run = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def test_it_comes_back_always_and_ends_cleanly() -> None:
    unit = settings()
    assert unit["Restart"] == "always"
    assert unit["StartLimitIntervalSec"] == "0"
    assert int(unit["TimeoutStopSec"]) > 20


@pytest.mark.parametrize(
    "key",
    [
        "ProtectSystem",
        "ProtectHome",
        "PrivateTmp",
        "ProtectProc",
        "ProtectControlGroups",
        "RestrictNamespaces",
        "ProtectKernelTunables",
    ],
)
def test_what_would_break_a_repair_or_the_sandbox_is_not_set(key: str) -> None:
    assert key not in settings()
