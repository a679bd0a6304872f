"""Lines about an incident that several cards share: since when, how bad, who says so, what else is on."""

from __future__ import annotations

from bot.messages.fact_lines import sized
from bot.messages.scene_lines import scene_lines
from bot.messages.screen import Line
from bot.messages.units import clock, number, plain, quoted
from bot.messages.words import Nouns, Words
from core.alert import Alert
from core.incident import Incident
from core.pause import BY_SETTINGS
from core.proposal import Evidence
from core.task import is_wish, wished_in

MOST_EVIDENCE = 2
MOST_MEMBERS = 4


def top_lines(words: Words, kind: str, id: str, incident: Incident, nouns: Nouns) -> list[Line]:
    """The lock screen's line, the id, since when and how bad, who says so."""
    return [
        Line(words.head(kind, incident.host, incident.signal, incident.alert.value)),
        Line(words.say("card.id", id=id, rest=since_line(words, incident, nouns))),
        Line(source_line(words, incident, nouns), rank=4, least=1),
        Line(members_line(words, nouns), rank=7, least=1),
    ]


def members_line(words: Words, nouns: Nouns) -> str:
    """The alarms that are part of this trouble, by name."""
    if not nouns.members:
        return ""
    named = [f"{signal.name}:{plain(signal.object, 24)}".rstrip(":") for signal in nouns.members[:MOST_MEMBERS]]
    rest = ["…"] if len(nouns.members) > MOST_MEMBERS else []
    return words.say("card.members.named", count=len(nouns.members), list=", ".join((*named, *rest)))


def since_line(words: Words, incident: Incident, nouns: Nouns) -> str:
    """Since when, how bad, against which limit."""
    alert = incident.alert
    since, age = clock(alert.at, nouns.now), words.lasted((nouns.now - alert.at).total_seconds())
    if alert.value is None or not alert.limit:  # a failure is 1 against a limit of 0: numbers that say nothing
        return words.say("card.since.bare", since=since, age=age)
    return words.say("card.since", since=since, age=age, value=number(alert.value), limit=number(alert.limit))


def source_line(words: Words, incident: Incident, nouns: Nouns) -> str:
    """Whether we measured it ourselves or somebody claims it; and how often it was reported."""
    alert = incident.alert
    who = whose(words, alert, nouns.names)
    if alert.reopens:
        who = f"{who}; {words.say('card.reopens', id=plain(alert.reopens))}"
    return f"{who}; {words.say('card.counted', count=incident.count)}" if incident.count > 1 else who


def whose(words: Words, alert: Alert, names: dict[str, str]) -> str:
    """Measured by us, asked for by a person, or claimed by somebody outside."""
    if not alert.is_claim:
        return words.say("card.measured")
    kind, _, name = alert.source.partition(":")
    key = "card.asked" if kind == "person" else "card.claimed"
    who = words.say(key, name=words.people((name,), names))
    return f"{who}: {quoted(wished_in(alert).words, 80)}" if is_wish(alert) else who


def evidence_lines(words: Words, evidence: tuple[Evidence, ...]) -> list[Line]:
    """Why we think so; the first thing to give way on a small screen, but a row of it stays."""
    shown = [words.say("card.evidence", source=plain(e.source, 30), text=quoted(sized(e.text))) for e in evidence]
    lines = shown[:MOST_EVIDENCE] or [words.say("card.noevidence")]
    told = (Line(line, rank=8, least=int(first)) for line, first in zip(lines, (True, False), strict=False))
    return [Line(words.say("card.why"), rank=9), *told]


def around_lines(words: Words, nouns: Nouns) -> list[Line]:
    """What changed before, and who is logged in."""
    return [Line(line, rank=6, least=1) for line in scene_lines(words, nouns.scene, nouns.now)]


def stop_lines(words: Words, nouns: Nouns) -> list[Line]:
    """What keeps everything still here: a stop, else a pause."""
    stops = [
        words.say("card.stopped", scope=words.scope(scope), by=words.people((by,), nouns.names))
        for scope, by, _ in nouns.stops[-1:]
    ]
    pauses = [
        words.say(
            "card.paused",
            kind=words.say(f"pause.kind.{pause.kind}"),
            by=words.say("pause.by.settings") if pause.by == BY_SETTINGS else words.people((pause.by,), nouns.names),
            until=words.say("pause.until.off") if pause.until is None else clock(pause.until, nouns.now),
        )
        for pause in nouns.pauses[-1:]
    ]
    return [Line(line, rank=3, least=1) for line in stops or pauses]
