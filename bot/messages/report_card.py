"""The report card: how an incident ended, with proof; every number in it was measured."""

from __future__ import annotations

from bot.messages.units import clock, number, plain, quoted
from bot.messages.words import Nouns, Words
from core.alert import Signal
from core.authority import POLICY
from core.incident import Ending
from core.report import Report

MOST_ACTIONS = 6
MOST_TRIED = 4


def report_card(words: Words, report: Report, nouns: Nouns) -> str:
    """What broke, since when, why we think so, what was done, proof that it is over, how long it took, what is undoable."""
    signal = Signal.parse(report.signal)
    lines = [
        words.head(str(report.ending), report.host, signal, report.value),
        _broke(words, report, nouns),
        words.say("report.reason", reason=words.named(report.reason, nouns.names)) if report.reason else "",
        *_evidence(words, report),
        *_actions(words, report),
        words.say("report.tried", list="; ".join(words.tried(one) for one in report.tried[:MOST_TRIED]))
        if report.tried
        else "",
        _proof(words, report, nouns),
        _decided(words, report, nouns),
        _took(words, report),
        *_next(words, report, nouns),
        words.say("report.anchor", id=report.incident, count=report.audit_count, head=report.audit_head[:12]),
    ]
    return "\n".join(line for line in lines if line)


def _broke(words: Words, report: Report, nouns: Nouns) -> str:
    since = clock(report.since, nouns.now)
    if report.value is None or not report.limit:
        return words.say("report.broke.bare", since=since)
    return words.say("report.broke", since=since, value=number(report.value), limit=number(report.limit))


def _evidence(words: Words, report: Report) -> list[str]:
    lines = [words.say("card.evidence", source=plain(e.source, 30), text=quoted(e.text)) for e in report.evidence[:2]]
    return [words.say("card.why"), *lines] if lines else []


def _actions(words: Words, report: Report) -> list[str]:
    if not report.actions:
        return [words.say("report.nothing")]
    shown = [
        words.say(
            "report.action.undo" if action.is_undoable else "report.action",
            id=action.id,
            text=words.effect(action.text, 110),
        )
        for action in report.actions[:MOST_ACTIONS]
    ]
    hidden = len(report.actions) - MOST_ACTIONS
    more = [words.say("card.more.actions", count=hidden, id=report.incident)] if hidden > 0 else []
    return [words.say("report.done"), *shown, *more]


def _proof(words: Words, report: Report, nouns: Nouns) -> str:
    if not report.proof:
        return words.say("report.noproof") if report.actions else ""
    values = ", ".join(number(m.value) for m in report.proof)
    times = ", ".join(m.at.astimezone(nouns.now.tzinfo).strftime("%H:%M:%S") for m in report.proof)
    return words.say("report.proof", values=values, times=times)


def _decided(words: Words, report: Report, nouns: Nouns) -> str:
    if report.tier is None:
        return ""
    tier = words.say(f"tier.{report.tier}")
    if report.order:
        author = words.people((nouns.order.author,), nouns.names) if nouns.order else ""
        of = words.say("report.order.of", by=author) if author else ""
        return words.say("report.decided.order", tier=tier, order=report.order, of=of)
    if report.decided_by == (POLICY,):
        return words.say("report.decided.policy", tier=tier)
    return words.say("report.decided", tier=tier, by=words.people(report.decided_by, nouns.names))


def _next(words: Words, report: Report, nouns: Nouns) -> list[str]:
    """What a person may want to say to a repair that worked: never wake me for it again, or that it was the wrong one."""
    if report.ending is not Ending.FIXED or report.tier is None:
        return []
    offer = [words.say("report.offer", id=report.incident)] if nouns.offers_order else []
    return [*offer, words.say("report.wrong", id=report.incident)]


def _took(words: Words, report: Report) -> str:
    took = words.lasted(report.took_seconds)
    if report.tier is None:
        return words.say("report.took.alone", took=took)
    asked, repair = words.lasted(report.asked_seconds), words.lasted(report.repair_seconds)
    return words.say("report.took", took=took, asked=asked, repair=repair)
