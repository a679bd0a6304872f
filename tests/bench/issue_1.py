"""The figures of issue 1, in the order of its text, each from a fresh data folder and without anything left behind."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench import alerts, deciding, idling, proposals, recall, starting
from tests.bench.figure import Figure


def figures() -> Iterator[Figure]:
    """One after the other, never side by side: they share two cores as it is."""
    yield from proposals.figures()
    yield from recall.figures()
    yield from deciding.figures()
    yield from alerts.figures()
    yield from starting.figures()
    yield from idling.figures()
