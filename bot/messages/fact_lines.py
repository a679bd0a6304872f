"""What a look found, as a person reads it: sizes, parts, times, yes and no; what is empty is left out. Programs get it raw."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.messages.units import number, plain
from bot.messages.words import Words
from core.document import FACT
from core.world import Json

MOST_VALUE = 200
UNKNOWN = -1
"""What looks report for a count that they could not take."""
_LARGE = 10_000
"""From so many bytes on a person wants another unit."""
_BYTES = re.compile(r"(?<![\w.:/=-])(?P<some>\d{1,18})(?: of (?P<whole>\d{1,18}))? bytes?\b(?!/)")
_HELD = re.compile(r"(?:(?<= with )|(?<= hold ))\d{7,18}(?=[;,.]|$)")
"""What a file or several of them come to."""
_SIZE = re.compile(r"(?:^|_)(?:bytes|rss)(?:_|$)")
_UNITS = ("kB", "MB", "GB", "TB", "PB")


def fact_lines(words: Words, facts: Iterable[tuple[str, Json]], most: int) -> list[str]:
    """One line each, but for what says nothing and for a document, which is a file of its own."""
    shown = ((name, value_of(words, name, value)) for name, value in facts if name != FACT)
    return [f"{_label(name)}: {value}" for name, value in shown if value][:most]


def value_of(words: Words, name: str, value: Json) -> str:
    """One value by the name that it has; '' where it is empty."""
    if isinstance(value, bool):
        return words.say("fact.yes" if value else "fact.no")
    if value == UNKNOWN:
        return ""
    if isinstance(value, int | float):
        return _measure(words, name, value)
    if isinstance(value, list):
        between = " | " if any(isinstance(one, list) for one in value) else ", "
        whole = between.join(filter(None, (value_of(words, name, one) for one in value)))
        return plain(whole, MOST_VALUE)
    return plain(sized(str(value)), MOST_VALUE) if value else ""


def sized(text: str) -> str:
    """A sentence with its bytes as people say them: `53955584 bytes` are 54.0 MB."""
    return _HELD.sub(lambda match: size(int(match[0])), _BYTES.sub(_said, text))


def size(count: float) -> str:
    """A number of bytes in the largest unit that leaves at least one: 22.5 GB."""
    if abs(count) < _LARGE:
        return f"{count:.0f} B"
    power = 1
    while abs(count) >= 999.95 * 1000**power and power < len(_UNITS):
        power += 1
    return f"{count / 1000**power:.1f} {_UNITS[power - 1]}"


def _label(name: str) -> str:
    """The name without the unit that its value carries."""
    return plain(re.sub(r"_(?:bytes|percent|seconds|s)$", "", name).replace("_", " "))


def _said(match: re.Match[str]) -> str:
    some, whole = int(match["some"]), int(match["whole"] or 0)
    if max(some, whole) < _LARGE:
        return match[0]
    return f"{size(some)} of {size(whole)}" if match["whole"] else size(some)


def _measure(words: Words, name: str, value: float) -> str:
    if _SIZE.search(name):
        return size(value)
    if name.endswith("_share"):
        return f"{number(100 * value)} %"
    if name.endswith("percent"):
        return f"{number(value)} %"
    if name.endswith(("_seconds", "_s")):
        return words.lasted(value)
    return str(value) if isinstance(value, int) else f"{value:g}"
