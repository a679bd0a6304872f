"""The rules that people told us, obeyed: what they forbid is denied, what they want to be asked about is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo

from core.approval import Answer
from core.capability import PlannedEffect, Risk, Verb
from core.errors import NightshiftError
from core.incident import Incident
from core.inventory import Inventory
from core.people_ports import Standing
from core.ports import Clock
from core.proposal import Proposal
from core.restraint import Restraint
from core.told_rule import RuleKind, ToldRule, When

SOURCE = "rule"

_STOPS = frozenset({Verb.SERVICE_STOP, Verb.SERVICE_RESTART, Verb.PROCESS_SIGNAL})
VERBS: Mapping[str, frozenset[Verb]] = {
    "restart": frozenset({*_STOPS, Verb.SERVICE_START}),
    "stop": _STOPS,
    "kill": frozenset({Verb.SERVICE_STOP, Verb.PROCESS_SIGNAL}),
    "start": frozenset({Verb.SERVICE_START, Verb.SERVICE_RESTART}),
    "reload": frozenset({Verb.SERVICE_RELOAD}),
    "delete": frozenset({Verb.FS_DELETE, Verb.FS_TRUNCATE, Verb.FS_MOVE}),
    "write": frozenset({Verb.FS_WRITE, Verb.FS_MOVE, Verb.FS_TRUNCATE, Verb.FS_DELETE}),
    "touch": frozenset(Verb),
}
"""What a person's verb means in effects, read generously: a rule can only forbid. A command (`exec`) is meant by every one of them."""

_WORD = re.compile(r"[\w.@/-]+")


class ToldRules:
    """What holds now, of everything that was told and confirmed; `zone` None: times of the day are this machine's."""

    def __init__(
        self, rules: Standing[ToldRule], inventory: Inventory, clock: Clock, zone: tzinfo | None = None
    ) -> None:
        self._rules, self._inventory, self._clock, self._zone = rules, inventory, clock, zone

    def restrain(self, incident: Incident, proposal: Proposal) -> Restraint | None:
        """The strictest rule that is meant by this proposal. A list that does not verify forbids everything."""
        try:
            meant = [rule for rule in self._in_force() if self._is_meant(rule, incident, proposal)]
        except NightshiftError as error:
            return Restraint(Answer.DENY, f"the rules cannot be read: {error}", SOURCE)
        if not meant:
            return None
        rule = min(meant, key=lambda one: one.kind is RuleKind.ASK)
        least = Answer.ASK1 if rule.kind is RuleKind.ASK else Answer.DENY
        return Restraint(least, f"rule {rule.id} of {rule.by}: {rule.said}", SOURCE)

    def _in_force(self) -> tuple[ToldRule, ...]:
        now = self._clock.now()
        return tuple(rule for rule in self._rules.all() if rule.is_on(now) and holds(rule.when, now, self._zone))

    def _is_meant(self, rule: ToldRule, incident: Incident, proposal: Proposal) -> bool:
        if rule.host and rule.host not in (proposal.host, *self._inventory.groups(proposal.host)):
            return False
        if rule.kind is RuleKind.IGNORE:
            return not rule.object or is_about(rule.object, str(incident.signal))
        if rule.object and is_about(rule.object, proposal.skill):
            return True
        named = " ".join(str(value.value) for _, value in proposal.parameters)
        return any(_forbids(rule, effect, named) for effect in proposal.plan)


def holds(when: When, now: datetime, zone: tzinfo | None) -> bool:
    """True if this moment, in local time, is inside; an empty condition always is. A span over midnight belongs to the day it begins on."""
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    begin, end = when.from_minute, when.to_minute
    if begin is not None and end is not None:
        is_over_midnight = end <= begin
        is_inside = minute >= begin or minute < end if is_over_midnight else begin <= minute < end
        if not is_inside:
            return False
        if is_over_midnight and minute < end:
            local -= timedelta(days=1)
    is_day = not when.days_of_month or local.day in when.days_of_month
    return is_day and (not when.weekdays or local.weekday() in when.weekdays)


def is_about(name: str, text: str) -> bool:
    """True if the name stands in the text as a word, a path or the beginning of a path; `.service` and case do not matter."""
    wanted = name.casefold().removesuffix(".service").rstrip("/")
    words = {word.casefold().removesuffix(".service") for word in _WORD.findall(text)}
    parts = {part for word in words for part in word.split("/") if part}
    return wanted in words | parts or any(word.startswith(f"{wanted}/") for word in words) or wanted == text.casefold()


def _forbids(rule: ToldRule, effect: PlannedEffect, named: str) -> bool:
    if effect.risk is Risk.LOW:
        return False
    verbs = VERBS.get(rule.action, frozenset(Verb))
    if effect.verb not in verbs and effect.verb is not Verb.EXEC:
        return False
    return not rule.object or is_about(rule.object, f"{effect.target} {named}")
