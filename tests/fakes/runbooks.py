"""In-memory runbooks."""

from __future__ import annotations

from core.runbook import Runbook


class FakeRunbooks:
    """The texts it was given, by file name; the title is the first heading."""

    def __init__(self, **texts: str) -> None:
        self._texts = {f"{name}.md": text for name, text in texts.items()}

    def all(self) -> tuple[Runbook, ...]:
        return tuple(Runbook(name, _title(name, text), text) for name, text in sorted(self._texts.items()))


def _title(name: str, text: str) -> str:
    return next((line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("#")), name)
