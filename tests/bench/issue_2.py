"""The figures of issue 2, in the order of its text, each from a fresh data folder and without anything left behind."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench import policy, stopping, storms
from tests.bench.figure import Figure


def figures() -> Iterator[Figure]:
    """One after the other, never side by side: they share two cores as it is."""
    yield from stopping.figures()
    yield from policy.figures()
    yield from storms.figures()
