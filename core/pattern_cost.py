"""How long a regular expression of the user's may take at worst, told from its shape before it is ever tried."""

from __future__ import annotations

import re
from re import _constants, _parser  # type: ignore[attr-defined]  # the only parser there is; a change of it fails the tests
from typing import Any

LONGEST_LINE = 1000
"""Characters that a pattern of the user's sees at once, so that what it may take has a bound."""

MOST_WAYS = 2000
_TOO_MANY = 10**9
_REPEATS = {_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT}
_PLAIN = {_constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY, _constants.IN, _constants.AT}


def is_slow(pattern: str) -> bool:
    """True where a hostile text could make it try too many ways from one place, as with a repeat inside a repeat. Raises re.error."""
    return _ways(_parser.parse(pattern), is_last=True) > MOST_WAYS


def _ways(items: Any, *, is_last: bool) -> int:
    """In how many ways these can match from one place, at most; a greedy repeat at the very end is never taken back."""
    ways, count = 1, len(items)
    for index, (kind, value) in enumerate(items):
        ways = min(_TOO_MANY, ways * _ways_of(kind, value, is_last=is_last and index == count - 1))
    return ways


def _ways_of(kind: Any, value: Any, *, is_last: bool) -> int:
    if kind in _PLAIN:
        return 1
    if kind in _REPEATS:
        return _repeated(*value, is_last=is_last)
    if kind is _constants.SUBPATTERN:
        return _ways(value[-1], is_last=is_last)
    if kind is _constants.BRANCH:
        return sum(_ways(one, is_last=is_last) for one in value[1])
    if kind in {_constants.ASSERT, _constants.ASSERT_NOT}:
        return _ways(value[1], is_last=False)
    if kind is _constants.ATOMIC_GROUP:
        return _ways(value, is_last=False)
    return _TOO_MANY  # what refers back to what was matched is not needed to hide something, and not bounded


def _repeated(least: int, most: int, item: Any, *, is_last: bool) -> int:
    inner: int = _ways(item, is_last=False)
    most = min(int(most), LONGEST_LINE)
    if inner > 1:
        return min(_TOO_MANY, int(inner ** min(most, 64)))
    return 1 if is_last else most - min(int(least), most) + 1


def compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """As they are used: one line at a time."""
    return tuple(re.compile(pattern) for pattern in patterns)
