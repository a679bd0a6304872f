"""How long, as people write it: 30m, 2 hours, 1天, 半小时."""

from __future__ import annotations

import re
from datetime import timedelta

LEAST = timedelta(minutes=1)
MOST = timedelta(days=30)
"""A pause without a foreseeable end is not a pause: who wants that writes it into the settings."""

_UNITS = {
    timedelta(minutes=1): ("m", "min", "mins", "minute", "minutes", "分钟", "分"),
    timedelta(hours=1): ("h", "hr", "hrs", "hour", "hours", "个小时", "小时", "个钟头"),
    timedelta(days=1): ("d", "day", "days", "天", "日"),
    timedelta(weeks=1): ("w", "week", "weeks", "周", "个星期"),
}
_LENGTH = {word: length for length, words in _UNITS.items() for word in words}
_CHINESE = {"半": 0.5, "两": 2.0} | {glyph: float(n) for n, glyph in enumerate("一二三四五六七八九十", start=1)}
_NUMBER = r"[1-9][0-9]{0,4}|[半两一二三四五六七八九十]"
_DURATION = re.compile(rf"(?:for )?({_NUMBER}) ?({'|'.join(sorted(_LENGTH, key=len, reverse=True))})(?: |$)", re.I)
_LIKE_ONE = re.compile(r"(?:for )?[-+]?[0-9.]")


def split_duration(text: str) -> tuple[timedelta | None, str] | None:
    """The length at the beginning of a text and what follows it; (None, …) for one that cannot be meant, None for no length at all."""
    found = _DURATION.match(text)
    if found is None:
        return (None, text) if _LIKE_ONE.match(text) else None
    count = _CHINESE[found[1]] if found[1] in _CHINESE else float(found[1])
    length = count * _LENGTH[found[2].lower()]
    return (length if LEAST <= length <= MOST else None), text[found.end() :].strip()
