"""The cards: from nouns to plain text that fits one phone screen. Decision fields by template; other people's words quoted, apart."""

from __future__ import annotations

from bot.messages.order_lines import admit_card, order_note
from bot.messages.report_card import report_card
from bot.messages.units import clock, number, plain, quoted
from bot.messages.words import Nouns, Words, words_of
from core.alert import Alert
from core.approval import Answer, Approval, Verdict
from core.card import Card, CardKind
from core.incident import Incident
from core.origin import Value
from core.proposal import Choices, Evidence, Proposal, Tier

MOST_EVIDENCE = 2
MOST_EFFECTS = 3


def render(card: Card, nouns: Nouns, language: str) -> str:
    """The words of one card. A card whose nouns are gone is told as its kind and subject, never left out."""
    words = words_of(language)
    if card.kind is CardKind.NOTE and nouns.order is not None:
        return order_note(words, nouns.order, nouns.now, nouns.names)
    if card.kind is CardKind.ADMIT and nouns.admission is not None:
        return admit_card(words, nouns.admission, nouns.now, nouns.names)
    if card.kind in {CardKind.NOTE, CardKind.SELF, CardKind.REPLY, CardKind.DIGEST}:
        return card.text
    if card.kind is CardKind.STOPPED:
        return stopped_card(words, nouns)
    if card.kind is CardKind.REPORT and nouns.report is not None:
        return report_card(words, nouns.report, nouns)
    if nouns.incident is None:
        return f"{card.kind} {card.subject}"
    if nouns.approval is None or card.kind is CardKind.ALERT:
        return alert_card(words, nouns.incident, nouns)
    return _of_approval(card, words, nouns, nouns.incident, nouns.approval)


def _of_approval(card: Card, words: Words, nouns: Nouns, incident: Incident, approval: Approval) -> str:
    """An edit always shows the present state: a question that was answered is shown as its answer, without live buttons."""
    if card.kind is CardKind.ACTING:
        return acting_card(words, incident, approval, nouns)
    if approval.verdict is not Verdict.PENDING or card.kind is CardKind.DECIDED:
        return decided_card(words, incident, approval, nouns)
    kind = (
        "reminder"
        if card.kind is CardKind.REMINDER
        else "choices"
        if isinstance(approval.asks, Choices)
        else "proposal"
    )
    body = (
        _choices(words, approval.asks)
        if isinstance(approval.asks, Choices)
        else _proposal(words, approval, approval.asks)
    )
    lines = [
        words.head(kind, incident.host, incident.signal, incident.alert.value),
        words.say("card.id", id=approval.id, rest=since_line(words, incident, nouns)),
        source_line(words, incident, nouns),
        *_rounds(words, incident),
        *body,
        *_stops(words, nouns),
        _silence(words, approval, nouns),
        _how_to_answer(words, approval, nouns),
    ]
    return "\n".join(line for line in lines if line)


def alert_card(words: Words, incident: Incident, nouns: Nouns) -> str:
    """Something is wrong and we are looking; an outside alert's own words stand apart."""
    alert = incident.alert
    lines = [
        words.head("alert", incident.host, incident.signal, alert.value),
        words.say("card.id", id=incident.id, rest=since_line(words, incident, nouns)),
        source_line(words, incident, nouns),
        quoted(alert.text) if alert.text else "",
        *_stops(words, nouns),
    ]
    return "\n".join(line for line in lines if line)


def decided_card(words: Words, incident: Incident, approval: Approval, nouns: Nouns) -> str:
    """Who answered what, and what follows."""
    what = approval.proposal.skill if approval.proposal else approval.why
    is_policy = approval.by == ("policy",)
    by = "card.by.order" if is_policy and approval.order else "card.by.policy" if is_policy else "card.by"
    line = words.named(approval.policy_line, nouns.names)
    lines = [
        words.head(str(approval.verdict), incident.host, incident.signal, incident.alert.value),
        words.say("card.id", id=approval.id, rest=plain(what)),
        words.say(by, by=words.people(approval.by, nouns.names), line=line, order=approval.order) if approval.by else "",
        words.say("card.because", why=quoted(approval.why))
        if approval.why and not is_policy and approval.proposal
        else "",
        words.say(f"card.next.{approval.verdict}") if approval.verdict is not Verdict.PENDING else "",
    ]
    return "\n".join(line for line in lines if line)


