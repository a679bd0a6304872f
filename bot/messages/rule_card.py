"""A typed rule in a person's words again, so that they see what was understood."""

from __future__ import annotations

from datetime import datetime

from bot.messages.units import clock, plain
from bot.messages.words import Words
from core.told_rule import RuleKind, ToldRule, When


def rule_line(words: Words, rule: ToldRule, now: datetime) -> str:
    """What a rule says, in one line; `now` carries the reader's time zone."""
    what = plain(rule.object) if rule.object else ""
    place = plain(rule.host) if rule.host else ""
    if not what and (rule.kind is RuleKind.IGNORE or rule.action == "touch"):
        what, place = place, ""
    what = what or words.say("rule.anything")
    return words.say(
        f"rule.{rule.kind}",
        action=words.say(f"rule.action.{rule.action}") if rule.action else "",
        object=what,
        where=words.say("rule.where", host=place) if place else "",
        when=_when(words, rule.when),
        until=words.say("rule.until", until=clock(rule.until, now)) if rule.until else "",
    )


def _when(words: Words, when: When) -> str:
    names = words.say("rule.weekdays").split(",")
    parts = []
    if when.days_of_month:
        parts.append(words.say("rule.when.month", days=", ".join(map(str, when.days_of_month))))
    if when.weekdays:
        parts.append(words.say("rule.when.week", days=", ".join(names[day] for day in when.weekdays)))
    if when.from_minute is not None and when.to_minute is not None:
        parts.append(words.say("rule.when.hours", begin=_hour(when.from_minute), end=_hour(when.to_minute)))
    return "".join(parts)


def _hour(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
