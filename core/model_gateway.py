"""The one way to the brain: what leaves is redacted, counted, bounded in time and money, tried again within reason, and kept."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from core.budget import Budget, Scope, day_of, tokens_in, tokens_of
from core.concealment import Concealment
from core.errors import BudgetError, ModelError, NoToolsError, UnfitError
from core.mind_ports import Brain, ModelLog
from core.mind_watch import MindWatch
from core.model import Mind, ModelCall, ModelReply, ModelRequest, Purpose, Spent, ToolCall
from core.ports import Clock
from core.redaction import visible
from core.tools_in_text import calls_read, calls_written, in_text

BACK_OFF = (0.5, 2.0)
"""Seconds before the second try and before the third, which is the last."""
LONGEST_WAIT = 20.0
"""Seconds; a service that wants to be left alone for longer is not waited for."""
MOST_TEXT, MOST_ARGUMENTS, MOST_CALLS, MOST_NAME = 50_000, 20_000, 16, 200

_AT_LEAST = 4
"""A count of less than this part of our estimate is of no text there is."""

_ENDING = "nightshift is ending"
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def _nobody(_piece: str) -> None:
    """Nobody listens while it comes."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what the brain may be asked. `seconds` is for one try; without `has_tools` it is told of tools in words.

    `wait` passes time, at most until `end`.
    """

    seconds: float = 60.0
    budget: Budget = field(default_factory=Budget)
    conceal: Concealment = field(default_factory=Concealment)
    wait: Callable[[float], object] = lambda _: None
    end: Callable[[], object] = lambda: None
    has_tools: bool = True


@dataclass(frozen=True, slots=True)
class _Try:
    """One attempt at a request that is concealed already, and bounded."""

    purpose: Purpose
    request: ModelRequest
    tokens_in: int
    at: datetime


class ModelGateway:
    """Asked from any thread. `capped` is told of each budget that is used up, with for whom; that it is said once is its business."""

    def __init__(
        self,
        brain: Brain | None,
        watch: MindWatch,
        log: ModelLog,
        clock: Clock,
        terms: Terms,
        capped: Callable[[BudgetError, Purpose], None],
    ) -> None:
        self._brain, self._watch, self._log, self._clock = brain, watch, log, clock
        self._terms, self._capped = terms, capped
        self._lock = threading.Lock()
        self._held: dict[int, tuple[Purpose, Spent]] = {}
        self._is_over, self._has_tools = False, terms.has_tools

    def end(self) -> None:
        """Nothing is asked any more, and what fails from now on is no news of the brain: this process ends."""
        self._is_over = True
        self._terms.end()

    @property
    def why_not(self) -> str:
        """Why the brain is not to be asked now, '' where it may be; what may be spent is told by `ask`."""
        return self._watch.why_not(Mind.BRAIN)

    @property
    def conceal(self) -> Concealment:
        """What hides that which must not leave; `ask` does it by itself."""
        return self._terms.conceal

    def ask(self, purpose: Purpose, request: ModelRequest, heard: Callable[[str], None] = _nobody) -> ModelReply:
        """One answer. `heard` gets pieces of its text as they come; where a try fails in the middle, the next begins anew.

        Raises ModelError where nothing came of it, BudgetError where nothing more may be spent. Everything that was tried is kept.
        """
        brain = self._brain
        why = _ENDING if self._is_over else self._watch.begin(Mind.BRAIN)
        if brain is None or why:
            raise ModelError(why or "no brain is configured")
        began, tries = self._clock.now(), 0
        while True:
            tries += 1
            is_native = self._has_tools
            is_plain = is_native or not request.tools
            sent = self._terms.conceal.request(request if is_native else in_text(request))
            try:
                reply = self._try(brain, purpose, sent, heard if is_plain else _nobody)
            except ModelError as error:
                if isinstance(error, NoToolsError) and sent.tools:
                    self._has_tools, tries = False, tries - 1  # from now on they are told in words
                    continue
                self._failed(error, tries, began)
                continue
            self._watch.answered(Mind.BRAIN)
            names = {tool.name for tool in request.tools}
            return calls_written(reply, names) if is_plain else _read(reply, names, heard)

    def _failed(self, error: ModelError, tries: int, began: datetime) -> None:
        """Waits for the next try; raises the error where there is none."""
        if self._is_over:
            raise error
        if isinstance(error, UnfitError):  # what a host says may be too long or offend a filter: the brain is there
            self._watch.answered(Mind.BRAIN)
            raise error
        pause = self._pause(error, tries, began)
        if pause is None:
            self._watch.failed(Mind.BRAIN, error.message, error.is_lasting, tries)
            raise error
        self._terms.wait(pause)

    def _pause(self, error: ModelError, tries: int, began: datetime) -> float | None:
        """Seconds before the next try; None where there is none: a service that hangs costs a night one timeout, not three."""
        waited = (self._clock.now() - began).total_seconds()
        if error.is_lasting or tries > len(BACK_OFF) or waited >= self._terms.seconds:
            return None
        pause = max(BACK_OFF[tries - 1], error.retry_after)
        return pause if pause <= LONGEST_WAIT else None

    def _try(self, brain: Brain, purpose: Purpose, request: ModelRequest, heard: Callable[[str], None]) -> ModelReply:
        expected = tokens_in(request)
        ticket, most = self._hold(purpose, expected, request.most_tokens)
        try:
            one = _Try(purpose, replace(request, most_tokens=most), expected, self._clock.now())
            try:
                reply = _harmless(brain.complete(one.request, self._terms.seconds, lambda text: heard(visible(text))))
            except ModelError as error:
                told = ModelError(_ENDING, is_billed=error.is_billed) if self._is_over else error
                failed = replace_error(told, self._terms.conceal)
                self._keep(one, brain.model, failed)
                raise failed from None  # what an SDK raises may hold the key
            self._keep(one, brain.model, reply)
        finally:
            with self._lock:
                self._held.pop(ticket)
        return reply

    # ---- what may be spent --------------------------------------------------------------------------------------------------------

    def _hold(self, purpose: Purpose, expected: int, wanted: int) -> tuple[int, int]:
        """Sets aside what the call may use at worst, so that two at once cannot overrun a cap; (ticket, tokens of the answer)."""
        budget, ticket = self._terms.budget, secrets.randbits(63)
        try:
            with self._lock:
                most = budget.most_tokens(self._spent(purpose), expected, wanted)
                self._held[ticket] = (purpose, Spent(1, expected + most, budget.prices.cost(expected, most)))
        except BudgetError as error:
            self._capped(error, purpose)
            raise
        return ticket, most

    def _spent(self, purpose: Purpose) -> dict[Scope, Spent]:
        """Rows and what is under way now."""
        under_way = list(self._held.values())
        day = self._log.spent(day_of(self._clock.now()))
        incident = self._log.spent(_EVER, subject=purpose.subject)
        avatar = self._log.spent(_EVER, avatar=purpose.avatar)
        return {
            Scope.AVATAR: _sum(avatar, [held for whose, held in under_way if whose.avatar == purpose.avatar]),
            Scope.INCIDENT: _sum(incident, [held for whose, held in under_way if whose.subject == purpose.subject]),
            Scope.DAY: _sum(day, [held for _, held in under_way]),
        }

    # ---- what is kept -------------------------------------------------------------------------------------------------------------

    def _keep(self, one: _Try, model: str, came: ModelReply | ModelError) -> None:
        """One row, whatever became of it; tokens that no server counted are estimated, never nothing."""
        seconds = max(0.0, (self._clock.now() - one.at).total_seconds())
        said, error = ("", came.message) if isinstance(came, ModelError) else (self._terms.conceal(said_text(came)), "")
        used_in, used_out = _used(one, came)
        self._log.keep(
            ModelCall(
                id=secrets.token_hex(8),
                mind=Mind.BRAIN,
                subject=one.purpose.subject,
                avatar=one.purpose.avatar,
                prompt=one.request.prompt,
                model=model,
                at=one.at,
                seconds=round(seconds, 3),
                sent=sent_text(one.request),
                said=said,
                tokens_in=used_in,
                tokens_out=used_out,
                cost=self._terms.budget.prices.cost(used_in, used_out),
                error=error,
            )
        )


def _read(reply: ModelReply, names: set[str], heard: Callable[[str], None]) -> ModelReply:
    """An answer whose calls stand in its text is heard only once it is known to be none."""
    read = calls_read(reply, names)
    if read.text:
        heard(read.text)
    return read


def replace_error(error: ModelError, conceal: Concealment) -> ModelError:
    """The same in words that may be kept and shown."""
    message = " ".join(conceal(error.message).split())[:400]
    return type(error)(message, error.is_lasting, error.retry_after, error.is_billed)


def sent_text(request: ModelRequest) -> str:
    """Exactly what left, as JSON: turns, tools and bounds."""
    turns = [
        {"role": turn.role, "text": turn.text}
        | ({"calls": [[call.id, call.name, call.arguments] for call in turn.calls]} if turn.calls else {})
        | ({"answers": turn.answers} if turn.answers else {})
        for turn in request.turns
    ]
    tools = [{"name": tool.name, "description": tool.description, "schema": tool.schema} for tool in request.tools]
    body = {"turns": turns, "tools": tools, "most_tokens": request.most_tokens, "must_call": request.must_call}
    return json.dumps(body, ensure_ascii=False)


def said_text(reply: ModelReply) -> str:
    """Exactly what came: its text, then each call on a line of its own."""
    return "\n".join(filter(None, [reply.text, *(f"-> {call.name} {call.arguments}" for call in reply.calls)]))


def _used(one: _Try, came: ModelReply | ModelError) -> tuple[int, int]:
    if isinstance(came, ModelError):
        return (one.tokens_in, 0) if came.is_billed else (0, 0)
    said = max(1, tokens_of(said_text(came)))
    return _believed(came.tokens_in, one.tokens_in), _believed(came.tokens_out, said)


def _believed(counted: int, estimated: int) -> int:
    """What a server counted; one that counts far too little would never use up a budget."""
    return max(counted, estimated // _AT_LEAST) if counted > 0 else estimated


def _harmless(reply: ModelReply) -> ModelReply:
    """What came without what fools the eye, and no longer than it may be; what is over that is as if it had been cut off."""
    text = visible(reply.text[:MOST_TEXT])
    calls = tuple(
        ToolCall(visible(one.id[:MOST_NAME]), visible(one.name[:MOST_NAME]), visible(one.arguments[:MOST_ARGUMENTS]))
        for one in reply.calls[:MOST_CALLS]
    )
    is_long = len(reply.text) > MOST_TEXT or any(len(one.arguments) > MOST_ARGUMENTS for one in reply.calls)
    is_cut = reply.is_cut or is_long or len(reply.calls) > MOST_CALLS
    return replace(reply, text=text, calls=calls, model=visible(reply.model[:MOST_NAME]), is_cut=is_cut)


def _sum(first: Spent, others: list[Spent]) -> Spent:
    every = [first, *others]
    return Spent(sum(one.calls for one in every), sum(one.tokens for one in every), sum(one.cost for one in every))
