"""What the kept helper needs of whatever carries it to a host: SSH, or a container's own exec."""

from __future__ import annotations

import shlex
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


def quoted(words: Sequence[str]) -> str:
    """A line that any login shell takes as these words; fish reads a backslash between single quotes, so none stands there."""
    return " ".join(shlex.quote(word).replace("\\", r"'\\'") for word in words)


class Label(Protocol):
    """Where it goes."""

    @property
    def label(self) -> str:
        """The host as people know it."""
        ...


class FarTalk(Protocol):
    """One program over there: bytes in, lines out, and how it ended."""

    @property
    def status(self) -> int | None:
        """Its exit status, None where that is not known."""
        ...

    @property
    def error(self) -> bytearray:
        """The beginning of its stderr."""
        ...

    @property
    def is_over(self) -> bool:
        """True when it ended, or is not where it was started any more."""
        ...

    @property
    def has_unasked(self) -> bool:
        """True when it said something that nobody waited for."""
        ...

    def say(self, data: bytes) -> None:
        """Towards the host; raises UnavailableError when it is over."""
        ...

    async def line(self, most: int) -> bytes:
        """The next line; raises UnavailableError when it ends or grows too long."""
        ...


class FarConnection(Protocol):
    """The way to one host as one user."""

    @property
    def address(self) -> Label:
        """Where it goes."""
        ...

    def call(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """Does this; raises UnavailableError when it takes longer."""
        ...

    def exec(self, argv: Sequence[str], stdin: bytes, seconds: float) -> tuple[int, bytes, bytes]:
        """As `adapters.host.plain_script.Exec`."""
        ...

    async def talk(self, command: str, most: int) -> Any:
        """Starts a FarTalk; `done` must be called with it in the end."""
        ...

    def done(self, talk: Any) -> None:
        """Ends it."""
        ...

    def close(self) -> None:
        """Hangs up; what is asked afterwards connects anew."""
        ...
