"""Presence and Changes of hosts, asked of a kept child over there: the same readers everywhere, and bounded in time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from core.errors import UnavailableError, UnknownError
from core.scene import HostEvent, Login

Ask = Callable[[dict[str, Any], float], Any]

LOGIN_SECONDS = 5.0
CHANGE_SECONDS = 8.0
_MOST_LOGINS = 100


class ServedPresence:
    """Presence port over one asker per host: `KeptChildren(enter, served.MODULE).ask`."""

    def __init__(self, asks: Mapping[str, Ask]) -> None:
        self._asks = dict(asks)

    def logins(self, host: str) -> tuple[Login, ...]:
        """See `core.people_ports.Presence`."""
        found = _asked(self._asks, host, {"operation": "logins", "arguments": {}}, LOGIN_SECONDS)
        return tuple(_each(host, found[:_MOST_LOGINS], _login))


class ServedChanges:
    """Changes port likewise. `services` are the names of watched services by host."""

    def __init__(self, asks: Mapping[str, Ask], services: Mapping[str, tuple[str, ...]]) -> None:
        self._asks, self._services = dict(asks), dict(services)

    def since(self, host: str, moment: datetime) -> tuple[HostEvent, ...]:
        """See `core.people_ports.Changes`."""
        arguments = {"since": moment.timestamp(), "services": list(self._services.get(host, ()))}
        found = _asked(self._asks, host, {"operation": "changes", "arguments": arguments}, CHANGE_SECONDS)
        return tuple(_each(host, found[:20], _event))


def _asked(asks: Mapping[str, Ask], host: str, question: dict[str, Any], seconds: float) -> list[Any]:
    ask = asks.get(host)
    if ask is None:
        raise UnknownError("host", host, tuple(asks))
    answer = ask(question, seconds)
    if not isinstance(answer, list):
        raise UnavailableError(f"{host} did not say what surrounds it")
    return answer


def _each(host: str, rows: Iterable[Any], read: Callable[[Any], Any]) -> list[Any]:
    try:
        return [read(row) for row in rows]
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
        raise UnavailableError(f"{host} did not say what surrounds it") from error


def _login(row: Any) -> Login:
    since = None if row[3] is None else datetime.fromtimestamp(float(row[3]), UTC)
    return Login(str(row[0]), str(row[1]), str(row[2]), since, None if row[4] is None else float(row[4]))


def _event(row: Any) -> HostEvent:
    return HostEvent(str(row[0]), str(row[1]), datetime.fromtimestamp(float(row[2]), UTC))
