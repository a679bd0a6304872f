"""What can be set of what skills reach beyond their host: web pages that are looked at, and secrets by reference."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StrictStr, field_validator

from bot.settings_table import Names, Table
from bot.settings_waking import reference
from core.never_list import why_never_fetched

SHORTEST_SECRET = 8
"""Characters; a shorter one could not be hidden without hiding ordinary words."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def _is_reference(text: str) -> str:
    reference(text)
    return text


def _is_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no name of a secret; write small letters, digits and _")
    return text


SecretTable = dict[Annotated[StrictStr, AfterValidator(_is_name)], Annotated[StrictStr, AfterValidator(_is_reference)]]
"""[secrets]: a name that grants use, and the reference to its value."""


class WebTable(Table):
    """[web]: what a skill may look at without being asked for."""

    hosts: Names = Field(default=(), description='a list of host names, e.g. ["status.example.com"]')

    @field_validator("hosts")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            bare = f"[{host}]" if ":" in host else host
            if host != host.lower() or set(host) & set("/@?#*") or why_never_fetched(f"https://{bare}/") is not None:
                raise ValueError(f"{host[:60]!r} is no host that is ever asked; write a name like status.example.com")
        return hosts
