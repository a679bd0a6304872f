"""Numbers, times and other people's words as a person reads them."""

from __future__ import annotations

import re
from datetime import datetime

from core.redaction import clean

_LINK = re.compile(r"(?i)\b(h)tt(ps?://)|\b(?:javascript|data|file|ftp)(?=:)")
_MENTION = re.compile(r"(?i)[@＠](?=[\w<!*])|<!|<@|<#")
_QUOTES = str.maketrans({"“": '"', "”": '"', "\n": " ", "\r": " ", "\t": " "})


MOST_READ = 2000
"""Characters of one text that are looked at for a card."""


def quoted(text: str, limit: int = 90) -> str:
    """Words of a host, an alert or a model: cleaned, links and mentions made dead, cut, and in quotes that they cannot close."""
    safe = _LINK.sub(lambda m: f"{m[1]}xx{m[2]}" if m[1] else f"{m[0]}_", clean(text[:MOST_READ])).translate(_QUOTES)
    return f"“{cut(_MENTION.sub('(at)', safe), limit)}”"


def plain(text: str, limit: int = 60) -> str:
    """A name from the settings or a typed value, on one line: cleaned and cut, links dead, without quotes."""
    return quoted(text, limit)[1:-1]


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the end cut off."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: max(0, limit - 1)] + "…"


def squeezed(text: str, limit: int) -> str:
    """At most `limit` characters, the middle cut out: both ends of a path or host tell more than its start alone."""
    if len(text) <= limit:
        return text
    head = max(1, (limit - 1) // 2)
    tail = max(0, limit - 1 - head)
    return text[:head] + "…" + (text[-tail:] if tail else "")


def number(value: float | None) -> str:
    """Three digits are enough to decide by: 97.2, 0.5, 1200."""
    if value is None:
        return "?"
    return f"{value:.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.1f}"


def clock(at: datetime, now: datetime) -> str:
    """The time of day where `now` is, with the date when it is another day."""
    local = at.astimezone(now.tzinfo)
    return local.strftime("%H:%M") if local.date() == now.date() else local.strftime("%m-%d %H:%M")


def lasted(seconds: float, names: tuple[str, str, str, str]) -> str:
    """A length of time in its two largest units; `names` are those of second, minute, hour, day."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{seconds:.1f} {names[0]}" if 0 < seconds < 10 else f"{whole} {names[0]}"
    minutes, rest = divmod(whole, 60)
    parts = ((minutes // 1440, names[3]), (minutes // 60 % 24, names[2]), (minutes % 60, names[1]), (rest, names[0]))
    largest = next(index for index, (amount, _) in enumerate(parts) if amount)
    return " ".join(f"{amount} {name}" for amount, name in parts[largest : largest + 2] if amount)
