"""[actions.NAME] of nightshift.toml: a team's own command, literal to the last word, and how dangerous it is."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Literal

from pydantic import Field, field_validator

from bot.settings_table import Duration, Names, Table
from core.action import Action, files_named
from core.action_skill import skill_of
from core.alert import LOCALHOST
from core.capability import Risk
from core.errors import InvalidError
from core.skill_manifest import SkillState

NAME = re.compile(r"[a-z][a-z0-9-]{2,59}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
MOST = 100


class ActionTable(Table):
    """[actions.NAME]: one command."""

    command: Names = Field(description='a list of words, e.g. ["/opt/deploy/rollback.sh", "api"]')
    risk: Literal["medium", "high"] = Field(description='"medium" or "high"')
    cures: Names = Field(default=(), description='a list of signals, e.g. ["http.failed"]')
    undo: Names = Field(default=(), description='a list of words, e.g. ["/opt/deploy/forward.sh", "api"]')
    settles: Duration = Field(default=0.0, description='a duration, e.g. "30s"', le=86400)
    timeout: Duration = Field(default=60.0, description='a duration, e.g. "2m"', ge=1, le=600)
    hosts: Names = Field(default=(), description='a list of host names, e.g. ["web-1"]')
    groups: Names = Field(default=(), description='a list of group names, e.g. ["web"]')
    sha256: dict[str, str] = Field(
        default={}, description="a table of path = SHA-256, as `nightshift skills adopt` writes it"
    )

    @field_validator("sha256")
    @classmethod
    def _are_hashes(cls, given: dict[str, str]) -> dict[str, str]:
        for path, sha256 in given.items():
            if not path.startswith("/") or not path.isprintable() or not _SHA256.fullmatch(sha256):
                raise ValueError(
                    'is no table of files; write { "/opt/x.sh" = "64 hex digits" }, or let skills adopt write it'
                )
        return given

    def action(self, name: str) -> Action:
        """As core knows it; raises InvalidError with one sentence for what nothing may run."""
        made = Action(
            name=name,
            command=self.command,
            risk=Risk[self.risk.upper()],
            cures=self.cures,
            undo=self.undo,
            settles=self.settles,
            timeout=self.timeout,
            hosts=self.hosts,
            groups=self.groups,
            files=tuple(sorted(self.sha256.items())),
        )
        skill_of(made, SkillState.DRAFT)
        return made


def action_mistake(
    tables: Mapping[str, ActionTable], hosts: Container[str], groups: Container[str], measured: Container[str]
) -> str:
    """The first thing in [actions] that no night could honour, '' if there is none."""
    if len(tables) > MOST:
        return f"actions: at most {MOST} of them"
    seen: set[str] = set()
    for name, table in tables.items():
        if mistake := _mistake(name, table, hosts, groups, measured):
            return f"actions.{name[:60]}{mistake}"
        if name.replace("-", "_") in seen:
            return f"actions.{name}: another one has this name already"
        seen.add(name.replace("-", "_"))
    return ""


def _mistake(
    name: str, table: ActionTable, hosts: Container[str], groups: Container[str], measured: Container[str]
) -> str:
    if not NAME.fullmatch(name):
        return ": is no name of an action; use lower case letters, digits and hyphens, at least three"
    if unknown := [host for host in table.hosts if host not in hosts]:
        return f".hosts: {unknown[0]!r} is not in [hosts]"
    if unknown := [group for group in table.groups if group not in groups]:
        return f".groups: no host is in group {unknown[0]!r}"
    if unknown := [signal for signal in table.cures if signal not in measured]:
        return f".cures: no probe measures {unknown[0]!r}"
    try:
        table.action(name)
    except InvalidError as error:
        return f": {error.message}"
    strange = sorted(set(table.sha256) - set(files_named(table.command)) - set(files_named(table.undo)))
    if strange:
        return f".sha256: {strange[0]} stands neither in command nor in undo"
    is_far = bool(table.hosts) and LOCALHOST not in table.hosts
    return (
        ": lacks sha256, and its files are not on this machine; copy the script here and adopt it"
        if is_far and not table.sha256
        else ""
    )
