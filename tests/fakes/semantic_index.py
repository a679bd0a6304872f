"""Fake SemanticIndex: words are alike when they share letters; it learns when a test says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import sqrt


class FakeSemanticIndex:
    """Learns at once unless `is_slow`; then when `finish` is called."""

    def __init__(self, *, is_slow: bool = False) -> None:
        self._is_slow = is_slow
        self._texts: tuple[str, ...] = ()
        self._ready = not is_slow

    def learn(self, texts: Sequence[str]) -> None:
        """See `core.mind_ports.SemanticIndex`."""
        self._texts, self._ready = tuple(texts), not self._is_slow

    def scores(self, query: str) -> tuple[float, ...]:
        """See `core.mind_ports.SemanticIndex`."""
        return tuple(_cosine(query, text) for text in self._texts) if self._ready else ()

    def finish(self) -> None:
        """What was slow is done."""
        self._ready = True


def _cosine(one: str, other: str) -> float:
    left, right = Counter(one.lower()), Counter(other.lower())
    length = sqrt(sum(count**2 for count in left.values()) * sum(count**2 for count in right.values()))
    return sum(left[letter] * right[letter] for letter in left) / length if length else 0.0
