"""Fake Seal: under a key that everybody knows."""

from __future__ import annotations

import hashlib


class FakeSeal:
    """Seal under a key that everybody knows; another `key` makes every row foreign."""

    def __init__(self, key: str = "test") -> None:
        self.key = key

    def sign(self, body: bytes) -> str:
        """See `core.ports.Seal`."""
        return hashlib.sha256(self.key.encode() + body).hexdigest()

    def verifies(self, body: bytes, mark: str) -> bool:
        """See `core.ports.Seal`."""
        return self.sign(body) == mark
