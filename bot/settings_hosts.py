"""[hosts.NAME] and [inventory] of nightshift.toml: which machines there are, how each is reached, and as whom."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, StrictInt

from bot.settings_table import Names, Table
from core.alert import LOCALHOST, require_host_name
from core.errors import InvalidError
from core.inventory import UNREACHED

LOOK = "nightshift-look"
HAND = "nightshift-hand"
TAKEN = "inventory"
"""The group of every host that an inventory alone names. Nothing states its mode, so such a host is only observed."""

NOBODY, DAEMON = "65534:65534", "unix:///var/run/docker.sock"

SSH, DOCKER, LOCAL = "ssh", "docker", "local"
_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_CONTAINER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_MEMBER = re.compile(r"(?:\d{1,9}|[a-z_][a-z0-9_-]{0,31})(?::(?:\d{1,9}|[a-z_][a-z0-9_-]{0,31}))?", re.ASCII)
_ADDRESS = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_LOOPBACK_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})


class HostTable(Table):
    """[hosts.NAME]: one machine."""

    reach: str = Field(default=LOCAL, description='"local", "ssh", "docker" or "none"')
    address: str = Field(default="", description='a name or an address, e.g. "10.0.0.7"')
    port: StrictInt = Field(default=22, description="a port, e.g. 22", ge=1, le=65535)
    user: str = Field(default=LOOK, description=f'a user over there, e.g. "{LOOK}"')
    hand: str = Field(default=HAND, description=f'a user over there, e.g. "{HAND}", or "" for none')
    key: Path | None = Field(default=None, strict=False, description='a path, e.g. "/home/ops/.ssh/look"')
    hand_key: Path | None = Field(default=None, strict=False, description='a path, e.g. "/home/ops/.ssh/hand"')
    container: str = Field(default="", description='a container\'s name, e.g. "shop"')
    look_user: str = Field(default=NOBODY, description=f'a user in the container, e.g. "{NOBODY}"')
    hand_user: str = Field(default="", description='a user in the container, e.g. "1000", or "" for its own')
    socket: str = Field(default=DAEMON, description=f'where docker answers, e.g. "{DAEMON}"')
    groups: Names = Field(default=(), description='a list of names, e.g. ["web"]')
    talks_to: Names = Field(default=(), description='a list of host names, e.g. ["db-1"]')

    @property
    def acts_as(self) -> str:
        """Who changes something over there; '' on this machine, and in a container whose own user does."""
        return {SSH: self.hand, DOCKER: self.hand_user}.get(self.reach, "")


class InventoryTable(Table):
    """[inventory]: files that name hosts already. Only what `take` names is taken from them."""

    ansible: Path | None = Field(default=None, strict=False, description='a path, e.g. "/etc/ansible/hosts"')
    ssh_config: Path | None = Field(default=None, strict=False, description='a path, e.g. "~/.ssh/config"')
    take: Names = Field(default=(), description='a list of groups and hosts, e.g. ["web", "db-1"]')


Stated = Literal["observe", "approve", "auto"]


def host_mistake(name: str, host: HostTable) -> str:
    """The first thing in one table that no night could honour, '' if there is none."""
    try:
        require_host_name(name)
    except InvalidError as error:
        return f"hosts.{name[:80]}: {error.message}"
    mistake = _reach_mistake(name, host) or _misplaced(name, host)
    if not mistake and host.reach == SSH:
        mistake = _ssh_mistake(name, host)
    if not mistake and host.reach == DOCKER:
        mistake = _docker_mistake(name, host)
    bad = [group for group in host.groups if not _GROUP.fullmatch(group)]
    said = (
        f"hosts.{name}.groups: {bad[0]!r} is no group name; use letters, digits, hyphens and underscores" if bad else ""
    )
    return mistake or said


def mode_mistake(hosts: Mapping[str, HostTable], modes: Mapping[str, str | None]) -> str:
    """A host that is only looked at cannot be in a mode that changes something."""
    for name, host in hosts.items():
        stated = [modes.get(group) or "observe" for group in host.groups or (name,)]
        if host.reach == SSH and not host.hand and "observe" not in stated:
            return (
                f'hosts.{name}.hand: is "", so this host is only looked at, but its groups are in {stated[0]}; '
                f'name a hand or write mode = "observe"'
            )
    return ""


def is_loopback(address: str) -> bool:
    """True for a name or an address that always is this machine."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address.lower() in _LOOPBACK_NAMES


