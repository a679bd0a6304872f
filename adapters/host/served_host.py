"""A Host whose hands are kept children: what is asked travels as JSON, what comes back becomes nouns again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from adapters.host.kept_child import KeptChildren
from adapters.host.serve import bytes_in, bytes_out
from adapters.host.walk import inodes_of
from core.host_change import Change, Changed, FileWrite
from core.world import CommandResult, FileContent, FileInfo, Process

_SECONDS = 20.0
"""How long a look or a change may take before the child counts as stuck, on a dead network file system for example."""


class ServedHost:
    """Host port over kept children; `enter` gives the words before a command that put it on this host.

    `protected` is Nightshift's own: code, environment, data folder, key, settings.
    """

    def __init__(self, enter: Callable[[], tuple[str, ...]], protected: tuple[Path, ...]) -> None:
        self.enter = enter
        self._children = KeptChildren(enter, "adapters.host.serve")
        self._protected = protected

    def read(self, path: str, limit: int) -> FileContent:
        """See `core.ports.Host`."""
        answer = self._ask("read", {"path": path, "limit": limit})
        return FileContent(FileInfo(**answer["info"]), bytes_in(answer["data"]) or b"", answer["sha256"])

    def list(self, path: str, limit: int) -> tuple[FileInfo, ...]:
        """See `core.ports.Host`."""
        return tuple(FileInfo(**info) for info in self._ask("list", {"path": path, "limit": limit}))

    def change(self, change: Change) -> Changed:
        """See `core.ports.Host`."""
        fields = asdict(change)
        if isinstance(change, FileWrite):
            fields["data"] = bytes_out(change.data)
        answer = self._ask("change", {"kind": type(change).__name__, "fields": fields})
        return Changed(**{**answer, "before": bytes_in(answer["before"])})

    def run(self, argv: tuple[str, ...], timeout: float, started: Callable[[int, int], None]) -> CommandResult:
        """See `core.ports.Host`."""
        answer = self._ask("run", {"argv": list(argv), "timeout": timeout}, timeout, started)
        return CommandResult(**answer)

    def processes(self) -> tuple[Process, ...]:
        """See `core.ports.Host`."""
        return tuple(Process(**{**item, "argv": tuple(item["argv"])}) for item in self._ask("processes", {}))

    def close(self) -> None:
        """Ends the children that wait."""
        self._children.close()

    def _ask(
        self,
        operation: str,
        arguments: dict[str, Any],
        timeout: float = 0.0,
        started: Callable[[int, int], None] | None = None,
    ) -> Any:
        # Anew each time: an editor that saves the settings file gives it another inode.
        protected = sorted(inodes_of(self._protected))
        request = {"operation": operation, "arguments": arguments, "protected": protected}
        return self._children.ask(request, timeout + _SECONDS, started)
