"""The command line as a person has it: a data folder, its key, and commands as real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.source_tree import ROOT


@dataclass
class Machine:
    """A data folder, its key, and commands that are typed there."""

    home: Path
    key: Path

    @property
    def environment(self) -> dict[str, str]:
        ours = {"NIGHTSHIFT_HOME": str(self.home), "NIGHTSHIFT_KEY_FILE": str(self.key), "PYTHONPATH": str(ROOT)}
        return {key: value for key, value in os.environ.items() if not key.startswith("NIGHTSHIFT")} | ours

    def type(self, *words: str, stdin: str = "", **others: str) -> subprocess.CompletedProcess[str]:
        """What came of a typed command; `others` are set in its environment, or taken out of it where they are empty."""
        environment = {key: value for key, value in (self.environment | others).items() if value}
        command = [sys.executable, "-m", "bot", *words]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            cwd=ROOT,
            input=stdin,
            timeout=120,
        )

    def data(self, *words: str) -> object:
        run = self.type(*words, "--json")
        assert run.returncode == 0, run.stderr
        found: object = json.loads(run.stdout)
        return found
