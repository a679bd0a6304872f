"""Hosts that a team's own inventories name: what `[inventory] take` says is taken, nightshift.toml overrides it, nothing adds itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.settings_hosts import SSH, TAKEN, HostTable, InventoryTable, host_mistake
from core.alert import LOCALHOST
from core.errors import InvalidError
from core.inventory import Listed, Listing

FILE = "nightshift.toml"


@dataclass(frozen=True, slots=True)
class Taken:
    """All hosts; of each where it comes from; and what was left out, by name, with the reason."""

    hosts: dict[str, HostTable]
    origins: dict[str, str]
    notes: tuple[tuple[str, str], ...] = ()


def taken(inventory: InventoryTable, stated: Mapping[str, HostTable], folder: Path) -> Taken:
    """The hosts of the file in `folder` and those that it takes from inventories; raises InvalidError."""
    sources = tuple((folder / path.expanduser(), read) for path, read in _sources(inventory) if path is not None)
    found = Taken(dict(stated), dict.fromkeys(stated, FILE))
    if not sources and inventory.take:
        raise InvalidError("inventory.take: there is nothing to take from; write ansible or ssh_config")
    if sources and not inventory.take:
        raise InvalidError('inventory.take is missing; write the groups and hosts to take, e.g. ["web", "db-1"]')
    wanted, unknown = frozenset(inventory.take), set(inventory.take) - {"all"}
    for path, read in sources:
        listing = read(path)
        found = _with(found, listing, str(path), wanted)
        unknown -= {name for one in listing.hosts for name in (one.name, *one.groups)}
        unknown -= {name for name, _ in listing.notes}
    if unknown:
        raise InvalidError(f"inventory.take: no inventory names a group or host {min(unknown)[:80]!r}")
    return found


def _with(found: Taken, listing: Listing, path: str, wanted: frozenset[str]) -> Taken:
    """Also what one inventory names; a host that an earlier one named stays as it was there."""
    hosts, origins = dict(found.hosts), dict(found.origins)
    notes = [*found.notes, *listing.notes]
    for one in listing.hosts:
        if not wanted & {"all", one.name, *one.groups} or origins.get(one.name, FILE) != FILE:
            continue
        table, why = _table(one, hosts.get(one.name))
        if why:
            notes.append((one.name, why))
        else:
            origins[one.name] = f"{FILE}, {path}" if one.name in hosts else path
            hosts[one.name] = table
    return Taken(hosts, origins, tuple(notes))


def _sources(inventory: InventoryTable) -> tuple[tuple[Path | None, Callable[[Path], Listing]], ...]:
    return ((inventory.ansible, _ansible), (inventory.ssh_config, _ssh_config))


def _ansible(path: Path) -> Listing:
    from adapters.inventory_ansible import listed

    return listed(path)


def _ssh_config(path: Path) -> Listing:
    from adapters.inventory_ssh_config import listed

    return listed(path)


def _table(one: Listed, stated: HostTable | None) -> tuple[HostTable, str]:
    """What the inventory says, under what nightshift.toml says; or why it is left out."""
    given = {} if stated is None else {key: getattr(stated, key) for key in stated.model_fields_set}
    groups = tuple(group for group in one.groups if not _bad_group(group))
    found = {"reach": SSH, "port": one.port, "groups": (*groups, TAKEN)} | (
        {"address": one.address} if one.address else {}
    )
    if given.get("reach", SSH) != SSH and stated is not None:
        return stated, ""
    table = HostTable.model_validate(found | given)
    if one.name == LOCALHOST:
        return table, "is this machine; use [hosts.localhost]"
    return table, "" if stated is not None else host_mistake(one.name, table)


def _bad_group(group: str) -> bool:
    return bool(host_mistake("a", HostTable(reach="none", groups=(group,))))
