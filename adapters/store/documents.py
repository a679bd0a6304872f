"""Documents in the data folder: a private directory each, made once and never written again."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from core.errors import UnavailableError, UnknownError

_NAME = re.compile(r"\d{8}-\d{6}-[A-Za-z0-9_.-]{1,120}")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


class DocumentFolder:
    """`documents/` below the data folder; made with the first document."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "documents"

    def save(self, about: str, files: Mapping[str, bytes], now: datetime) -> Path:
        """Writes them into a directory of their own, 0700 and 0600; raises UnavailableError and leaves nothing half done."""
        name = f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{_UNSAFE.sub('-', about)[:100]}-{secrets.token_hex(2)}"
        draft = self._folder / f".{name}"
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            draft.mkdir(mode=0o700)
            for file, data in files.items():
                handle = os.open(draft / file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                with os.fdopen(handle, "wb") as stream:
                    stream.write(data)
            draft.rename(self._folder / name)
        except OSError as error:
            for file in files:
                (draft / file).unlink(missing_ok=True)
            if draft.is_dir():
                draft.rmdir()
            raise UnavailableError(f"the document cannot be written: {error.strerror}") from error
        return self._folder / name

    def names(self) -> tuple[str, ...]:
        """The newest first."""
        if not self._folder.is_dir():
            return ()
        return tuple(sorted((one.name for one in self._folder.iterdir() if _NAME.fullmatch(one.name)), reverse=True))

    def path(self, name: str) -> Path:
        """The directory of one, by its name or the unique beginning or part of it; raises UnknownError."""
        found = [one for one in self.names() if name and name in one]
        if len(found) != 1 and name not in found:
            raise UnknownError("document", name, self.names())
        return self._folder / (name if name in found else found[0])
