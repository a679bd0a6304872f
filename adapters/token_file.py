"""The first alert token, made at the first start and kept in a file of the data folder that only its owner can read."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from core.errors import InvalidError

NAME = "alert-token"


def first_token(home: Path) -> str:
    """The token in `alert-token`; made, 0600, where there is none. Raises InvalidError where others could have read it."""
    path = home / NAME
    try:
        return _read(path)
    except FileNotFoundError:
        _make(path)
    return _read(path)


def _read(path: Path) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InvalidError(
            f"cannot read the alert token {path}: {error.strerror}; remove it and start again"
        ) from error
    with os.fdopen(handle, encoding="ascii", errors="replace") as file:
        info, token = os.fstat(file.fileno()), file.read(1024).strip()
    if stat.S_IMODE(info.st_mode) & 0o077:
        raise InvalidError(
            f"others could read the alert token {path}; remove it, and a new one is made at the next start"
        )
    if len(token) < 16:
        raise InvalidError(
            f"the alert token {path} is too short to be safe; remove it, and a new one is made at the next start"
        )
    return token


def _make(path: Path) -> None:
    """Complete or not at all, also when two start at once: the draft is linked into place, and never over another's."""
    draft = path.with_name(f".{NAME}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()
