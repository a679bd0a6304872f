"""What holds for all tests: who is not root, or lacks a program, skips with the reason; properties are given time on a busy machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.docker_daemon import docker_daemon

__all__ = ["docker_daemon"]

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Proofs are only written down when asked for."""
    parser.addoption(
        "--write-proven", action="store_true", help="write skills/proven.toml: what tests/faults proved in this run"
    )


def postgres_programs() -> Path | None:
    """The folder of PostgreSQL's server programs, the newest; Debian keeps them out of PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda file: int(file.parts[-3]))
    found = str(debian[-1]) if debian else shutil.which("postgres")
    return Path(found).parent if found else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks become skips where this machine cannot run the test."""
    lacks = {
        "root": "needs root" if os.geteuid() else "",
        "postgres": "" if postgres_programs() else "needs PostgreSQL's server programs: ./nightshift --yes test",
    }
    for item in items:
        for name, reason in lacks.items():
            if reason and item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=reason))
        for marker in item.iter_markers("needs"):
            missing = [program for program in marker.args if not shutil.which(program)]
            if missing:
                item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(missing)}: ./nightshift --yes test"))
