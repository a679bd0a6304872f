"""The cards: from nouns to plain text that fits one phone screen. Decision fields by template; other people's words quoted, apart."""

from __future__ import annotations

from bot.messages.incident_lines import around_lines, evidence_lines, stop_lines, top_lines, whose
from bot.messages.order_lines import admit_card, order_note
from bot.messages.question_card import plan_lines, question_card
from bot.messages.report_card import report_card
from bot.messages.scene_lines import restraint_lines, sentence
from bot.messages.screen import Line, fit
from bot.messages.storm_card import storm_card
from bot.messages.units import clock, plain, quoted
from bot.messages.words import Nouns, Words, words_of
from core.approval import Approval, Verdict
from core.card import Card, CardKind
from core.incident import Incident
from core.page import PageReason
from core.proposal import Choices, Proposal, Question

__all__ = ["page_line", "render", "scope_word", "whose"]

_AS_WRITTEN = frozenset({CardKind.NOTE, CardKind.SELF, CardKind.REPLY, CardKind.DIGEST})

LOCK_SCREEN = 60
"""Characters that a phone shows before it is unlocked."""


def render(card: Card, nouns: Nouns, language: str) -> str:
    """The words of one card. A card whose nouns are gone is told as its kind and subject, never left out."""
    words = words_of(language)
    if (text := _of_trust(card, words, nouns)) is not None:
        return text
    if card.kind is CardKind.STOPPED:
        return stopped_card(words, nouns)
    if card.kind is CardKind.REPORT and nouns.report is not None:
        return report_card(words, nouns.report, nouns)
    if nouns.incident is None:
        return f"{card.kind} {card.subject}"
    if nouns.approval is None or card.kind is CardKind.ALERT:
        return alert_card(words, nouns.incident, nouns)
    return _of_approval(card, words, nouns, nouns.incident, nouns.approval)


def _of_trust(card: Card, words: Words, nouns: Nouns) -> str | None:
    """Cards that are about no single incident; None for any other."""
    if card.kind is CardKind.NOTE and nouns.order is not None:
        return order_note(words, nouns.order, nouns.now, nouns.names)
    if card.kind is CardKind.ADMIT and nouns.admission is not None:
        return admit_card(words, nouns.admission, nouns.now, nouns.names)
    if card.kind is CardKind.STORM and nouns.storm is not None and nouns.facts is not None:
        return storm_card(words, nouns.storm, nouns.facts, nouns)
    return card.text if card.kind in _AS_WRITTEN else None


def _of_approval(card: Card, words: Words, nouns: Nouns, incident: Incident, approval: Approval) -> str:
    """An edit always shows the present state: a question that was answered is shown as its answer, without live buttons."""
    if card.kind is CardKind.ACTING:
        return acting_card(words, incident, approval, nouns)
    if approval.verdict is not Verdict.PENDING or card.kind is CardKind.DECIDED:
        return decided_card(words, incident, approval, nouns)
    return question_card(card, words, nouns, incident, approval)


def alert_card(words: Words, incident: Incident, nouns: Nouns) -> str:
    """Something is wrong and we are looking; an outside alert's own words stand apart."""
    text = incident.alert.text
    lines = [
        *top_lines(words, "alert", incident.id, incident, nouns),
        Line(quoted(text) if text else "", rank=8, least=1),
        *around_lines(words, nouns),
        *stop_lines(words, nouns),
    ]
    return fit(lines)


def decided_card(words: Words, incident: Incident, approval: Approval, nouns: Nouns) -> str:
    """Who answered what, and what follows."""
    asks = approval.asks
    what = approval.proposal.skill if approval.proposal else approval.why
    if approval.verdict is Verdict.DENIED and approval.proposal is not None:
        return denied_card(words, incident, approval, approval.proposal, nouns)
    is_policy = approval.by == ("policy",)
    by = "card.by.order" if is_policy and approval.order else "card.by.policy" if is_policy else "card.by"
    facts = {"by": words.people(approval.by, nouns.names), "line": words.named(approval.policy_line, nouns.names)}
    is_told = bool(approval.why and not is_policy and not isinstance(asks, Choices))
    told = "card.answer" if approval.verdict is Verdict.ANSWERED else "card.because"
    is_over = approval.verdict is not Verdict.PENDING
    lines = [
        Line(words.head(str(approval.verdict), incident.host, incident.signal, incident.alert.value)),
        Line(
            words.say("card.id", id=approval.id, rest=quoted(asks.text) if isinstance(asks, Question) else plain(what))
        ),
        Line(words.say(by, **facts, order=approval.order) if approval.by else "", rank=5, least=2),
        Line(words.say(told, why=quoted(approval.why)) if is_told else "", rank=6, least=1),
        *(Line(line, rank=6, least=1) for line in restraint_lines(words, approval.restraints)),
        Line(words.say(f"card.next.{approval.verdict}") if is_over else ""),
        *stop_lines(words, nouns),
    ]
    return fit(lines)


def denied_card(words: Words, incident: Incident, approval: Approval, proposal: Proposal, nouns: Nouns) -> str:
    """Why it is not done; where the mode is the reason, with the plan that a person would have been asked about."""
    is_seen = approval.is_only_observed
    why = words.say("card.observed" if is_seen else "scene.forbidden", why=sentence(words, approval.why, 200))
    lines = [
        Line(words.head("observed" if is_seen else "denied", incident.host, incident.signal, incident.alert.value)),
        Line(words.say("card.id", id=approval.id, rest=plain(proposal.skill))),
        *evidence_lines(words, proposal.evidence),
        *(plan_lines(words, approval, proposal) if is_seen else ()),
        Line(words.named(why, nouns.names, 300), rank=3, least=3),
        Line(words.say("card.next.denied")),
        *stop_lines(words, nouns),
    ]
    return fit(lines)


def acting_card(words: Words, incident: Incident, approval: Approval, nouns: Nouns) -> str:
    """A skill runs now."""
    skill = approval.proposal.skill if approval.proposal else approval.why
    lines = [
        *top_lines(words, "acting", approval.id, incident, nouns)[:2],
        Line(words.say("card.running", skill=plain(skill), by=words.people(approval.by, nouns.names))),
        *stop_lines(words, nouns),
    ]
    return fit(lines)


def stopped_card(words: Words, nouns: Nouns) -> str:
    """What is stopped, by whom, since when, and how to lift it."""
    if not nouns.stops:
        return words.say("stopped.none")
    scope, by, since = nouns.stops[-1]
    head = words.say(
        "stopped.head", scope=words.scope(scope), by=words.people((by,), nouns.names), since=clock(since, nouns.now)
    )
    return f"{head}\n{words.say('stopped.body', word=scope_word(scope)).strip()}"


def scope_word(scope: str) -> str:
    """What a person types after stop or go for a scope: nothing for everything."""
    return "" if scope == "all" else plain(scope, 80)


def page_line(words: Words, incident: Incident, wanted: PageReason) -> str:
    """What a phone shows in the night, whole on its lock screen: host, trouble, what is wanted; never a link or a mention."""
    return words.wake(f"page.wanted.{wanted}", incident.host, incident.signal, incident.alert.value, LOCK_SCREEN)
