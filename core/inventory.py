"""The machines and people there are, as the settings say; and how far we may go on each group."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from core.alert import LOCALHOST


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
    """One host: how it is reached (local, namespace, ssh, docker) and the groups it is in."""

    name: str
    reach: str = "local"
    groups: tuple[str, ...] = ()


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

    def mode(self, host: str) -> Mode:
        """The strictest of the ceiling and the host's groups; an unlisted host is only observed."""
        entry = self.entry(host)
        if entry is None:
            return Mode.OBSERVE
        default = Mode.APPROVE if host == LOCALHOST else Mode.OBSERVE
        stated = dict(self.group_modes)
        modes = [stated.get(group, default) for group in self.groups(host)]
        if self.ceiling is not None:
            modes.append(self.ceiling)
        return min(modes)
