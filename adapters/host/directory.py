"""The hosts there are, by name."""

from __future__ import annotations

from collections.abc import Mapping

from core.alert import LOCALHOST
from core.errors import UnknownError
from core.ports import Host


class HostDirectory:
    """Hosts port over the hosts that were composed."""

    def __init__(self, hosts: Mapping[str, Host]) -> None:
        self._hosts = dict(hosts)

    def open(self, name: str) -> Host:
        """See `core.ports.Hosts`."""
        host = self._hosts.get(name)
        if host is None:
            raise UnknownError("host", name, self.names())
        return host

    def names(self) -> tuple[str, ...]:
        """See `core.ports.Hosts`."""
        return tuple(sorted(self._hosts, key=lambda name: (name != LOCALHOST, name)))
