"""The table of TRUST 1: who may do what without asking, with one yes, with two, or not at all. Pure, total, deny by default."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.approval import Answer
from core.capability import Risk
from core.inventory import Mode
from core.skill_manifest import SkillState


class Asker(StrEnum):
    """On whose behalf a run would happen, as far as policy cares."""

    PERSON = "person"
    PROBE = "probe"
    RECALL = "recall"
    ORDER = "order"
    CLAIM = "claim"
    MODEL = "model"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Case:
    """One question to the table.

    `has_text_origin` is True when a privileged parameter is not known (alert, text or model); `is_dry_run` only for the looks of one
    dry run that an approver pressed for that host.
    """

    mode: Mode
    risk: Risk
    state: SkillState
    asker: Asker
    has_text_origin: bool = True
    is_dry_run: bool = False


_STRICTNESS = {answer: rank for rank, answer in enumerate(Answer)}
_RUNNABLE = frozenset({SkillState.OWNED, SkillState.TRIAL})
_ALONE = {
    Mode.OBSERVE: frozenset[Asker](),
    Mode.APPROVE: frozenset({Asker.ORDER}),
    Mode.AUTO: frozenset({Asker.ORDER, Asker.RECALL}),
}
"""Who needs nobody at that moment for an owned skill of medium risk."""


def stricter(first: Answer, second: Answer) -> Answer:
    """The answer further to the right (go, ask 1, ask 2, deny); every further rule is combined by this."""
    return max(first, second, key=lambda answer: _STRICTNESS[answer])


def decide(case: Case) -> Answer:
    """What the table says; anything that is not exactly a value it knows is denied."""
    if not _is_well_formed(case):
        return Answer.DENY
    return stricter(_by_table(case), _by_origin(case))


def line_of(case: Case) -> str:
    """The policy line that answered, for cards and `why`: `approve | medium | owned | probe -> ask 1`."""
    if not _is_well_formed(case):
        return "a value that policy does not know -> deny"
    columns = " | ".join((case.mode.word, case.risk.word, case.state, case.asker))
    notes = [note for note, holds in (("dry run", case.is_dry_run), ("value from text", case.has_text_origin)) if holds]
    return f"{' | '.join((columns, *notes))} -> {decide(case)}"


def _is_well_formed(case: Case) -> bool:
    """Types are compared exactly, because 1 == Mode.APPROVE and "owned" == SkillState.OWNED."""
    columns = (case.mode, case.risk, case.state, case.asker, case.has_text_origin, case.is_dry_run)
    return tuple(map(type, columns)) == (Mode, Risk, SkillState, Asker, bool, bool)


def _by_table(case: Case) -> Answer:
    if case.risk is Risk.NEVER:
        return Answer.DENY
    if case.is_dry_run and case.risk is Risk.LOW and case.asker is Asker.PERSON:
        return Answer.GO  # the approver who pressed it has said the one yes, whatever the state of the skill
    if case.state not in _RUNNABLE:
        return Answer.DENY
    if case.risk is Risk.LOW:
        return Answer.GO if case.state is SkillState.OWNED else Answer.ASK1
    if case.mode is Mode.OBSERVE:
        return Answer.DENY
    if case.risk is Risk.HIGH:
        return Answer.DENY if case.asker is Asker.CLAIM else Answer.ASK2
    goes_alone = case.state is SkillState.OWNED and case.asker in _ALONE[case.mode]
    return Answer.GO if goes_alone else Answer.ASK1


def _by_origin(case: Case) -> Answer:
    """A privileged value that nobody typed, listed or observed is confirmed by a person; at high risk it must be typed anew."""
    if not case.has_text_origin:
        return Answer.GO
    return Answer.ASK1 if case.risk <= Risk.MEDIUM else Answer.DENY
