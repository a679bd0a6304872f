"""What runs reach beyond their host, as the operator set it: listed web pages, secrets, people to be told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.messages import Words
from bot.messages.units import plain
from core.card import Card, CardKind
from core.grant_target import ON_CALL
from core.inventory import Inventory
from core.ports import Clock, Outbox
from core.redaction import clean
from core.run import Notice
from core.skill import HostError

_LONGEST = 600
"""Characters of a notice that are shown."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """`listed` hosts may be looked at without being asked for; `port` is our own; `secrets` are values by the names that grants use."""

    listed: tuple[str, ...] = ()
    port: int = 8470
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    language: str = "en"

    def secret(self, name: str) -> str:
        """The value of one; raises HostError for one that is not set."""
        if name not in self.secrets:
            raise HostError(
                "denied",
                f"no secret {name} is set; name it in [secrets] of nightshift.toml and put its value into .env",
            )
        return self.secrets[name]


@dataclass(frozen=True, slots=True)
class Notices:
    """Posts what a skill tells people, once however often the run is repeated; the words say whose they are, for whom, and from where."""

    outbox: Outbox
    clock: Clock
    inventory: Inventory
    words: Words
    on_call: Callable[[datetime], str]

    def post(self, notice: Notice) -> None:
        """A card; raises HostError for a group that no host is in."""
        now = self.clock.now()
        text = clean(notice.text, _LONGEST)
        facts = {
            "skill": plain(notice.skill),
            "host": plain(notice.host),
            "text": "\n".join(f"> {plain(line, _LONGEST)}" for line in text.splitlines()),
        }
        digest = hashlib.sha256(f"{notice.to}\n{notice.text}".encode("utf-8", "replace")).hexdigest()[:12]
        said = self.words.say("notice.told", to=self._audience(notice.to, now), **facts)
        self.outbox.post(Card(f"{notice.run}:notice:{digest}", CardKind.NOTE, "", "", said), now)

    def _audience(self, to: str, now: datetime) -> str:
        if to == ON_CALL:
            person = self.on_call(now)
            return self.words.say("notice.oncall", person=plain(person)) if person else self.words.say("notice.anybody")
        people = [one.name for one in self.inventory.people if to in one.groups]
        known = {group for host in self.inventory.hosts for group in host.groups}
        if to not in known and not people:
            raise HostError("denied", f"no host and nobody is in a group {to}")
        return self.words.say("notice.group", group=plain(to), people=", ".join(map(plain, people)) or "-")
