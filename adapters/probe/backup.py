"""How old the newest backup below a directory is."""

from __future__ import annotations

from collections.abc import Callable

from adapters.probe.system import Reading
from core.errors import UnavailableError


def backup_age(newest: Callable[[str], tuple[float, str, int] | None], folder: str, now: float) -> Reading:
    """Hours since the newest plain file with something in it was written; UnavailableError where there is none at all."""
    if not folder.startswith("/"):
        raise UnavailableError(f"{folder!r} is not an absolute path")
    found = newest(folder)
    if found is None:
        raise UnavailableError(f"there is no backup below {folder}")
    written, path, size = found
    return Reading(max(0.0, (now - written) / 3600), f"the newest is {path} with {size} bytes")
