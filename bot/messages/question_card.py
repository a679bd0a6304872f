"""The cards that ask: what I would do and what it risks, or which of a few; what happens if nobody answers, and how to."""

from __future__ import annotations

from bot.messages.flow_lines import flow_line
from bot.messages.incident_lines import around_lines, evidence_lines, stop_lines, top_lines
from bot.messages.scene_lines import restraint_lines
from bot.messages.screen import Line, cut_rows, fit, rows_of
from bot.messages.units import clock, plain, quoted, squeezed
from bot.messages.words import Nouns, Words
from core.approval import Answer, Approval
from core.card import Card, CardKind, card_kind
from core.flows import flows_of_texts
from core.incident import Incident
from core.origin import Origin, Value
from core.parameters import SAID
from core.proposal import MODELS, Choices, Proposal, Question, Tier

MOST_EFFECTS = 3
MOST_ROWS_OF_VALUES = 3
MOST_OPTIONS = 5
LONGEST_QUESTION = 240
LONGEST_NAME_TO_TYPE = 40
"""Characters of a host's name that a card repeats for somebody who types it."""


def question_card(card: Card, words: Words, nouns: Nouns, incident: Incident, approval: Approval) -> str:
    """What people decide by never gives way: what I would do, its risk, what follows, how to answer."""
    asks = approval.asks
    kind = card_kind(asks).value
    lines = [
        *top_lines(words, "reminder" if card.kind is CardKind.REMINDER else kind, approval.id, incident, nouns),
        *_rounds(words, incident),
        *evidence_lines(words, asks.evidence),
        *around_lines(words, nouns),
        *_asked(words, approval, incident),
        Line(words.say("card.as", user=plain(nouns.hand, 40)) if nouns.hand else "", rank=6),
        *(Line(line, rank=5, least=2) for line in restraint_lines(words, approval.restraints)),
        *stop_lines(words, nouns),
        Line(_silence(words, approval, nouns)),
        *_how_to_answer(words, approval, nouns),
    ]
    return fit(lines)


def wanted_of(words: Words, asks: Proposal | Choices | Question) -> str:
    """What is wanted of a person, in a few words for a list."""
    if isinstance(asks, Proposal):
        return words.say("ask.run", skill=plain(asks.skill))
    return words.say("ask.pick", count=len(asks.skills)) if isinstance(asks, Choices) else words.say("ask.answer")


def parameter_text(words: Words, name: str, value: Value) -> str:
    """One parameter; what was not typed, listed or observed is marked."""
    text = "card.fromwords" if value.note == SAID else "card.fromtext"
    unknown = "card.frommodel" if value.origin is Origin.MODEL else text
    key = "card.parameter" if value.is_known else unknown
    shown = ",".join(value.value) if isinstance(value.value, tuple) else str(value.value)
    return words.say(key, name=name, value=plain(shown, 60))


def _rounds(words: Words, incident: Incident) -> list[Line]:
    tried = ", ".join(plain(name, 40) for name in sorted(incident.tried))
    told = words.say("card.round", round=incident.round, tried=tried) if incident.round > 1 and tried else ""
    return [Line(cut_rows(told, 2), rank=7)]


def _asked(words: Words, approval: Approval, incident: Incident) -> list[Line]:
    asks = approval.asks
    if isinstance(asks, Proposal):
        return _proposal(words, approval, asks, incident)
    return _choices(words, asks) if isinstance(asks, Choices) else _question(words, approval, asks)


def _proposal(words: Words, approval: Approval, proposal: Proposal, incident: Incident) -> list[Line]:
    is_typed = approval.answer is Answer.ASK2
    long = ".long" if len(proposal.host) > LONGEST_NAME_TO_TYPE else ""
    return [
        Line(_remembered(words, proposal), rank=7),
        Line(_chosen(words, proposal), rank=7, least=1),
        *plan_lines(words, approval, proposal),
        *_steps(words, proposal, incident),
        Line(words.say(f"card.ask2{long}", id=approval.id, host=plain(proposal.host)) if is_typed else ""),
    ]


def plan_lines(words: Words, approval: Approval, proposal: Proposal) -> list[Line]:
    """What would be run, its effects, what it risks."""
    hidden = len(proposal.plan) - MOST_EFFECTS
    return [
        Line(_would(words, approval, proposal)),
        *(Line(_effect(words, str(effect)), rank=2, least=1) for effect in proposal.plan[:MOST_EFFECTS]),
        Line(words.say("card.more", count=hidden, id=approval.id) if hidden > 0 else ""),
        Line("" if proposal.plan else words.say("card.noeffects")),
        Line(_flows(words, proposal), rank=4, least=1),
        Line(words.say("card.risk", risk=words.say(f"risk.{proposal.risk.word}"), undo=_undo(words, proposal))),
    ]


def _flows(words: Words, proposal: Proposal) -> str:
    """Said where something may leave beside the result, which whoever looks on sees anyway."""
    flows = flows_of_texts(proposal.grants)
    return flow_line(words, flows) if flows.leaves else ""


