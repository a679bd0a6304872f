"""Who may send alerts: bearer tokens, one per source, kept as hashes and bound to host groups."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from bot.settings import Settings
from core.inventory import Inventory

FIRST = "first"
"""The name of the token that is made at the first start, or stands in NIGHTSHIFT_ALERT_TOKEN."""


@dataclass(frozen=True, slots=True)
class AlertToken:
    """One source: its name, the SHA-256 of its token, the host groups it may speak of (none: all)."""

    name: str
    sha256: str
    groups: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The source of its alerts: a claim, never a measurement of ours."""
        return f"claim:{self.name}"

    def may_speak_of(self, host: str, inventory: Inventory) -> bool:
        """True for a host in its groups; and for a host that nobody knows, which is posted and never touched."""
        return not self.groups or inventory.entry(host) is None or bool(set(self.groups) & set(inventory.groups(host)))


class AlertTokens:
    """Every token that is valid."""

    def __init__(self, tokens: tuple[AlertToken, ...]) -> None:
        self._tokens = tokens

    def find(self, authorization: str) -> AlertToken | None:
        """The source behind an Authorization header. Every hash is compared, each in constant time."""
        scheme, _, token = authorization.partition(" ")
        given = hash_of(token.strip()) if scheme.lower() == "bearer" and token.strip() else ""
        found = [one for one in self._tokens if hmac.compare_digest(one.sha256, given)]
        return found[0] if found else None


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def tokens_of(settings: Settings, first: str) -> AlertTokens:
    """The sources of nightshift.toml, and the first token: from the environment, else the one made at the first start."""
    listed = tuple(AlertToken(name, table.sha256, table.groups) for name, table in settings.file.tokens.items())
    return AlertTokens((AlertToken(FIRST, hash_of(settings.env.alert_token or first)), *listed))
