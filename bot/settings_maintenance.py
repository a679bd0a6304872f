"""[[maintenance]] of nightshift.toml: when nothing is to be done by the calendar."""

from __future__ import annotations

from collections.abc import Container
from datetime import timedelta
from typing import Self

from pydantic import Field, field_validator, model_validator

from bot.settings_table import Duration, Names, Table, zone_name
from core.errors import InvalidError
from core.maintenance import Window


class MaintenanceTable(Table):
    """[[maintenance]]: one window. In it nobody is paged and nothing is done there; what is still bad at its end is raised."""

    cron: str = Field(description='five fields, e.g. "0 2 * * sun"', max_length=200)
    length: Duration = Field(alias="for", description='a duration, e.g. "2h"', ge=60)
    hosts: Names = Field(default=(), description='a list of host names, e.g. ["localhost"]')
    groups: Names = Field(default=(), description='a list of group names, e.g. ["web"]')
    zone: str = Field(default="", description='a time zone, e.g. "Asia/Shanghai"')
    why: str = Field(default="", description="a few words", max_length=300)

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        return zone_name(name)

    @model_validator(mode="after")
    def _comes_and_ends(self) -> Self:
        if not self.hosts and not self.groups:
            raise ValueError("names no host and no group; add hosts or groups")
        try:
            self.window().check()
        except InvalidError as error:
            raise ValueError(error.message) from error
        return self

    def window(self) -> Window:
        """As the pulse reads it."""
        return Window(self.cron, timedelta(seconds=self.length), self.zone, self.hosts, self.groups, self.why)


def maintenance_mistake(tables: tuple[MaintenanceTable, ...], hosts: Container[str], groups: Container[str]) -> str:
    """The first host or group that there is not, '' if there is none."""
    for table in tables:
        if unknown := [host for host in table.hosts if host not in hosts]:
            return f"maintenance: {table.cron!r} names host {unknown[0]!r}, which is not in [hosts]"
        if unknown := [group for group in table.groups if group not in groups]:
            return f"maintenance: {table.cron!r} names group {unknown[0]!r}, and no host is in it"
    return ""
