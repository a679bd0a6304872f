"""What can be set of models: where they are, what they may cost, how words are routed, and what never leaves the house."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, StrictBool, StrictFloat, StrictInt, field_validator

from bot.settings_table import Duration, Names, Table
from core.pattern_cost import is_slow

_LONGEST_PATTERN = 200


class BrainTable(Table):
    """[brain]: what the model in the cloud may use; its address, name and key stand in .env."""

    timeout: Duration = Field(default=60.0, description='a duration, e.g. "60s"', ge=1, le=600)
    tools: StrictBool = Field(default=True, description="true or false")
    tokens_per_avatar: StrictInt = Field(default=60_000, description="a number of tokens, e.g. 60000", ge=0)
    tokens_per_incident: StrictInt = Field(default=150_000, description="a number of tokens, e.g. 150000", ge=0)
    tokens_per_day: StrictInt = Field(default=1_500_000, description="a number of tokens, e.g. 1500000", ge=0)
    price_in: StrictFloat | StrictInt = Field(default=0.0, description="money per million tokens, e.g. 2.5", ge=0)
    price_out: StrictFloat | StrictInt = Field(default=0.0, description="money per million tokens, e.g. 10", ge=0)
    money_per_avatar: StrictFloat | StrictInt | None = Field(default=None, description="an amount, e.g. 0.5", ge=0)
    money_per_incident: StrictFloat | StrictInt | None = Field(default=None, description="an amount, e.g. 1.0", ge=0)
    money_per_day: StrictFloat | StrictInt | None = Field(default=None, description="an amount, e.g. 10.0", ge=0)
    currency: str = Field(default="USD", description='three letters, e.g. "USD"', pattern=r"^[A-Z]{3}$")


class CerebellumTable(Table):
    """[cerebellum]: how the local model is spoken to; its address and name stand in .env."""

    api: Literal["ollama", "openai"] = Field(default="ollama", description='"ollama" or "openai"')
    timeout: StrictInt = Field(default=150, description="milliseconds, e.g. 150", ge=10, le=10_000)
    context: StrictInt = Field(default=4096, description="tokens, e.g. 4096", ge=1024, le=131_072)
    least: StrictFloat | StrictInt = Field(default=0.6, description="a probability, e.g. 0.6", ge=0.1, le=1.0)


class RouterTable(Table):
    """[router]: how words find a skill."""

    semantic: StrictBool = Field(default=False, description="true or false")


class RedactionTable(Table):
    """[redaction]: what is hidden beside keys, tokens and passwords before anything leaves the house."""

    patterns: Names = Field(default=(), description='a list of regular expressions, e.g. ["ACME-[0-9]{6}"]')

    @field_validator("patterns")
    @classmethod
    def _compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                compiled = re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern[:60]!r} is no regular expression: {error}") from error
            if len(pattern) > _LONGEST_PATTERN or compiled.match(""):
                raise ValueError(f"{pattern[:60]!r} is too long, or matches nothing at all; write e.g. ACME-[0-9]{{6}}")
            if is_slow(pattern):
                raise ValueError(
                    f"{pattern[:60]!r} could take too long on a hostile text; write {{1,20}} instead of + and *, and none inside another"
                )
        return patterns
