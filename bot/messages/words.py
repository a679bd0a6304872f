"""One language's words, filled with facts; and the nouns that a card is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from bot.messages import en, zh
from bot.messages.units import clock, lasted, number, plain, squeezed
from core.admission import Admission
from core.alert import Signal
from core.approval import Approval
from core.errors import NightshiftError, UnknownError
from core.incident import Attempt, Ending, Incident
from core.pause import Pause
from core.report import Report
from core.scene import Scene
from core.standing_order import StandingOrder
from core.storm import Storm, StormFacts

_ACCOUNT = re.compile(r"\b[a-z]+:[A-Za-z0-9]+\b")

TROUBLE = 26
HOST = 18
"""Characters in a headline: host, trouble and what is wanted fit the first 60 of a lock screen."""


@dataclass(frozen=True, slots=True)
class Nouns:
    """What a card tells of. `now` carries the time zone that people read; `names` are accounts to names; `keys`: buttons are keys.

    `order` is the one a card is about, or that stood for its yes; `offers_order`: this repair has worked often enough for one.
    `members` are the alarms that are part of this incident, `pauses` are those that cover it now. `hand` is who would act on a far host.
    """

    now: datetime
    incident: Incident | None = None
    approval: Approval | None = None
    attempt: Attempt | None = None
    report: Report | None = None
    stops: tuple[tuple[str, str, datetime], ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    has_keys: bool = False
    order: StandingOrder | None = None
    admission: Admission | None = None
    offers_order: bool = False
    scene: Scene | None = None
    members: tuple[Signal, ...] = ()
    pauses: tuple[Pause, ...] = ()
    storm: Storm | None = None
    facts: StormFacts | None = None
    hand: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one language."""

    table: dict[str, str]
    units: tuple[str, str, str, str]

    def say(self, key: str, **facts: object) -> str:
        """The sentence for a key; a key that is missing is a mistake of ours and raises KeyError."""
        return self.table[key].format(**facts)

    def trouble(self, signal: Signal, value: float | None, limit: int = TROUBLE) -> str:
        """What is wrong, in at most `limit` characters where the object can be shortened to that."""
        key = f"trouble.{signal.name}"
        template = self.table.get(key, self.table["trouble.other"])
        if value is None:
            template = self.table.get(f"bare.{signal.name}", template)
        facts = {"v": number(value), "s": plain(signal.name, 24)}
        whole = template.format(o=plain(signal.object, 300), **facts).strip()
        room = limit - len(template.format(o="", **facts))
        return (
            whole
            if len(whole) <= limit
            else template.format(o=squeezed(plain(signal.object, 300), max(5, room)), **facts)
        )

    def head(self, kind: str, host: str, signal: Signal, value: float | None) -> str:
        """Host, trouble, what is wanted: within 60 characters."""
        return self.say(f"head.{kind}", host=squeezed(plain(host, 300), HOST), trouble=self.trouble(signal, value))

    def wake(self, key: str, host: str, signal: Signal, value: float | None, limit: int) -> str:
        """One line of a page in at most `limit` characters: the host and the trouble give way, what is wanted never does."""
        wanted = self.say(key)
        room = limit - len(self.say("page.line", host="", trouble="", wanted=wanted))
        name = squeezed(plain(host, 300), min(HOST, room // 2))
        room -= len(name)
        trouble = squeezed(self.trouble(signal, value, min(TROUBLE, room)), room)
        return self.say("page.line", host=name, trouble=trouble, wanted=wanted)

    def effect(self, text: str, limit: int) -> str:
        """An effect of the grant grammar, `fs.delete /x`, in words; its target may come from a host, so it is made harmless."""
        verb, _, target = plain(text, limit).partition(" ")
        key = f"effect.{verb}"
        return self.table[key].format(t=target) if target and key in self.table else plain(text, limit)

    def ending(self, text: str) -> str:
        """How something ended."""
        return self.table.get(f"ending.{text}", plain(text))

    def tried(self, line: str) -> str:
        """`free_rotated_logs: rejected (not tonight)`, as reports keep it."""
        skill, _, rest = plain(line, 240).partition(": ")
        ending, bracket, why = rest.partition(" (")
        if ending == Ending.HANDED_OVER:  # it never began; the reason of the report says why
            return self.say("report.nottried", skill=skill)
        known = self.table.get(f"reason.{why.removesuffix(')')}")
        return f"{skill}: {self.ending(ending)}{bracket}{f'{known})' if known else why}"

    def lasted(self, seconds: float) -> str:
        """A length of time."""
        return lasted(seconds, self.units)

    def scope(self, scope: str) -> str:
        """`host:web-1` as words."""
        kind, _, name = scope.partition(":")
        return self.table.get(f"scope.{kind}", "{name}").format(name=plain(name or scope, 80))

    def problem(self, error: NightshiftError) -> str:
        """What did not work: a name that nothing answers to in this language, anything else as core says it."""
        if not isinstance(error, UnknownError) or f"kind.{error.what}" not in self.table:
            return plain(error.message, 300)
        known = self.say("unknown.known", list=plain(", ".join(error.nearest), 200)) if error.known else ""
        return self.say("unknown", what=self.say(f"kind.{error.what}"), name=plain(error.name), known=known)

    def named(self, text: str, names: dict[str, str], limit: int = 200) -> str:
        """A sentence of ours about why: in this language where it has no facts in it, its accounts as names."""
        name, _, rest = text.partition(" ")
        text = self.table.get(f"reason.{text}") or self.table.get(f"reason.* {rest}", text).replace("*", name, 1)
        return _ACCOUNT.sub(lambda account: plain(names.get(account[0], account[0]), 40), plain(text, limit))

    def people(self, by: tuple[str, ...], names: dict[str, str]) -> str:
        """Who it was, by name."""
        if not by:
            return self.say("by.nobody")
        return ", ".join(self.say("by.policy") if one == "policy" else plain(names.get(one, one), 40) for one in by)


def words_of(language: str) -> Words:
    """The sentences of a language; raises UnknownError."""
    languages = {"en": en, "zh": zh}
    if language not in languages:
        raise UnknownError("language", language, tuple(languages))
    module = languages[language]
    return Words(module.WORDS, module.UNITS)


def at(moment: datetime, now: datetime) -> str:
    """The time of day where the reader is."""
    return clock(moment, now)
