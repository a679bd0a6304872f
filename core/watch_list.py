"""What is watched on this machine when nobody has said what: the checks of an unconfigured `up`."""

from __future__ import annotations

from collections.abc import Iterable

from core.alert import LOCALHOST, Severity, Signal
from core.check import Check

_MARGIN = 2.0
"""Percent below the threshold at which it is over again."""


def default_checks(mounts: Iterable[tuple[str, bool]], *, has_default_route: bool) -> tuple[Check, ...]:
    """Checks of this machine. `mounts` are its real file systems, each with whether its inodes are limited.

    A default route is only watched where there is one: a machine that never had any is not in trouble.
    """
    checks = [
        Check(Signal("memory", "used_percent"), LOCALHOST, over=92, lasting=120, margin=_MARGIN),
        Check(Signal("load", "per_core"), LOCALHOST, over=4, lasting=300, margin=1),
        Check(Signal("fd", "used_percent"), LOCALHOST, over=85, lasting=60, margin=_MARGIN),
        Check(Signal("process", "zombies"), LOCALHOST, over=20, lasting=300, severity=Severity.DIGEST),
    ]
    for path, has_inodes in mounts:
        checks.append(_filling("used_percent", path))
        if has_inodes:
            checks.append(_filling("inodes_percent", path))
    if has_default_route:
        checks.append(Check(Signal("route", "missing", "default"), LOCALHOST, over=0, severity=Severity.PAGE))
    return tuple(checks)


def _filling(metric: str, path: str) -> Check:
    # The whole machine stops when its root file system is full; elsewhere one service does.
    severity = Severity.PAGE if path == "/" else Severity.ASK
    return Check(Signal("disk", metric, path), LOCALHOST, over=90, lasting=60, margin=_MARGIN, severity=severity)
