"""The figures of issue 3, in the order of its text."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench import far, far_probes, journal, sandboxes
from tests.bench.figure import Figure


def figures() -> Iterator[Figure]:
    """One after the other, never side by side: they share two cores as it is."""
    yield from sandboxes.figures()
    yield from far.figures()
    yield from journal.figures()
    yield from far_probes.figures()
