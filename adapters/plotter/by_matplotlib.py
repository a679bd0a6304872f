"""Plotter on matplotlib, in a child that draws one picture and ends: bounded in time and memory, with nothing of our environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from core.document import Picture
from core.errors import UnavailableError

_CHILD = Path(__file__).with_name("drawing.py")
_MEMORY = 2 << 30
_LARGEST = 8 << 20
_PNG = b"\x89PNG\r\n\x1a\n"


class MatplotlibPlotter:
    """A `core.people_ports.Plotter`. `cache` is a private folder for what matplotlib remembers of fonts."""

    def __init__(self, cache: Path, seconds: float = 60.0) -> None:
        self._cache, self._seconds = cache, seconds

    def plot(self, picture: Picture) -> bytes:
        """See the port."""
        environment = {
            "MPLCONFIGDIR": str(self._cache),
            "HOME": str(self._cache),
            "LC_ALL": "C.UTF-8",
            "OPENBLAS_NUM_THREADS": "1",
        }
        argv = [sys.executable, "-I", "-B", str(_CHILD), str(_MEMORY), str(max(1, int(self._seconds)))]
        try:
            os.makedirs(self._cache, mode=0o700, exist_ok=True)  # noqa: PTH103 - a mode for all that is made
            done = subprocess.run(
                argv,
                input=json.dumps(asdict(picture)).encode(),
                env=environment,
                cwd="/",
                capture_output=True,
                timeout=self._seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise UnavailableError(f"no plot was drawn within {self._seconds:g} s") from error
        except OSError as error:
            raise UnavailableError(f"no plot can be drawn: {error.strerror}") from error
        if done.returncode or not done.stdout.startswith(_PNG) or len(done.stdout) > _LARGEST:
            said = done.stderr.decode(errors="replace").strip().splitlines() or [f"status {done.returncode}"]
            raise UnavailableError(f"no plot was drawn: {said[-1][:200]}")
        return done.stdout
