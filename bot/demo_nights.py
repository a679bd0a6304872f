"""The nights of the demo: faults that the patient really gets, and the signals that show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapters.patient import layout
from adapters.patient.patient import Patient
from core.alert import Signal
from core.check import Check
from core.errors import UnknownError

EVERY = 1.0
"""Seconds between two measurements of the patient; a real machine is measured less often."""


@dataclass(frozen=True, slots=True)
class Night:
    """One fault: its name, the signal that shows it, how the patient gets it, and whether rules do not know it."""

    name: str
    check: Check
    inject: Callable[[Patient], None]
    needs_brain: bool = False


def _check(signal: str, over: float) -> Check:
    return Check(Signal.parse(signal), layout.NAME, over=over, every=EVERY, lasting=EVERY)


NIGHTS = (
    Night("process", _check(f"process.down:{layout.SERVICE}", 0), Patient.crash),
    Night("disk", _check(f"disk.used_percent:{layout.MOUNT}", 90), Patient.fill_disk),
    Night("network", _check("route.missing:default", 0), Patient.cut_network),
)
"""Those that are played where none is named: rules know them, so that they need no model."""

UNKNOWN = Night("unknown", _check(f"http.failed:{layout.PAYMENTS_PAGE}", 0), Patient.break_resolver, needs_brain=True)
"""No cure of its signal fits; what repairs it is a skill for another one, which somebody has to find."""


def named(names: Sequence[str]) -> tuple[Night, ...]:
    """Each once, in the order in which they were named; raises UnknownError."""
    known = {night.name: night for night in (*NIGHTS, UNKNOWN)}
    for name in names:
        if name not in known:
            raise UnknownError("night", name, tuple(known))
    return tuple(known[name] for name in dict.fromkeys(names)) or NIGHTS