def acting_card(words: Words, incident: Incident, approval: Approval, nouns: Nouns) -> str:
    """A skill runs now."""
    skill = approval.proposal.skill if approval.proposal else approval.why
    return "\n".join(
        (
            words.head("acting", incident.host, incident.signal, incident.alert.value),
            words.say("card.id", id=approval.id, rest=since_line(words, incident, nouns)),
            words.say("card.running", skill=plain(skill), by=words.people(approval.by, nouns.names)),
        )
    )


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
    return words.say(key, name=words.people((name,), names))


def parameter_text(words: Words, name: str, value: Value) -> str:
    """One parameter; what was not typed, listed or observed is marked."""
    key = "card.parameter" if value.is_known else "card.fromtext"
    shown = ",".join(value.value) if isinstance(value.value, tuple) else str(value.value)
    return words.say(key, name=name, value=plain(shown, 60))


def evidence_lines(words: Words, evidence: tuple[Evidence, ...], most: int = MOST_EVIDENCE) -> list[str]:
    """Why we think so."""
    shown = [words.say("card.evidence", source=plain(e.source, 30), text=quoted(e.text)) for e in evidence[:most]]
    return shown or [words.say("card.noevidence")]


def _rounds(words: Words, incident: Incident) -> list[str]:
    tried = ", ".join(plain(name) for name in sorted(incident.tried))
    return [words.say("card.round", round=incident.round, tried=tried)] if incident.round > 1 and tried else []


def _proposal(words: Words, approval: Approval, proposal: Proposal) -> list[str]:
    listed = ", ".join(parameter_text(words, name, value) for name, value in proposal.parameters)
    parameters = words.say("card.parameters", list=listed) if listed else ""
    hidden = len(proposal.plan) - MOST_EFFECTS
    return [
        words.say("card.why"),
        *evidence_lines(words, proposal.evidence),
        _remembered(words, proposal),
        words.say("card.would", skill=plain(proposal.skill), parameters=parameters),
        *(words.say("card.effect", effect=words.effect(str(effect), 110)) for effect in proposal.plan[:MOST_EFFECTS]),
        words.say("card.more", count=hidden, id=approval.id) if hidden > 0 else "",
        "" if proposal.plan else words.say("card.noeffects"),
        words.say("card.risk", risk=words.say(f"risk.{proposal.risk.word}"), undo=_undo(words, proposal)),
        words.say("card.ask2", id=approval.id, host=proposal.host) if approval.answer is Answer.ASK2 else "",
    ]


def _remembered(words: Words, proposal: Proposal) -> str:
    if proposal.tier is not Tier.MEMORY:
        return ""
    times = proposal.times_verified
    return words.say("card.remembered.once") if times == 1 else words.say("card.remembered", count=times)


def _undo(words: Words, proposal: Proposal) -> str:
    final = sum(not effect.is_reversible for effect in proposal.plan)
    if not proposal.plan:
        return words.say("card.nothing")
    if final == 0:
        return words.say("card.undoable")
    return (
        words.say("card.final")
        if final == len(proposal.plan)
        else words.say("card.partly", count=final, all=len(proposal.plan))
    )


def _choices(words: Words, choices: Choices) -> list[str]:
    reasons = (*choices.reasons, *("" for _ in choices.skills))
    return [
        words.say("card.why"),
        *evidence_lines(words, choices.evidence),
        *(
            words.say("card.choice", n=n, skill=plain(skill), reason=quoted(reason))
            for n, (skill, reason) in enumerate(zip(choices.skills, reasons, strict=False), start=1)
        ),
        words.say("card.choices.why"),
    ]


def _stops(words: Words, nouns: Nouns) -> list[str]:
    return [
        words.say("card.stopped", scope=words.scope(scope), by=words.people((by,), nouns.names))
        for scope, by, _ in nouns.stops[-1:]
    ]


def _silence(words: Words, approval: Approval, nouns: Nouns) -> str:
    until = clock(approval.expires, nouns.now)
    if approval.remind_at <= nouns.now:
        return words.say("card.silence.late", until=until)
    return words.say("card.silence", until=until, remind=clock(approval.remind_at, nouns.now))


def _how_to_answer(words: Words, approval: Approval, nouns: Nouns) -> str:
    kind = ".choices" if isinstance(approval.asks, Choices) else ""
    count = len(approval.asks.skills) if isinstance(approval.asks, Choices) else 0
    typed = words.say(f"card.type{kind}", id=approval.id)
    return f"{words.say(f'card.keys{kind}', count=count)}\n{typed}" if nouns.has_keys else typed
