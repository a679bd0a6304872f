"""`why ID`: which tier decided on what evidence, what else was considered, which policy line asked, who answered, what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.messages.cards import whose
from bot.messages.fact_lines import sized
from bot.messages.scene_lines import scene_lines
from bot.messages.units import clock, number, plain, quoted
from bot.messages.words import Words
from core.approval import MOST_ANSWERED, Approval, Verdict
from core.errors import sentence_of
from core.incident import Attempt, Incident
from core.page import Page
from core.proposal import MODELS, Choices, Proposal, Question
from core.report import Report
from core.scene import Scene
from core.surroundings import MOST_CHANGES
from core.world import Measurement

LONGEST_WORDS = 1500
"""Characters of what a model said in one place; its answers are no longer."""


@dataclass(frozen=True, slots=True)
class Past:
    """Every row of one incident that its story is told from."""

    incident: Incident
    approvals: tuple[Approval, ...]
    report: Report | None
    pages: tuple[Page, ...] = ()
    scene: Scene | None = None


def why_lines(words: Words, past: Past, now: datetime, names: dict[str, str]) -> list[str]:
    """The whole story in order; from rows, without a model, the same a year later."""
    incident, report = past.incident, past.report
    alert = incident.alert
    trouble = words.trouble(incident.signal, alert.value)
    lines = [
        words.say(
            "why.head", id=incident.id, host=plain(incident.host), trouble=trouble, opened=clock(incident.opened, now)
        ),
        words.say("why.source", source=whose(words, alert, names)),
        *scene_lines(words, past.scene, now, MOST_CHANGES),
    ]
    for approval in past.approvals:
        attempt = next((one for one in incident.attempts if one.approval == approval.id), None)
        lines += _round(words, approval, attempt, now, names)
    lines += [page_told(words, page, now) for page in past.pages]
    if report is None:
        return [*lines, words.say("why.open", state=words.say(f"state.{incident.state}"))]
    reason = f": {words.named(report.reason, names)}" if report.reason else ""
    end = words.say("why.end", ending=words.ending(report.ending), at=clock(report.closed, now), reason=reason)
    return [
        *lines,
        end,
        words.say("report.anchor", id=incident.id, count=report.audit_count, head=report.audit_head[:12]),
    ]


def page_told(words: Words, page: Page, now: datetime) -> str:
    """Who was woken, when, why, and what came of it."""
    how = words.say("why.page.waiting")
    if page.receipt is not None:
        key = "why.page.sent" if page.receipt.ok else "why.page.failed"
        how = words.say(key, tries=page.tries, detail=plain(page.receipt.detail, 160))
    if page.acknowledged is not None:
        at = clock(page.acknowledged, now)
        how = words.say("why.page.answered", how=how, by=plain(page.acknowledged_by, 40), at=at)
    reason = words.say(f"waking.reason.{page.reason}")
    return words.say("why.page", person=plain(page.person, 40), at=clock(page.due, now), reason=reason, how=how)


def _round(
    words: Words, approval: Approval, attempt: Attempt | None, now: datetime, names: dict[str, str]
) -> list[str]:
    asks = approval.asks
    lines = _chosen(words, approval.round, asks)
    lines += [
        words.say("why.evidence", source=plain(e.source, 30), text=quoted(sized(e.text), 200)) for e in asks.evidence
    ]
    lines.append(words.say("why.policy", line=words.named(approval.policy_line, names)))
    lines += _answered(words, approval, now, names)
    if isinstance(asks, Proposal) and approval.verdict is Verdict.APPROVED:
        lines += _ran(words, attempt)
    return lines


def _chosen(words: Words, number_of_round: int, asks: Proposal | Choices | Question) -> list[str]:
    if isinstance(asks, Question):
        asked = words.say("why.round.question", round=number_of_round, text=quoted(asks.text, LONGEST_WORDS))
        options = enumerate(asks.options, start=1)
        return [asked, *(words.say("why.option", n=n, option=quoted(option, 200)) for n, option in options)]
    if isinstance(asks, Choices):
        return [words.say("why.round.choices", round=number_of_round, skills=", ".join(map(plain, asks.skills)))]
    tier = words.say(f"tier.{asks.tier}")
    lines = [words.say("why.round", round=number_of_round, skill=plain(asks.skill), tier=tier)]
    others = [plain(one, 120) for one in asks.considered if one != asks.skill]
    if others:
        lines.append(words.say("why.considered", list="; ".join(others)))
    return lines + (_by_model(words, asks) if asks.tier in MODELS else [])


def _by_model(words: Words, proposal: Proposal) -> list[str]:
    """All that a model said of it, and where in its plan it stands."""
    lines = [words.say("why.words", words=quoted(proposal.words, LONGEST_WORDS))] if proposal.words else []
    count = proposal.step + len(proposal.then)
    lines += [words.say("why.step", n=proposal.step, all=count)] if count > 1 else []
    then = (
        words.say("why.then", skill=quoted(one.skill, 80), why=quoted(one.why, LONGEST_WORDS)) for one in proposal.then
    )
    return [*lines, *then]


def _answered(words: Words, approval: Approval, now: datetime, names: dict[str, str]) -> list[str]:
    if approval.decided is None:
        return [words.say("why.pending", until=clock(approval.expires, now))]
    waited = words.lasted((approval.decided - approval.opened).total_seconds())
    by = words.people(approval.by, names)
    line = words.say(
        "why.verdict",
        verdict=words.say(f"verdict.{approval.verdict}"),
        by=by,
        at=clock(approval.decided, now),
        waited=waited,
    )
    if approval.verdict is Verdict.ANSWERED:
        return [line, words.say("why.answer", words=quoted(approval.why, MOST_ANSWERED))]
    return [line, words.say("why.because", why=_reason(words, approval.why))] if approval.why else [line]


def _reason(words: Words, why: str) -> str:
    """A person's own words are quoted; ours are not."""
    return words.table.get(f"reason.{why}") or quoted(why, 200)


def _ran(words: Words, attempt: Attempt | None) -> list[str]:
    if attempt is None:
        return [words.say("why.notrun")]
    outcome = attempt.outcome
    run = (
        words.say(
            "why.outcome",
            summary=quoted(sized(outcome.summary or sentence_of(outcome.error)), 240),
            effects=outcome.effects,
        )
        if outcome
        else words.say("why.cut")
    )
    values = ", ".join(map(_value, attempt.measurements[-5:]))
    measured = words.say("why.measured", values=values) if values else words.say("why.unmeasured")
    ended = [words.say("why.ended", ending=words.ending(attempt.ending))] if attempt.ending else []
    return [run, measured, *_of_step(words, attempt), *ended]


def _of_step(words: Words, attempt: Attempt) -> list[str]:
    """What a step of a plan was checked by, beside what woke us."""
    if not attempt.checks:
        return []
    values = ", ".join(map(_value, attempt.step_seen[-5:])) or "-"
    return [words.say("why.check", signal=plain(attempt.checks, 120), values=values)]


def _value(measurement: Measurement) -> str:
    return f"{number(measurement.value)} ({measurement.at.astimezone(measurement.at.tzinfo).strftime('%H:%M:%S')})"
