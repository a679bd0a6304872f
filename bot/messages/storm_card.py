"""One card for a storm: how much, where, of what kind, what waits for a yes, and how to answer for all of it."""

from __future__ import annotations

from bot.messages.screen import Line, fit
from bot.messages.units import clock, plain
from bot.messages.words import Nouns, Words
from core.storm import AT_ONCE, Counts, Storm, StormFacts

MOST_COUNTED = 4
MOST_SKILLS = 3


def storm_card(words: Words, storm: Storm, facts: StormFacts, nouns: Nouns) -> str:
    """Fits one phone screen whatever the storm."""
    say, is_over = words.say, storm.ended is not None
    skills = [
        Line(say("storm.waiting", skill=plain(skill, 40), count=count)) for skill, count in facts.waiting[:MOST_SKILLS]
    ]
    more = sum(count for _, count in facts.waiting[MOST_SKILLS:])
    counted = (
        ("storm.waiting.more", more),
        ("storm.two", facts.waiting_for_two),
        ("storm.choices", facts.choices),
        ("storm.acting", facts.acting),
        ("storm.untouched", facts.untouched),
    )
    endings = ", ".join(f"{words.ending(ending)} {count}" for ending, count in facts.endings[:MOST_COUNTED])
    lines = [
        Line(say("storm.head.over" if is_over else "storm.head", total=facts.total, open=facts.open)),
        Line(say("storm.id", id=storm.id, since=clock(storm.began, nouns.now), voice=say(_voice(storm)))),
        Line(say("storm.hosts", list=_listed(words, facts.groups)), rank=5, least=2),
        Line(say("storm.signals", list=_listed(words, facts.signals)), rank=5, least=2),
        Line(say("storm.alarms", count=facts.alarms - facts.total) if facts.alarms > facts.total else "", rank=6),
        *skills,
        *(Line(say(key, count=count, at_once=AT_ONCE)) for key, count in counted if count),
        Line(say("storm.endings", list=endings) if endings else "", rank=4, least=2),
        Line(say("storm.after" if is_over else "storm.alone")),
        Line("" if is_over else say("storm.answer", id=storm.id)),
    ]
    return fit(lines)


def _voice(storm: Storm) -> str:
    return "storm.claimed" if storm.is_claims else "storm.measured"


def _listed(words: Words, counts: Counts) -> str:
    """The most frequent by name, the rest as a number."""
    shown = ", ".join(f"{plain(name, 40)} {count}" for name, count in counts[:MOST_COUNTED])
    rest = len(counts) - MOST_COUNTED
    return words.say("storm.more", list=shown, count=rest) if rest > 0 else shown
