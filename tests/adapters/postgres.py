"""PostgreSQL for tests: Debian's server, started as an ordinary user in a folder of its own, on a Unix socket only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

_USER = "postgres"


class PostgresServer:
    """One server with as many empty databases as tests ask for; it keeps nothing and is gone after `close`."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._as = _USER if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="ns-pg-"))
        self._made = 0
        if self._as:
            shutil.chown(self.folder, _USER)
        self._run("initdb", "--no-sync", "--auth=trust", f"--username={_USER}", "-D", str(self.folder / "data"))
        settings = f"-k {self.folder} -h '' -c fsync=off -c full_page_writes=off -c max_connections=200 -c log_min_messages=warning"
        self._run(
            "pg_ctl", "-w", "-D", str(self.folder / "data"), "-l", str(self.folder / "log"), "-o", settings, "start"
        )

    def fresh(self, like: str = "") -> str:
        """The URL of a new database, empty, or a copy of the one at this URL, which nobody has open."""
        self._made += 1
        name = f"t{self._made}"
        template = like.rpartition("@/")[2].partition("?")[0] or "template1"
        with psycopg.connect(self._url("postgres"), autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return self._url(name)

    def close(self) -> None:
        """Stops it and removes all it wrote."""
        self._run("pg_ctl", "-m", "immediate", "-D", str(self.folder / "data"), "stop")
        shutil.rmtree(self.folder)

    def _url(self, name: str) -> str:
        return f"postgresql://{_USER}@/{name}?host={self.folder}"

    def _run(self, program: str, *arguments: str) -> None:
        argv = [str(self._programs / program), *arguments]
        subprocess.run(argv, check=True, user=self._as, cwd="/", stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests of this process; `conftest.py` of a folder imports it where its tests want it."""
    found = programs()
    if why_not() or found is None:
        pytest.skip(why_not())
    server = PostgresServer(found)
    yield server
    server.close()


def why_not() -> str:
    """Why no server can be started here; '' if one can."""
    if programs() is None:
        return "no PostgreSQL server programs; on Debian: apt-get install postgresql"
    if os.geteuid() == 0 and _USER not in {user.pw_name for user in pwd.getpwall()}:
        return f"PostgreSQL does not run as root, and there is no user {_USER}"
    return ""


def programs() -> Path | None:
    """The folder of the newest server programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None
