"""What models may use, per avatar, per incident and per day, in tokens and in money; held against the worst case before a call."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.errors import BudgetError
from core.model import ModelRequest, Spent

MILLION = 1_000_000
LEAST_ANSWER = 200
"""Tokens; an answer that may only be shorter is not worth asking for."""

_PER_TOKEN = 3
_PER_TURN = 8


class Scope(StrEnum):
    """Whose use is bounded: one run of one story, all runs for one incident or conversation, all of one UTC day."""

    AVATAR = "avatar"
    INCIDENT = "incident"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many tokens, and so many millionths of the currency; None for no bound on money."""

    tokens: int
    cost: int | None = None


@dataclass(frozen=True, slots=True)
class Prices:
    """Money per million tokens, as it is set; both 0 where calls cost nothing."""

    tokens_in: float = 0.0
    tokens_out: float = 0.0

    def cost(self, tokens_in: int, tokens_out: int) -> int:
        """In millionths of the currency, rounded up."""
        return math.ceil(tokens_in * self.tokens_in + tokens_out * self.tokens_out)


@dataclass(frozen=True, slots=True)
class Budget:
    """The caps. A scope that has none is not bounded."""

    caps: Mapping[Scope, Cap] = field(default_factory=dict)
    prices: Prices = field(default_factory=Prices)
    currency: str = "USD"

    def most_tokens(self, spent: Mapping[Scope, Spent], tokens_in: int, wanted: int) -> int:
        """How long the answer may be, at most `wanted`, so that no cap is overrun even if it is that long.

        Raises BudgetError for the first scope in which only an answer too short to be of use is left.
        """
        most, least = wanted, min(wanted, LEAST_ANSWER)
        for scope, cap in self.caps.items():
            most = min(most, self._left(cap, spent.get(scope, Spent()), tokens_in))
            if most < least:
                raise BudgetError(scope, self.worded(cap, spent.get(scope, Spent())))
        return most

    def _left(self, cap: Cap, spent: Spent, tokens_in: int) -> int:
        left = cap.tokens - spent.tokens - tokens_in
        if cap.cost is None:
            return left
        money = cap.cost - spent.cost - self.prices.cost(tokens_in, 0)
        if self.prices.tokens_out:
            return min(left, math.floor(money / self.prices.tokens_out))
        return left if money >= 0 else -1

    def worded(self, cap: Cap, spent: Spent) -> str:
        """A cap and what is used of it, as an error says it."""
        used = f"{spent.tokens} of {cap.tokens} tokens"
        return used if cap.cost is None else f"{used}, {self.money(spent.cost)} of {self.money(cap.cost)}"

    def money(self, cost: int) -> str:
        """`0.42 USD`; what is worth less than a cent with four digits."""
        amount = cost / MILLION
        return f"{amount:.2f} {self.currency}" if amount >= 1 or not cost else f"{amount:.4f} {self.currency}"


def day_of(now: datetime) -> datetime:
    """When the day of the caps began: midnight of UTC, whatever zone people live in."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def tokens_of(text: str) -> int:
    """An estimate that is rather too high: a token is three characters of Latin, or one of Chinese."""
    wide = sum(letter > "\u2e7f" for letter in text)
    return wide + math.ceil((len(text) - wide) / _PER_TOKEN)


def tokens_in(request: ModelRequest) -> int:
    """An estimate of what a request comes to, with what the protocol puts around each turn."""
    calls = [call for turn in request.turns for call in turn.calls]
    texts = [*(turn.text for turn in request.turns), *(call.name + call.arguments for call in calls)]
    texts += [f"{tool.name}{tool.description}{tool.schema}" for tool in request.tools]
    return sum(map(tokens_of, texts)) + _PER_TURN * (len(request.turns) + len(calls) + len(request.tools))