def _reach_mistake(name: str, host: HostTable) -> str:
    if host.reach not in {LOCAL, SSH, DOCKER, UNREACHED}:
        return (
            f"hosts.{name}.reach: {host.reach[:40]!r} is not possible; "
            'write "ssh", "docker", "local" for this machine, "none" for one that is only known by name'
        )
    if name != LOCALHOST and host.reach == LOCAL:
        return (
            f"hosts.{name}: the machine that is reached locally is always called localhost; "
            'write [hosts.localhost], or reach = "ssh", "docker", or "none" for a host that is only known by name'
        )
    if name == LOCALHOST and host.reach != LOCAL:
        return f'hosts.{name}.reach: this machine is always reached; write "local"'
    return ""


_BELONGS = {
    **dict.fromkeys(("address", "port", "user", "hand", "key", "hand_key"), SSH),
    **dict.fromkeys(("container", "look_user", "hand_user", "socket"), DOCKER),
}


def _misplaced(name: str, host: HostTable) -> str:
    """A key that means nothing for this reach would look as if it did."""
    given = sorted(host.model_fields_set & set(_BELONGS))
    wrong = [key for key in given if _BELONGS[key] != host.reach]
    return (
        f'hosts.{name}.{wrong[0]}: only a host with reach = "{_BELONGS[wrong[0]]}" has it; remove it' if wrong else ""
    )


def _ssh_mistake(name: str, host: HostTable) -> str:
    address = host.address or name
    if not _is_address(address):
        return f"hosts.{name}.address: {address[:60]!r} is no name or address; write it without user, port or blanks"
    if is_loopback(address) and host.port == 22:
        return f"hosts.{name}: {address} is this machine; use [hosts.localhost], or write its own address"
    for key, account in (("user", host.user), ("hand", host.hand)):
        if not _ACCOUNT.fullmatch(account) and (key == "user" or account):
            return (
                f"hosts.{name}.{key}: {account[:60]!r} is no user name over there; use small letters, digits, - and _"
            )
    if host.user == "root":
        return f'hosts.{name}.user: whoever only looks needs no rights; write a user without any, e.g. "{LOOK}"'
    if host.user == host.hand:
        return f"hosts.{name}.hand: is the same as user; whoever looks must not be able to change anything"
    if host.key is not None and host.key == host.hand_key:
        return f"hosts.{name}.hand_key: is the same file as key; each of the two users has a key of its own"
    return ""


def _docker_mistake(name: str, host: HostTable) -> str:
    if not _CONTAINER.fullmatch(host.container or name):
        return f"hosts.{name}.container: {host.container[:60]!r} is no container's name"
    for key, account in (("look_user", host.look_user), ("hand_user", host.hand_user)):
        if not _MEMBER.fullmatch(account) and (key == "look_user" or account):
            return f'hosts.{name}.{key}: {account[:60]!r} is no user in a container; write USER or USER:GROUP, e.g. "{NOBODY}"'
    if any(word == "root" or not word.strip("0") for word in host.look_user.split(":")):
        return f'hosts.{name}.look_user: whoever only looks needs no rights; write a user without any, e.g. "{NOBODY}"'
    if host.look_user.partition(":")[0] == host.hand_user.partition(":")[0]:
        return f"hosts.{name}.hand_user: is the same as look_user; whoever looks must not be able to change anything"
    if not host.socket.startswith("unix:///"):
        return f'hosts.{name}.socket: {host.socket[:60]!r} is no socket of this machine; write e.g. "{DAEMON}"'
    return ""


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return _ADDRESS.fullmatch(text) is not None
