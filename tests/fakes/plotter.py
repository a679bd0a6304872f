"""Fake Plotter: remembers what it drew, and may be out of order."""

from __future__ import annotations

from core.document import Picture
from core.errors import UnavailableError


class FakePlotter:
    """Its PNG is a picture of nothing."""

    def __init__(self) -> None:
        self.drawn: list[Picture] = []
        self.is_broken = False

    def plot(self, picture: Picture) -> bytes:
        """See `core.people_ports.Plotter`."""
        if self.is_broken:
            raise UnavailableError("no plot can be drawn")
        self.drawn.append(picture)
        return b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR"