def _would(words: Words, approval: Approval, proposal: Proposal) -> str:
    """Skill and values, those that nobody vouches for first; what does not fit is counted and never cut in the middle."""
    ordered = sorted(proposal.parameters, key=lambda pair: pair[1].is_known)
    values = [parameter_text(words, plain(name, 40), value) for name, value in ordered]
    lines = (_running(words, approval, proposal, values, kept) for kept in range(len(values), -1, -1))
    return next(
        (line for line in lines if rows_of(line) <= MOST_ROWS_OF_VALUES),
        words.say("card.would", skill=plain(proposal.skill), parameters=""),
    )


def _running(words: Words, approval: Approval, proposal: Proposal, values: list[str], kept: int) -> str:
    left = len(values) - kept
    more = [words.say("card.more.values", count=left, id=approval.id)] if left else []
    listed = ", ".join([*values[:kept], *more])
    parameters = words.say("card.parameters", list=listed) if listed else ""
    return words.say("card.would", skill=plain(proposal.skill), parameters=parameters)


def _effect(words: Words, effect: str) -> str:
    """Both ends of a path tell more than its start alone."""
    verb, _, target = effect.partition(" ")
    return words.say("card.effect", effect=words.effect(f"{verb} {squeezed(plain(target, 400), 70)}", 120))


def _remembered(words: Words, proposal: Proposal) -> str:
    if proposal.tier is not Tier.MEMORY:
        return ""
    times = proposal.times_verified
    return words.say("card.remembered.once") if times == 1 else words.say("card.remembered", count=times)


def _chosen(words: Words, proposal: Proposal) -> str:
    """Which model, and what it says: two lines of it here, all of it in `why`."""
    if proposal.tier not in MODELS:
        return ""
    tier = words.say(f"tier.{proposal.tier}")
    if not proposal.words:
        return words.say("card.chosen.bare", tier=tier)
    return cut_rows(words.say("card.chosen", tier=tier, words=quoted(proposal.words, 120)), 2)


def _steps(words: Words, proposal: Proposal, incident: Incident) -> list[Line]:
    """By what a model's step will be checked; where in its plan it stands, and what is to follow, in the model's words."""
    if proposal.tier not in MODELS:
        return []
    checked = proposal.expects if proposal.then and proposal.expects else str(incident.signal)
    check = Line(words.say("card.check", signal=plain(checked, 80)), rank=3)
    count = proposal.step + len(proposal.then)
    if count == 1:
        return [check]
    key = "card.step" if proposal.then else "card.step.last"
    coming = "; ".join(f"{quoted(step.skill, 40)}: {quoted(step.why, 60)}" for step in proposal.then)
    return [
        check,
        Line(words.say(key, n=proposal.step, all=count), rank=2, least=2),
        Line(words.say("card.step.then", list=coming) if coming else "", rank=7, least=1),
    ]


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


def _choices(words: Words, choices: Choices) -> list[Line]:
    reasons = (*choices.reasons, *("" for _ in choices.skills))
    numbered = enumerate(zip(choices.skills, reasons, strict=False), start=1)
    return [
        *(
            Line(words.say("card.choice", n=n, skill=plain(skill), reason=quoted(reason)), rank=2, least=1)
            for n, (skill, reason) in numbered
        ),
        Line(words.say("card.choices.why"), rank=7),
    ]


def _question(words: Words, approval: Approval, question: Question) -> list[Line]:
    """A model's words, quoted; what people answer with stands below."""
    hidden = len(question.options) - MOST_OPTIONS
    numbered = enumerate(question.options[:MOST_OPTIONS], start=1)
    return [
        Line(words.say("card.question", text=quoted(question.text, LONGEST_QUESTION)), rank=1, least=4),
        *(Line(words.say("card.option", n=n, option=quoted(option)), rank=2, least=1) for n, option in numbered),
        Line(words.say("card.options.more", count=hidden, id=approval.id) if hidden > 0 else ""),
        Line(words.say("card.question.why"), rank=7),
    ]


def _silence(words: Words, approval: Approval, nouns: Nouns) -> str:
    until = clock(approval.expires, nouns.now)
    if approval.remind_at <= nouns.now:
        return words.say("card.silence.late", until=until)
    return words.say("card.silence", until=until, remind=clock(approval.remind_at, nouns.now))


def _how_to_answer(words: Words, approval: Approval, nouns: Nouns) -> list[Line]:
    kind, count = "", 0
    if isinstance(approval.asks, Choices):
        kind, count = ".choices", len(approval.asks.skills)
    elif isinstance(approval.asks, Question):
        count = min(9, len(approval.asks.options))
        kind = ".options" if count else ".question"
    keys = words.say(f"card.keys{kind}", count=count) if nouns.has_keys else ""
    return [Line(keys, rank=7), Line(words.say(f"card.type{kind}", id=approval.id))]
