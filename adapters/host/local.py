"""This machine as a Host."""

from __future__ import annotations

from pathlib import Path

from adapters.host.served_host import ServedHost


class LocalHost(ServedHost):
    """Host port on this machine, with the rights of whoever runs Nightshift.

    Even here the hands are a child: a command is ended with us however we die, and a file system that hangs holds up
    one child, not a thread of ours for ever.
    """

    def __init__(self, protected: tuple[Path, ...]) -> None:
        super().__init__(lambda: (), protected)
