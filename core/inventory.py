"""The machines and people there are, as the settings say; and how far we may go on each group."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum

from core.alert import LOCALHOST

UNREACHED = "none"
"""The `reach` of a host that is known by name only."""


class Mode(IntEnum):
    """How far Nightshift goes, strictest first (TRUST 1)."""

    OBSERVE = 0
    APPROVE = 1
    AUTO = 2

    @property
    def word(self) -> str:
        """The word in settings and tables."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class HostEntry:
    """One host: how it is reached (local, namespace, ssh, docker), the groups it is in, and the hosts whose services it uses.

    `reach` none: known by name only, for claims, groups, marks and maintenance; never looked at, never acted on. `hand` is the user over
    there who changes something, '' where that goes without saying: here we are ourselves.
    """

    name: str
    reach: str = "local"
    groups: tuple[str, ...] = ()
    talks_to: tuple[str, ...] = ()
    hand: str = ""

    @property
    def is_reached(self) -> bool:
        """False for a host that is known by name only."""
        return self.reach != UNREACHED


@dataclass(frozen=True, slots=True)
class Listed:
    """A host as somebody else's inventory names it: where it is, and in which groups."""

    name: str
    address: str = ""
    port: int = 22
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """What an inventory names; `notes` say of a host, by its name, why it cannot be taken, under '' what was not read."""

    hosts: tuple[Listed, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """One person with their accounts (`os:1000`, `slack:U123`); roles are viewer, responder, requester, approver, admin."""

    name: str
    roles: tuple[str, ...]
    groups: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inventory:
    """All hosts, the modes that groups state, the ceiling over all of them (None: no ceiling), the people."""

    hosts: tuple[HostEntry, ...]
    group_modes: tuple[tuple[str, Mode], ...] = ()
    ceiling: Mode | None = None
    people: tuple[Person, ...] = ()

    def entry(self, host: str) -> HostEntry | None:
        """The host by name, None if it is not listed."""
        return next((entry for entry in self.hosts if entry.name == host), None)

    def groups(self, host: str) -> tuple[str, ...]:
        """The groups of a host; one in no group is in a group of its own name."""
        entry = self.entry(host)
        return (entry.groups or (host,)) if entry else ()

    def is_reached(self, host: str) -> bool:
        """False for a host that is not listed, and for one that is known by name only."""
        entry = self.entry(host)
        return entry is not None and entry.is_reached

    def upstream(self, host: str) -> frozenset[str]:
        """Every host that this one leans on, through others too."""
        talks_to = {entry.name: entry.talks_to for entry in self.hosts}
        return _reached(host, lambda name: talks_to.get(name, ()))

    def dependents(self, host: str) -> frozenset[str]:
        """Every host whose services talk to this one, through others too: what may suffer when it does."""
        return _reached(host, lambda name: (entry.name for entry in self.hosts if name in entry.talks_to))

    def neighbours(self, host: str) -> frozenset[str]:
        """Both: where the cause or the consequences of a trouble here may be."""
        return self.upstream(host) | self.dependents(host)

    def mode(self, host: str) -> Mode:
        """The strictest of the ceiling and the host's groups; a host that is not listed, or not reached, is only observed."""
        entry = self.entry(host)
        if entry is None or not entry.is_reached:
            return Mode.OBSERVE
        default = Mode.APPROVE if host == LOCALHOST else Mode.OBSERVE
        stated = dict(self.group_modes)
        modes = [stated.get(group, default) for group in self.groups(host)]
        if self.ceiling is not None:
            modes.append(self.ceiling)
        return min(modes)


def _reached(host: str, next_to: Callable[[str], Iterable[str]]) -> frozenset[str]:
    """All that can be reached from a host, without itself; circles end."""
    found: set[str] = set()
    edge = [host]
    while edge:
        new = set(next_to(edge.pop())) - found
        found |= new
        edge += new
    return frozenset(found - {host})
