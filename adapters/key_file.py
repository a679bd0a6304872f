"""The instance key in a file, and the seal made with it (TRUST 6): outside the database, the data folder and the backups."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from core.errors import InvalidError

_SHORTEST = 32
_CREDENTIAL = "nightshift-key"


class KeyFileSeal:
    """Seal with HMAC-SHA-256 under the bytes of one file."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, body: bytes) -> str:
        """See `core.ports.Seal`."""
        return hmac.digest(self._key, body, hashlib.sha256).hex()

    def verifies(self, body: bytes, mark: str) -> bool:
        """See `core.ports.Seal`."""
        return hmac.compare_digest(self.sign(body).encode(), mark.encode("utf-8", "replace"))


def open_key(environment: Mapping[str, str], data_folder: Path) -> KeyFileSeal:
    """The seal of this instance; the key is made at the first start. Raises InvalidError where it cannot be kept safe."""
    path, is_ours = key_path(environment)
    if path.absolute().resolve().is_relative_to(data_folder.absolute().resolve()):
        raise InvalidError(
            f"the key {path} lies in the data folder, whose copies it protects; set NIGHTSHIFT_KEY_FILE to another place"
        )
    if is_ours and not path.exists():
        _make(path)
    return KeyFileSeal(_read(path, must_be_private=is_ours))


def key_text(environment: Mapping[str, str], data_folder: Path) -> str:
    """The key as it would be seen if somebody showed it, for whoever has to hide it."""
    open_key(environment, data_folder)
    path, is_ours = key_path(environment)
    return _read(path, must_be_private=is_ours).decode("utf-8", "replace")


def key_path(environment: Mapping[str, str]) -> tuple[Path, bool]:
    """Where the key is, and whether it is ours to make: a credential of systemd is not."""
    named = environment.get("NIGHTSHIFT_KEY_FILE", "")
    if named:
        return Path(named), True
    credentials = environment.get("CREDENTIALS_DIRECTORY", "")
    if credentials and (Path(credentials) / _CREDENTIAL).exists():
        return Path(credentials) / _CREDENTIAL, False
    config = environment.get("XDG_CONFIG_HOME", "")
    base = Path(config) if config else Path(environment.get("HOME") or Path.home()) / ".config"
    return base / "nightshift" / "key", True


def _make(path: Path) -> None:
    """Complete or not at all, and never over another's: the draft is linked into place."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, secrets.token_hex(32).encode() + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
        try:
            os.link(draft, path)
        except FileExistsError:  # somebody who starts at the same moment was first: theirs is the key
            return
        finally:
            draft.unlink()
    except OSError as error:
        raise InvalidError(f"the key {path} cannot be made: {error.strerror}; set NIGHTSHIFT_KEY_FILE") from error


def _read(path: Path, *, must_be_private: bool) -> bytes:
    try:
        status = path.stat()
        key = path.read_bytes().strip()
    except OSError as error:
        raise InvalidError(f"the key {path} cannot be read: {error.strerror}; set NIGHTSHIFT_KEY_FILE") from error
    if must_be_private and status.st_uid not in {0, os.geteuid()}:
        raise InvalidError(
            f"the key {path} belongs to user id {status.st_uid}, who knows it; set NIGHTSHIFT_KEY_FILE to one of yours"
        )
    if must_be_private and stat.S_IMODE(status.st_mode) & 0o077:
        raise InvalidError(f"the key {path} can be read by others; make sure nobody did, then: chmod 600 {path}")
    if len(key) < _SHORTEST:
        raise InvalidError(f"the key {path} is too short; it has {len(key)} bytes and needs {_SHORTEST}")
    return key
