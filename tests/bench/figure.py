"""One figure: what was measured, its limit, and the one line it is printed as."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """Samples against a limit. The median is held to it: machines that measure are shared, and a tail there is mostly the neighbours'.

    Where more is better (`is_floor`), the limit is the least, and `p99` is what all but one in a hundred samples reach.
    """

    issue: int
    name: str
    unit: str
    limit: float
    samples: tuple[float, ...]
    is_floor: bool = False

    @property
    def median(self) -> float:
        """The middle sample."""
        return statistics.median(self.samples)

    @property
    def p99(self) -> float:
        """The sample that 99 of 100 do not do worse than; of few samples it is the worst."""
        ordered = sorted(self.samples, reverse=self.is_floor)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]

    @property
    def ok(self) -> bool:
        """True when the median keeps the limit."""
        return self.median >= self.limit if self.is_floor else self.median < self.limit

    def line(self) -> str:
        """One JSON object."""
        return json.dumps(
            {
                "issue": self.issue,
                "name": self.name,
                "median": _short(self.median),
                "p99": _short(self.p99),
                "unit": self.unit,
                "n": len(self.samples),
                "limit": self.limit,
                "ok": self.ok,
            }
        )


def milliseconds(seconds: Sequence[float]) -> tuple[float, ...]:
    """Samples in the unit that latencies are given in."""
    return tuple(1000 * one for one in seconds)


def _short(value: float) -> float:
    """Four digits that mean something, no more."""
    return float(f"{value:.4g}")
