"""Fake Blobs over a shelf."""

from __future__ import annotations

import hashlib

from core.errors import InvalidError, TamperedError, UnknownError
from tests.fakes.shelf import Shelf


class FakeBlobs:
    """Blobs over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def put(self, data: bytes) -> str:
        """See `core.ports.Blobs`."""
        if len(data) > 1 << 20:
            raise InvalidError(f"{len(data)} bytes are too many to keep")
        name = hashlib.sha256(data).hexdigest()
        self._shelf.blobs[name] = data
        return name

    def get(self, sha256: str) -> bytes:
        """See `core.ports.Blobs`."""
        if sha256 not in self._shelf.blobs:
            raise UnknownError("saved bytes", sha256)
        if hashlib.sha256(self._shelf.blobs[sha256]).hexdigest() != sha256:
            raise TamperedError(f"the saved bytes {sha256[:12]} are not what was saved")
        return self._shelf.blobs[sha256]
