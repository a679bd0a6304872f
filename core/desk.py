"""Asking: what policy says of a proposal, the question as a row, how long it waits, and what a no means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce

from core.approval import Answer, Approval, Decision, Verdict, digest_of, short_id
from core.authority import POLICY
from core.capability import Risk
from core.card import Card, CardKind, card_kind
from core.diagnosis import as_it_is, group_of
from core.incident import Ending, Incident, Refusal
from core.inventory import Inventory, Mode
from core.origin import Origin
from core.plan import MOST_ROUNDS, tries_of
from core.policy import Asker, Case, decide, line_of, stricter
from core.ports import ApprovalBook, Catalog, Clock
from core.proposal import MODELS, Choices, Proposal, Question, Tier
from core.restraint import Restrain, Restraint
from core.scene import Scene
from core.skill_manifest import Skill, SkillState
from core.standing_orders import Served, StandingOrders
from core.task import UNDO, said_yes
from core.verification import Standing


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a card waits, in seconds: TRUST 2 says 4 h, high risk 1 h; reminded once at this part of it."""

    usual: float = 4 * 3600.0
    high: float = 3600.0
    remind_after: float = 0.5


_ENDINGS = {
    Verdict.REJECTED: Ending.REJECTED,
    Verdict.EXPIRED: Ending.EXPIRED,
    Verdict.TAKEN: Ending.TAKEN,
}


def _at_any_time(_: Approval) -> None:
    """Nothing has to wait for its turn."""


def _nowhere(incident: Incident) -> Scene:
    """Nobody looks around."""
    return Scene(incident.id, incident.opened)


def _nothing_yet(_incident: str) -> tuple[Approval, ...]:
    """Nothing was asked there before."""
    return ()


