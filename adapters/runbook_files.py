"""Runbooks as the Markdown files directly in one folder; each is judged by what was opened, never by its name."""

from __future__ import annotations

import logging
import os
import re
import stat
from pathlib import Path

from core.runbook import Runbook

log = logging.getLogger(__name__)

MOST_FILES = 200
LARGEST = 256 * 1024
_TITLE = re.compile(r"(?m)^#{1,6} +(\S.*)$")
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FileRunbooks:
    """Reads them anew each time, so that what a person has just written counts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> tuple[Runbook, ...]:
        """See `core.mind_ports.Runbooks`."""
        try:
            folder = os.open(self._folder, _FLAGS | os.O_DIRECTORY)
        except FileNotFoundError:
            return ()
        except OSError as error:
            return self._none(str(error.strerror))
        try:
            return self._in(folder)
        except OSError as error:
            return self._none(str(error.strerror))
        finally:
            os.close(folder)

    def _none(self, why: str) -> tuple[Runbook, ...]:
        log.warning("no runbook in %s is read: %s", self._folder, why)
        return ()

    def _in(self, folder: int) -> tuple[Runbook, ...]:
        if os.fstat(folder).st_mode & stat.S_IWOTH:
            return self._none("everybody may write there")
        names = sorted(name for name in os.listdir(folder) if name.endswith(".md") and not name.startswith("."))
        if len(names) > MOST_FILES:
            log.warning("of %d runbooks in %s the first %d are read", len(names), self._folder, MOST_FILES)
        found = [self._read(folder, name) for name in names[:MOST_FILES]]
        return tuple(runbook for runbook in found if runbook is not None)

    def _read(self, folder: int, name: str) -> Runbook | None:
        try:
            text = _text(folder, name)
        except (OSError, ValueError) as error:
            log.warning("runbook %r is left out: %s", name, error)
            return None
        title = _TITLE.search(text)
        return Runbook(name, title[1].strip() if title else name, text)


def _text(folder: int, name: str) -> str:
    """Raises OSError, which a link is too, and ValueError for what is no text of ours."""
    name.encode()
    with os.fdopen(os.open(name, _FLAGS, dir_fd=folder), "rb") as file:
        info = os.fstat(file.fileno())
        if not stat.S_ISREG(info.st_mode):
            raise ValueError("it is no plain file")
        if info.st_mode & stat.S_IWOTH:
            raise ValueError("everybody may write it")
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST} bytes")
    if b"\0" in data:
        raise ValueError("it is no text")
    return data.decode()
