"""The report card: how an incident ended, with proof; every number in it was measured."""

from __future__ import annotations

from bot.messages.incident_lines import around_lines, evidence_lines, members_line, stop_lines
from bot.messages.scene_lines import sentence
from bot.messages.screen import Line, fit
from bot.messages.units import clock, number, plain, quoted, squeezed
from bot.messages.words import Nouns, Words
from core.alert import Signal
from core.authority import POLICY
from core.incident import Ending
from core.report import Report

MOST_ACTIONS = 4
MOST_TRIED = 4
OBSERVED = "not permitted: observe |"
"""How the reason begins where the mode alone forbade it."""


def report_card(words: Words, report: Report, nouns: Nouns) -> str:
    """What broke, since when, why we think so, what was done, proof that it is over, how long it took, what is undoable."""
    signal = Signal.parse(report.signal)
    tried = "; ".join(words.tried(one) for one in report.tried[:MOST_TRIED])
    lines = [
        Line(words.head(str(report.ending), report.host, signal, report.value)),
        Line(_broke(words, report, nouns)),
        Line(members_line(words, nouns), rank=7, least=1),
        Line(_reason(words, report, nouns), rank=4, least=2),
        Line(words.say("report.gap", wanted=quoted(report.gap, 120)) if report.gap else "", rank=4, least=1),
        *_evidence(words, report),
        *around_lines(words, nouns),
        *_actions(words, report),
        Line(words.say("report.tried", list=tried) if tried else "", rank=7, least=1),
        Line(_proof(words, report, nouns)),
        Line(_decided(words, report, nouns), rank=3, least=1),
        Line(_took(words, report), rank=5),
        *stop_lines(words, nouns),
        *(Line(line) for line in _next(words, report, nouns)),
        Line(words.say("report.anchor", id=report.incident, count=report.audit_count, head=report.audit_head[:12])),
    ]
    return fit(lines)


def _broke(words: Words, report: Report, nouns: Nouns) -> str:
    since = clock(report.since, nouns.now)
    if report.value is None or not report.limit:
        return words.say("report.broke.bare", since=since)
    return words.say("report.broke", since=since, value=number(report.value), limit=number(report.limit))


def _reason(words: Words, report: Report, nouns: Nouns) -> str:
    if not report.reason:
        return ""
    is_seen = report.reason.startswith(OBSERVED)
    told = words.say("report.observed") if is_seen else words.named(sentence(words, report.reason, 200), nouns.names)
    return words.say("report.reason", reason=told)


def _evidence(words: Words, report: Report) -> list[Line]:
    return evidence_lines(words, report.evidence) if report.evidence else []


def _actions(words: Words, report: Report) -> list[Line]:
    """What was done, each with the word that takes it back, which is never cut off."""
    if not report.actions:
        return [Line(words.say("report.nothing"))]
    shown = [
        words.say(
            "report.action.undo" if action.is_undoable else "report.action",
            id=action.id,
            text=words.effect(squeezed(plain(action.text, 400), 60), 60),
        )
        for action in report.actions[:MOST_ACTIONS]
    ]
    hidden = len(report.actions) - MOST_ACTIONS
    more = [words.say("card.more.actions", count=hidden, id=report.incident)] if hidden > 0 else []
    return [Line(words.say("report.done"), rank=9), *map(Line, (*shown, *more))]


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
