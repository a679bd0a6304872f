"""Port Blobs: bytes by their SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import sqlalchemy as sa

from adapters.store.database import Database
from adapters.store.head_room import MOST_SAVED
from adapters.store.schema import BLOB
from adapters.store.sealed import Sealer
from core.errors import InvalidError, TamperedError, UnknownError

MOST_BYTES = 1 << 20


class StoredBlobs:
    """Bytes in `ns_blob`; their name is their seal. Who asks for some knows from a sealed row that they were saved."""

    def __init__(self, db: Database, sealer: Sealer) -> None:
        self._db, self._sealer = db, sealer

    def put(self, data: bytes) -> str:
        """See `core.ports.Blobs`."""
        if len(data) > MOST_BYTES:
            raise InvalidError(f"{len(data)} bytes are too many to keep; at most {MOST_BYTES}")
        name = hashlib.sha256(data).hexdigest()
        if len(data) > MOST_SAVED and self._db.room and self._db.room.is_short():
            raise InvalidError(
                f"the disk of the data folder is full: {len(data)} bytes cannot be kept for an undo, only up to {MOST_SAVED}"
            )
        with self._db.write() as tx:
            tx.insert_new(BLOB, sha256=name, data=data)
        return name

    def get(self, sha256: str) -> bytes:
        """See `core.ports.Blobs`."""
        with self._db.read() as conn:
            data = conn.execute(sa.select(BLOB.c.data).where(BLOB.c.sha256 == sha256)).scalar()
        if data is None:
            self._sealer.note(f"blob {sha256}")
            raise UnknownError("saved bytes", sha256)
        if hashlib.sha256(data).hexdigest() != sha256:
            self._sealer.note(f"blob {sha256}")
            raise TamperedError(f"the saved bytes {sha256[:12]} are not what was saved")
        return bytes(data)

    def broken(self) -> Iterator[str]:
        """Names of the bytes that are not what was saved."""
        with self._db.read() as conn:
            for name, data in conn.execution_options(yield_per=20).execute(sa.select(BLOB.c.sha256, BLOB.c.data)):
                if hashlib.sha256(data).hexdigest() != name:
                    self._sealer.note(f"blob {name}")
                    yield f"blob {name}"