class Desk:
    """Puts ideas before people, after policy has said whether they must be asked."""

    def __init__(  # noqa: PLR0913, PLR0917 - composed once, in wiring
        self,
        book: ApprovalBook,
        catalog: Catalog,
        inventory: Inventory,
        clock: Clock,
        patience: Patience = Patience(),
        restraints: Sequence[Restrain] = (),
        turn: Callable[[Approval], None] = _at_any_time,
        look_around: Callable[[Incident], Scene] = _nowhere,
        orders: StandingOrders | None = None,
        state_on: Callable[[Skill, str], SkillState] = as_it_is,
        mode: Callable[[str], Mode] | None = None,
        asked_before: Callable[[str], Sequence[Approval]] = _nothing_yet,
    ) -> None:
        self._book, self._catalog, self._restraints = book, catalog, tuple(restraints)
        self.require_turn, self.look_around = turn, look_around
        self._inventory, self._clock, self._patience = inventory, clock, patience
        self._orders, self._state_on = orders, state_on
        self._mode, self._asked_before = mode or inventory.mode, asked_before

    @contextmanager
    def looking_around(self, incident: Incident) -> Iterator[None]:
        """Looks at the surroundings while the block thinks; what fails here is raised by the look that `ask` waits for."""
        with ThreadPoolExecutor(1) as beside:
            beside.submit(self.look_around, incident)
            yield

    def ask(self, incident: Incident, idea: Proposal | Choices | Question, standing: Standing) -> Approval:
        """Writes question and card in one transaction; where policy says go or deny, the row is written already decided."""
        self.look_around(incident)
        now = self._clock.now()
        served = self._served(incident, idea, standing)
        case = self._case(idea, standing, served) if isinstance(idea, Proposal) else None
        answer = decide(case) if case else Answer.ASK1
        if (
            answer is Answer.GO
            and isinstance(idea, Proposal)
            and not all(value.is_known for _, value in idea.parameters)
        ):
            answer = (
                Answer.ASK1
            )  # a size or an age out of a text selects nothing by itself, and still widens what is done
        restraints = (*self._held_back(incident, idea), *_said_by_orders(served))
        answer = reduce(stricter, (one.least for one in restraints), answer)
        approval = self._question(idea, answer, line_of(case) if case else _always_asked(idea), now)
        approval = replace(self._under_order(approval, served), asked_by=self._asked_by(incident, idea))
        approval = replace(approval, restraints=(*approval.restraints, *(one.why for one in restraints)))
        settled = {Answer.GO: Verdict.APPROVED, Answer.DENY: Verdict.DENIED}.get(approval.answer)
        by = said_yes(incident.alert) if isinstance(idea, Proposal) and self._is_all_typed(idea) else ""
        if settled is not None:
            why = "" if settled is Verdict.APPROVED else _who_denied(approval.policy_line, restraints)
            approval = replace(approval, verdict=settled, by=(POLICY,), why=why, decided=now)
        elif by and approval.answer is Answer.ASK1:
            approval = replace(approval, verdict=Verdict.APPROVED, by=(by,), why="typed in full", decided=now)
        elif by:
            approval = replace(approval, by=(by,))
        return self._book.open(approval, (self._card(incident, approval),))

    def _asked_by(self, incident: Incident, idea: Proposal | Choices | Question) -> tuple[str, ...]:
        """Whose words, answer, hand-made alert or choice led here: at high risk only one of them counts (TRUST 2)."""
        kind, _, name = incident.alert.source.partition(":")
        wanted = idea.skill if isinstance(idea, Proposal) else ""
        before = self._asked_before(incident.id)
        led = [
            one
            for one in before
            if one.verdict is Verdict.ANSWERED or (one.verdict, one.why) == (Verdict.PICKED, wanted)
        ]
        who = [name] if kind in {"person", "claim"} else []
        return tuple(dict.fromkeys((*who, *(name for one in led for name in one.by))))

    def _served(self, incident: Incident, idea: Proposal | Choices | Question, standing: Standing) -> Served:
        if self._orders is None or not isinstance(idea, Proposal) or idea.tier in MODELS:
            return Served()
        return self._orders.covering(incident, idea, standing)

    def _under_order(self, approval: Approval, served: Served) -> Approval:
        """Where an order is what lets it go: its use is noted before the yes is written, and the yes names it and whose it is."""
        order = served.order
        if approval.answer is not Answer.GO or order is None or self._orders is None:
            return approval
        if not self._orders.use(order.id, approval.incident):
            gone = f"standing order {order.id} ended, or was used up, at this very moment"
            return replace(approval, answer=Answer.ASK1, restraints=(gone,))
        line = f"{approval.policy_line}, under {order.id} of {order.author}"
        return replace(approval, order=order.id, policy_line=line)

    def think_again(self, incident: Incident, approval: Approval) -> Answer:
        """Right before the run: GO; or ASK1 where policy alone had said yes and a further rule now wants a person; or DENY."""
        if approval.proposal is None:
            return Answer.DENY
        held_back = self._held_back(incident, approval.proposal)
        least = reduce(stricter, (one.least for one in held_back), Answer.GO)
        if least is Answer.DENY or approval.by == (POLICY,):
            return least
        return Answer.GO

    def _held_back(self, incident: Incident, idea: Proposal | Choices | Question) -> tuple[Restraint, ...]:
        """What further rules say of a proposal; choices only look, so that none of them speaks."""
        if not isinstance(idea, Proposal):
            return ()
        return tuple(one for ask in self._restraints if (one := ask(incident, idea)) is not None)

    def _question(self, idea: Proposal | Choices | Question, answer: Answer, line: str, now: datetime) -> Approval:
        is_high = isinstance(idea, Proposal) and idea.risk >= Risk.HIGH
        waits = self._patience.high if is_high else self._patience.usual
        expires = now + timedelta(seconds=waits)
        digest = digest_of(idea, expires)
        return Approval(
            id=short_id(digest),
            incident=idea.incident,
            round=idea.round,
            digest=digest,
            asks=idea,
            answer=answer,
            policy_line=line,
            opened=now,
            remind_at=now + timedelta(seconds=waits * self._patience.remind_after),
            expires=expires,
        )

    def _card(self, incident: Incident, approval: Approval) -> Card:
        is_open = approval.verdict is Verdict.PENDING
        return Card(
            f"{approval.id}:ask", card_kind(approval.asks) if is_open else CardKind.DECIDED, incident.id, approval.id
        )

    def _case(self, proposal: Proposal, standing: Standing, served: Served) -> Case:
        skills = self._catalog.skills()
        states = {one.name: self._state_on(one, proposal.host) for one in skills if one.name == proposal.skill}
        states |= {UNDO: SkillState.OWNED}
        return Case(
            mode=self._mode(proposal.host),
            risk=proposal.risk,
            state=states.get(proposal.skill, SkillState.CHANGED),
            asker=Asker.ORDER if served.order is not None else self._asker(proposal, standing),
            has_text_origin=self._rests_on_text(proposal),
        )

    def _asker(self, proposal: Proposal, standing: Standing) -> Asker:
        """A choice by a person is theirs, one by a model a model's; a recall counts only with earned trust and our own bad measurement."""
        if proposal.tier in MODELS:
            return Asker.CLAIM if standing.asker is Asker.CLAIM else Asker.MODEL
        if proposal.tier is Tier.PERSON:
            return Asker.PERSON if standing.asker is Asker.PROBE else standing.asker
        if proposal.tier is Tier.MEMORY and standing.asker is Asker.PROBE and proposal.times_verified >= 3:
            return Asker.RECALL
        return standing.asker

    def _is_all_typed(self, proposal: Proposal) -> bool:
        """A command is complete when every privileged value in it was typed (TRUST 1)."""
        privileged = {
            p.name for s in self._catalog.skills() if s.name == proposal.skill for p in s.parameters if p.is_privileged
        }
        return all(value.origin is Origin.TYPED for name, value in proposal.parameters if name in privileged)

    def _rests_on_text(self, proposal: Proposal) -> bool:
        spec = {p.name: p for s in self._catalog.skills() if s.name == proposal.skill for p in s.parameters}
        return any(
            not value.is_known for name, value in proposal.parameters if name not in spec or spec[name].is_privileged
        )

    def is_last_try(self, incident: Incident) -> bool:
        """True where nothing more is tried after this round; a finished step uses no try up, nor does an answer."""
        answers = sum(one.verdict is Verdict.ANSWERED for one in self._asked_before(incident.id))
        return tries_of(incident) - answers >= MOST_ROUNDS

    @staticmethod
    def decision(approval: Approval) -> Decision:
        """The answer as the act leg takes it."""
        return Decision(approval.id, approval.verdict, approval.by, approval.why)

    @staticmethod
    def refusal(approval: Approval) -> Refusal:
        """Why this round ended without an effect."""
        skill = approval.proposal.skill if approval.proposal else ""
        ending = _ENDINGS.get(approval.verdict, Ending.HANDED_OVER)
        return Refusal(approval.round, skill, ending, approval.by, approval.why)

    @staticmethod
    def turn_of(approval: Approval) -> str:
        """What takes turns: one skill, to the byte, on whatever host."""
        return approval.proposal.sha256 if approval.proposal else approval.id

    def group(self, host: str) -> str:
        """The group whose trust counts for a host."""
        return group_of(self._inventory, host)


def _always_asked(idea: Proposal | Choices | Question) -> str:
    return "a question is always asked" if isinstance(idea, Question) else "choices are always asked"


def _who_denied(line: str, restraints: Sequence[Restraint]) -> str:
    """The rules that forbid it; where none does, the table itself, whose line says so."""
    return "; ".join(one.why for one in restraints if one.least is Answer.DENY) or line


def _said_by_orders(served: Served) -> tuple[Restraint, ...]:
    """An order that is used up for tonight asks, also where memory alone would have been enough: somebody wanted to know by then."""
    return (Restraint(Answer.ASK1, served.why_not, "standing order"),) if served.why_not else ()
