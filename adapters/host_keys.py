"""Keys of far hosts: our own key pairs, private to us; and the host keys that somebody looked at and accepted, in known_hosts."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import secrets
import stat
from pathlib import Path

import asyncssh

from core.errors import InvalidError

_LONGEST = 64 * 1024
_LINE = re.compile(r"(?P<kind>[a-z0-9@.-]{1,80}) (?P<key>[A-Za-z0-9+/]{20,3000}={0,2})")


def fingerprint(key: str) -> str:
    """`SHA256:…` of a public key as it stands in known_hosts, which is what `ssh-keygen -lf` shows; raises InvalidError."""
    match = _LINE.match(key)
    if match is None:
        raise InvalidError("what the host showed is no host key")
    try:
        data = base64.b64decode(match["key"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidError("what the host showed is no host key") from error
    return f"SHA256:{base64.b64encode(hashlib.sha256(data).digest()).decode().rstrip('=')}"


def where(address: str, port: int) -> str:
    """How known_hosts names a host."""
    return address if port == 22 else f"[{address}]:{port}"


def pinned(book: Path, address: str, port: int) -> str:
    """The key that was accepted for a host, '' for none; raises InvalidError where others could have written the file."""
    name = where(address, port)
    found = [line.partition(" ")[2] for line in _lines(book) if line.partition(" ")[0] == name]
    return found[0] if found else ""


def pin(book: Path, address: str, port: int, key: str) -> None:
    """From now on this key is that host, in place of any other; '' forgets it."""
    name, said = where(address, port), key and _LINE.match(key)
    if key and not said:
        raise InvalidError("what the host showed is no host key")
    kept = [line for line in _lines(book) if line.partition(" ")[0] != name]
    if said:
        kept.append(f"{name} {said['kind']} {said['key']}")
    _write(book, "".join(f"{line}\n" for line in kept).encode())


def make_pair(path: Path, comment: str) -> None:
    """A new ed25519 key pair, 0600, unless there is one."""
    if path.exists():
        return
    made = asyncssh.generate_private_key("ssh-ed25519", comment=comment)
    _write(path, made.export_private_key())


def remove_pair(path: Path) -> None:
    """It opens nothing any more from here."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InvalidError(f"cannot remove the key {path}: {error.strerror}") from error


def public_line(path: Path) -> str:
    """The public half as authorized_keys takes it; raises InvalidError where the private one is missing, readable by others, or locked."""
    require_private(path)
    try:
        key = asyncssh.read_private_key(str(path))
    except (asyncssh.KeyImportError, OSError) as error:
        raise InvalidError(f"the key {path} cannot be used: it is no private key, or has a passphrase") from error
    return key.export_public_key().decode("ascii", "replace").strip()


def require_private(path: Path) -> None:
    """Raises InvalidError unless the key is a plain file of ours that nobody else can read."""
    try:
        info = path.stat()
    except OSError as error:
        raise InvalidError(f"cannot read the key {path}: {error.strerror}; `nightshift hosts add` makes it") from error
    if not stat.S_ISREG(info.st_mode) or info.st_uid not in {os.geteuid(), 0}:
        raise InvalidError(f"the key {path} is no file of yours; name another")
    if info.st_mode & 0o077:
        raise InvalidError(
            f"others can read the key {path}; make a new one if they may have, then run: chmod 600 {path}"
        )


def _lines(book: Path) -> list[str]:
    try:
        handle = os.open(book, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InvalidError(f"cannot read the host keys {book}: {error.strerror}") from error
    with os.fdopen(handle, "rb") as file:
        info, data = os.fstat(file.fileno()), file.read(_LONGEST)
    if info.st_mode & 0o022 or info.st_uid not in {os.geteuid(), 0}:
        raise InvalidError(f"others could write the host keys {book}; look what is in it, then run: chmod 600 {book}")
    return [line for line in data.decode("ascii", "replace").splitlines() if line.strip()]


def _write(path: Path, data: bytes) -> None:
    """Complete or not at all, 0600 from the first byte."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise InvalidError(f"cannot write {path}: {error.strerror}") from error
