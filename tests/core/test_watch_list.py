"""The checks of an `up` that nobody has configured."""

from __future__ import annotations

from core.alert import LOCALHOST, Severity
from core.watch_list import default_checks


def test_every_file_system_is_watched_and_a_full_root_wakes_somebody() -> None:
    checks = {
        str(check.signal): check for check in default_checks([("/", True), ("/data", False)], has_default_route=True)
    }
    assert {"disk.used_percent:/", "disk.inodes_percent:/", "disk.used_percent:/data", "route.missing:default"} < set(
        checks
    )
    assert "disk.inodes_percent:/data" not in checks
    assert checks["disk.used_percent:/"].severity is Severity.PAGE
    assert checks["disk.used_percent:/data"].severity is Severity.ASK
    assert {check.host for check in checks.values()} == {LOCALHOST}


def test_a_machine_without_a_default_route_is_not_told_so_every_night() -> None:
    names = {str(check.signal) for check in default_checks([], has_default_route=False)}
    assert names == {"memory.used_percent", "load.per_core", "fd.used_percent", "process.zombies"}
