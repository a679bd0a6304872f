"""The figures of issue 4, in the order of its text."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench import gateway, picking, routing, whole_path
from tests.bench.figure import Figure


def figures() -> Iterator[Figure]:
    """One after the other, never side by side: they share two cores as it is."""
    yield from whole_path.figures()
    yield from routing.figures()
    yield from picking.figures()
    yield from gateway.figures()
