"""The hosts there are, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

from core.alert import LOCALHOST
from core.errors import UnknownError
from core.ports import Host

Hand = Callable[[], AbstractContextManager[Host]]


class HostDirectory:
    """Hosts port over the hosts that were composed.

    `hands` give the identity that may change a host, where that is another one; `ours` are the user ids trusted on this machine.
    """

    def __init__(
        self, hosts: Mapping[str, Host], hands: Mapping[str, Hand] | None = None, ours: frozenset[int] = frozenset({0})
    ) -> None:
        self._hosts, self._hands, self._ours = dict(hosts), dict(hands or {}), ours

    def open(self, name: str) -> Host:
        """See `core.ports.Hosts`."""
        host = self._hosts.get(name)
        if host is None:
            raise UnknownError("host", name, self.names())
        return host

    def hand(self, name: str) -> AbstractContextManager[Host]:
        """See `core.ports.Hosts`."""
        host, hand = self.open(name), self._hands.get(name)
        return nullcontext(host) if hand is None else hand()

    def trusted(self, name: str) -> frozenset[int]:
        """See `core.ports.Hosts`: on another machine a user id of ours is somebody else's."""
        self.open(name)
        return frozenset({0}) if name in self._hands else self._ours

    def names(self) -> tuple[str, ...]:
        """See `core.ports.Hosts`."""
        return tuple(sorted(self._hosts, key=lambda name: (name != LOCALHOST, name)))
