"""Fake Presence: who a test says is logged in."""

from __future__ import annotations

from core.errors import NightshiftError, UnknownError
from core.scene import Login


class FakePresence:
    """Presence where nobody is logged in until a test says so; `known` None: every host answers."""

    def __init__(self, known: tuple[str, ...] | None = None) -> None:
        self._known = known
        self._there: dict[str, tuple[Login, ...] | NightshiftError] = {}

    def set(self, host: str, *logins: Login) -> None:
        """Who is there from now on."""
        self._there[host] = logins

    def hide(self, host: str, error: NightshiftError) -> None:
        """It cannot be seen from now on."""
        self._there[host] = error

    def logins(self, host: str) -> tuple[Login, ...]:
        """See `core.people_ports.Presence`."""
        if self._known is not None and host not in self._known:
            raise UnknownError("host", host, self._known)
        there = self._there.get(host, ())
        if isinstance(there, NightshiftError):
            raise there
        return there
