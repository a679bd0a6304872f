"""What may be thrown away at medium risk, told by name: rotated logs, package caches, pid and lock files, scratch places (TRUST 1)."""

from __future__ import annotations

import re

from core.never_list import why_never_emptied
from core.paths import Parts, literal_parts, matches, pattern_of

PACKAGE_CACHES = tuple(
    pattern_of(text)
    for text in (
        "/var/cache/apt/archives/**",
        "/var/cache/dnf/**",
        "/var/cache/libdnf5/**",
        "/var/cache/yum/**",
        "/var/cache/apk/**",
        "/var/cache/zypp/packages/**",
        "/var/cache/pacman/pkg/**",
    )
)

SCRATCH = tuple((*folder.split("/"), "**") for folder in ("tmp", "var/tmp", "var/log", "run/lock", "var/lock"))
"""Where a write or move that the journal can take back changes neither what runs nor who may enter: /run and the caches hold both."""

_STAMP = r"(?:\d{1,3}|[-_.]?\d{8}(?:[-_T]?\d{2,6})?|[-_.]?\d{4}-\d\d-\d\d(?:[-_T.]\d{2,6})?|old)"
_PACKED = r"(?:\.(?:gz|xz|bz2|zst|lz4|Z))"
_ROTATED = re.compile(rf"[^./][^/]*?(?:[.-]{_STAMP}{_PACKED}?|\.log{_PACKED}|[.-]{_STAMP}\.(?:log|out|err){_PACKED}?)")
_LOG = re.compile(
    r"[^./][^/]*?\.(?:log|out|err)(?:[.-][^/]*)?|(?:syslog|messages|debug|kern|daemon|user)(?:[.-][^/]*)?",
    re.IGNORECASE,
)
_SAYS_LOG = re.compile(r"(?:.*[._-])?(?:log|logs|out|err|syslog|messages)(?:[._-].*)?", re.IGNORECASE)
_NOT_A_LOG = re.compile(
    r"(?:auth|secure|audit|sudo|wtmp|btmp|lastlog|redo|ib_|wal|\d+\.log|.*bin(?:log)?\b).*", re.IGNORECASE
)
_MARKER = re.compile(r"[^/]+\.(?:pid|lock|lck)|\.?lock|pid")
_GONE = " (deleted)"


def is_rotated(path: str) -> bool:
    """True for a file as log rotation leaves it: `app.log.3`, `/var/log/syslog.2.gz`, `error-20260101.log`; evidence never is.

    The name, or a folder named log or logs, has to say that it is a log: `customers.old` elsewhere is somebody's data.
    """
    *folders, name = path.split("/")
    says_log = _SAYS_LOG.fullmatch(name) is not None or not {"log", "logs"}.isdisjoint(folders)
    return says_log and _ROTATED.fullmatch(name) is not None and _NOT_A_LOG.match(name) is None


def is_marker(path: str) -> bool:
    """True for a pid or lock file by its name: small, so that the journal keeps it whole."""
    return _MARKER.fullmatch(path.rpartition("/")[2]) is not None


def is_deleted_log(target: str) -> bool:
    """True when the link text of an open file says that it is deleted and was a log, rotated or not, and nothing protects it."""
    if why_never_emptied(target) is not None:
        return False
    path = target.removesuffix(_GONE)
    name = path.rpartition("/")[2]
    return is_rotated(path) or (_LOG.fullmatch(name) is not None and _NOT_A_LOG.match(name) is None)


def lies_in(pattern: Parts, places: tuple[Parts, ...]) -> bool:
    """True when every path of the pattern lies in one of the places; said only where it is certain."""
    fixed = literal_parts(pattern)
    is_literal = len(fixed) == len(pattern)
    return any(matches(place, fixed) and (is_literal or place[-1:] == ("**",)) for place in places)
